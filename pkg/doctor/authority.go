package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"signer/pkg/keys"
)

// soon is when a certificate that nobody replaces is about to expire.
const soon = 30 * 24 * time.Hour

// authority examines the keys: those of the local authority and the imported ones.
func (e *examination) authority(ctx context.Context) {
	items, err := e.keys.Examine(ctx)
	if errors.Is(err, keys.ErrNotCopied) {
		e.trouble(e.KeyFiles.At(""), err, "copy them from the home that has the right ones: signer migrate")
		return
	}
	if err != nil {
		e.trouble(e.KeyFiles.At(""), err, "see who may read it")
		return
	}
	plain, told := 0, false
	for _, i := range items {
		told = told || i.Err != nil && errors.Is(i.Err, fs.ErrNotExist) // the root is missing
		e.Keys++
		if i.Plain {
			plain++
		}
		e.key(i)
	}
	if e.rootless > 0 && !told {
		e.problem(Finding{e.KeyFiles.At("authority"), fmt.Sprintf("has no root certificate, and signed objects need it that were looked at: %d", e.rootless),
			"restore it from a backup; else a new root is made, which everybody must then trust, and nobody can verify what was signed before"})
	}
	if plain > 0 {
		e.tellPlain(plain)
	}
}

// tellPlain tells of private keys that are not encrypted.
func (e *examination) tellPlain(n int) {
	found, advice := "the files", "encrypt them if the disk, or a backup of it, may get into other hands: signer keys encrypt"
	if e.Database != "" {
		found, advice = "it", "give all servers a passphrase, and encrypt them: signer keys encrypt"
	}
	e.note(Finding{e.KeyFiles.At(""), fmt.Sprintf("has private keys that are not encrypted (%d): whoever can read %s can sign", n, found), advice})
}

// unusedKeys looks for keys in a home that has its keys in a database.
func (e *examination) unusedKeys(ctx context.Context) {
	if e.Database == "" {
		return
	}
	if _, err := e.KeyFiles.List(ctx, ""); err != nil { // they may be the only ones that there are
		return
	}
	here := keys.InDir(e.at("keys"))
	if items, err := keys.Open(keys.Config{Files: here, Now: e.now}).Examine(ctx); err == nil && len(items) > 0 {
		e.note(Finding{here.At(""), "has keys that are not used, since the records are in a database and the keys are there, too",
			"remove it when signer migrate has copied them and nobody goes back"})
	}
}

func (e *examination) key(i keys.Item) {
	name := i.Path
	if strings.HasPrefix(i.Name, "arn:") {
		name = i.Name
	}
	const successor = "import its successor under its ARN, so that profiles keep it: signer acm import-certificate --certificate-arn "
	switch {
	case i.Err != nil:
		found, advice, _ := strings.Cut(i.Err.Error(), "; ")
		e.problem(Finding{i.Path, "is not sound: " + found, orReading(i.Err, advice)})
	case e.Now.Before(i.NotBefore):
		e.notYet(name, i)
	case i.NotAfter.IsZero(): // it is no certificate
	case !i.Lasting: // it is made anew in time
	case !e.Now.Before(i.NotAfter) && name != i.Path:
		e.note(Finding{name, "has expired at " + i.NotAfter.UTC().Format(time.RFC3339), successor + name})
	case !e.Now.Before(i.NotAfter):
		e.problem(Finding{name, "has expired at " + i.NotAfter.UTC().Format(time.RFC3339), "set the clock right, or begin a new home"})
	case e.Now.Add(soon).After(i.NotAfter) && name != i.Path:
		e.note(Finding{name, "expires at " + i.NotAfter.UTC().Format(time.RFC3339), successor + name})
	}
}

// notYet tells of a certificate that begins later than now. Where it can be replaced
// it will be.
func (e *examination) notYet(name string, i keys.Item) {
	f := Finding{name, fmt.Sprintf("is not good before %s, and the clock says %s", i.NotBefore.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339)), "set the clock right"}
	if i.Lasting {
		e.problem(f)
	}
}
