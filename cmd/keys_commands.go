package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"signer/pkg/document"
	"signer/pkg/keys"
)

const keysHelp = "Look after the private keys of the local engine: those of its certificate authority, of imported certificates, and the one " +
	"that seals secrets. Each lies in a file that only its owner can read or, where the records are in a database, there. With a passphrase in SIGNER_KEY_PASSPHRASE, or in the file that " +
	"SIGNER_KEY_PASSPHRASE_FILE names, keys that are made are encrypted too; keys that were there before are by \"keys encrypt\". " +
	"From then on every command that signs needs the passphrase; those that only read or check do not.\n\n" +
	"With SIGNER_KEYS=pkcs11:... or SIGNER_KEYS=awskms:///KEY the keys of the root and of imported certificates are made in, or go to, a hardware " +
	"security module or AWS KMS, and their files here hold only their names."

// newKeys makes the commands that look after private keys.
func newKeys(s *session) *cobra.Command {
	group := &cobra.Command{Use: "keys", Short: "Look after the private keys of the local engine.", Long: keysHelp, Annotations: map[string]string{asks: "subcommand"}}
	for _, one := range []struct {
		name, short, long string
		do                func(context.Context, *keys.Store) error
	}{
		{"list", "List the files that hold private keys, and whether these are encrypted.", "",
			func(context.Context, *keys.Store) error { return nil }},
		{"encrypt", "Encrypt all private keys with the passphrase.",
			"Encrypt all private keys with the passphrase that SIGNER_KEY_PASSPHRASE or SIGNER_KEY_PASSPHRASE_FILE gives. " +
				"It can be run at any time and again, and goes on where it, or \"keys rotate\", was interrupted.",
			func(ctx context.Context, k *keys.Store) error { return k.Encrypt(ctx) }},
		{"decrypt", "Keep all private keys as they are, without a passphrase.",
			"Keep all private keys as they are. It needs the passphrase once more; take it out of the environment afterwards, or keys that are made later are encrypted again.",
			func(ctx context.Context, k *keys.Store) error { return k.Decrypt(ctx) }},
		{"rotate", "Encrypt all private keys with another passphrase.",
			"Encrypt all private keys with another passphrase, for another master key. SIGNER_KEY_PASSPHRASE or SIGNER_KEY_PASSPHRASE_FILE gives the old " +
				"passphrase, and SIGNER_NEW_KEY_PASSPHRASE or SIGNER_NEW_KEY_PASSPHRASE_FILE the new one. When it is interrupted the new one holds " +
				"already: set it, and let \"keys encrypt\" go on. Programs that run meanwhile, such as signer serve, must be started again with the new one.",
			s.rotateKeys},
	} {
		c := &cobra.Command{Use: one.name, Short: one.short, Long: one.long}
		c.RunE = func(c *cobra.Command, _ []string) error { return s.onKeys(c.Context(), one.do) }
		s.nodes[c] = &node{ours: true}
		group.AddCommand(c)
	}
	group.AddCommand(newImportRoot(s))
	return group
}

// onKeys does something to the keys, and lists them.
func (s *session) onKeys(ctx context.Context, do func(context.Context, *keys.Store) error) error {
	home, err := s.homeDirectory()
	if err != nil {
		return err
	}
	store, err := s.keysAt(home)
	if err != nil {
		return err
	}
	if err := do(ctx, store); err != nil {
		return err
	}
	items, err := store.Examine(ctx)
	if err != nil {
		return err
	}
	shared, err := s.recordsConfig(home)
	if err != nil {
		return err
	}
	answer, in, all := document.New(), "keys/", document.List{}
	if shared.URL != "" {
		where, err := shared.Where()
		if err != nil {
			return err
		}
		answer.Set("database", where)
		in = ""
	}
	for _, i := range items {
		all = append(all, s.keyAnswer(in+i.File, i))
	}
	answer.Set("keys", all)
	return s.print("Keys", answer)
}

func (s *session) keyAnswer(file string, i keys.Item) *document.Object {
	a := document.New(member{Name: "name", Value: i.Name}, member{Name: "file", Value: file})
	if i.Elsewhere != "" {
		a.Set("elsewhere", i.Elsewhere)
	} else {
		a.Set("encrypted", !i.Plain)
	}
	if !i.NotAfter.IsZero() {
		a.Set("notBefore", i.NotBefore.In(s.env.Now().Location()))
		a.Set("notAfter", i.NotAfter.In(s.env.Now().Location()))
	}
	if i.Err != nil {
		a.Set("problem", i.Err.Error())
	}
	return a
}

func (s *session) rotateKeys(ctx context.Context, k *keys.Store) error {
	next, err := s.secretFrom(newPassphraseEnv, newPassphraseIn)
	if err != nil {
		return err
	}
	if len(next) == 0 {
		return &configError{keyPassphrase, fmt.Sprintf("There is no new passphrase: set %s, or %s to the name of a file that holds it.", newPassphraseEnv, newPassphraseIn)}
	}
	return k.Rotate(ctx, next)
}

// rootFiles are the files of a CA.
type rootFiles struct {
	certificate, key, chain string
	replace                 bool
}

const importRootHelp = "Import a CA of your own, which certifies all keys of the local engine from then on: a root, or a CA that a root has certified. " +
	"The root's key need not be here then: give the CA's certificate and key, and the certificates above it as its chain. export-trust prints " +
	"your root, so that who trusts it trusts what the engine signs.\n\n" +
	"Certificates are PEM files. The key is one too, PKCS #8, PKCS #1 or SEC 1, not encrypted. With - it comes from standard input, so that " +
	"\"openssl pkcs8 -in ca.key\" can decrypt it there without leaving it on the disk.\n\n" +
	"A key that is in a hardware security module, or in AWS KMS, stays there: give its URI, pkcs11:... or awskms:///..., in place of a file. " +
	"SIGNER_KEYS must say where that is. With SIGNER_KEYS a key in a file goes there, too, also that of the root that is there already.\n\n" +
	"A root that the engine has already is replaced only with --replace. Its certificate stays among those that export-trust prints, for what " +
	"was signed so far; its key is gone, unless you made a backup."

func newImportRoot(s *session) *cobra.Command {
	var o rootFiles
	c := &cobra.Command{Use: "import-root", Short: "Import a CA of your own in place of the local engine's root.", Long: importRootHelp,
		RunE: func(c *cobra.Command, _ []string) error {
			return s.onKeys(c.Context(), func(ctx context.Context, k *keys.Store) error { return s.importRoot(ctx, k, o) })
		}}
	f := c.Flags()
	f.SortFlags = false
	addText(f, &o.certificate, "certificate", "The file of the CA's certificate.")
	addText(f, &o.key, "private-key", "The file of the CA's private key, or the URI of one that is elsewhere; - is standard input.")
	addText(f, &o.chain, "certificate-chain", "The file of the certificates above it, its issuer's first and the root last.")
	addSwitch(f, &o.replace, "replace", "Replace the root that there is.")
	s.nodes[c] = &node{ours: true, required: func([]string) []string { return []string{"--certificate", "--private-key"} }}
	return c
}

func (s *session) importRoot(ctx context.Context, k *keys.Store, o rootFiles) error {
	var b keys.Bundle
	if name, ok := nameOfKey(o.key); ok {
		b.KeyName, o.key = name, ""
	}
	for _, part := range []struct {
		name string
		to   *[]byte
	}{{o.certificate, &b.Certificate}, {o.key, (*[]byte)(&b.PrivateKey)}, {o.chain, &b.Chain}} {
		if part.name == "" {
			continue
		}
		text, err := s.readPart(part.name)
		if err != nil {
			return err
		}
		*part.to = text
	}
	err := k.ImportRoot(ctx, b, o.replace)
	var refused *keys.Error
	switch {
	case errors.As(err, &refused):
		return errors.New(refused.Message)
	case errors.Is(err, keys.ErrRootExists):
		return fmt.Errorf("%w: make a backup, and use --replace", err)
	}
	return err
}

// readPart reads a file that is given as the AWS CLI's options for blobs are, or
// simply by its name.
func (s *session) readPart(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(s.env.Stdin)
	}
	for _, scheme := range []string{"file://", "fileb://"} {
		name = strings.TrimPrefix(name, scheme)
	}
	return s.env.ReadFile(name)
}
