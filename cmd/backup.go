package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"signer/pkg/backup"
	"signer/pkg/document"
	"signer/pkg/keys"
	"signer/pkg/records"
)

const backupHelp = "Copy the home of the local engine into a file: records, private keys, buckets with all objects, and whatever else is there. " +
	"Others may use the home meanwhile: every job that had ended when the command began is in the file, with its object.\n\n" +
	"The file holds the private keys: encrypted if they are in the home, and else as they are. It is made for its owner only; keep it so. " +
	"A file that is there already is not replaced. With - the backup goes to standard output, and no answer does, so that another " +
	"program can compress or encrypt it.\n\n" +
	"What several machines share is not in the home, nor in the file: records and keys in a database, objects in an object store. A warning says so.\n\n" +
	"The file is a tar archive. It ends with a checksum of everything in it, to which restore holds it."

// newBackup makes the command that copies a home into a file.
func newBackup(s *session) *cobra.Command {
	c := &cobra.Command{Use: "backup", Short: "Copy the home of the local engine into a file.", Long: backupHelp}
	c.RunE = func(c *cobra.Command, names []string) error { return s.backup(c.Context(), names[0]) }
	s.nodes[c] = &node{ours: true, operands: &positional{name: "file", arity: one, doc: "The file to make; - is standard output."}}
	return c
}

func (s *session) backup(ctx context.Context, name string) error {
	home, err := s.homeDirectory()
	if err != nil {
		return err
	}
	if err := s.warnOfSharing(home); err != nil {
		return err
	}
	from := s.homeFiles(home)
	if name == "-" {
		return s.writeToStdout(ctx, from)
	}
	plain, err := s.plainKeys(ctx, home)
	if err != nil {
		return err
	}
	done, err := s.writeBackup(ctx, from, name)
	if err != nil {
		return err
	}
	return s.print("Backup", document.New(member{Name: "file", Value: name}, member{Name: "files", Value: int64(done.Files)},
		member{Name: "bytes", Value: done.Bytes}, member{Name: "plainKeys", Value: int64(plain)}))
}

// warnOfSharing says what is not in a backup, since it is not in the home.
func (s *session) warnOfSharing(home string) error {
	shared, err := s.sharing(home)
	for _, part := range []struct{ url, advice string }{
		{shared.DatabaseURL, "records and keys are in a database, and not in the backup: copy them first, with pg_dump for example"},
		{shared.ObjectStore, "objects are in an object store, and not in the backup: see that they are kept there"},
	} {
		if part.url != "" {
			fmt.Fprintf(s.env.Stderr, "warning: %s\n", part.advice)
		}
	}
	return err
}

func (s *session) writeToStdout(ctx context.Context, from backup.Home) error {
	if s.env.StdoutTerminal {
		return errors.New("a backup is nothing for a terminal: give the name of a file, or send standard output elsewhere")
	}
	_, err := from.Write(ctx, s.env.Stdout)
	return err
}

// homeFiles is a home as backups know it.
func (s *session) homeFiles(home string) backup.Home {
	return backup.Home{
		Dir: home,
		Now: s.env.Now,
		Snapshot: func(ctx context.Context, path string) error {
			c, err := s.recordsConfig(home)
			if err != nil {
				return err
			}
			if c.URL != "" { // which has means of its own
				return fs.ErrNotExist
			}
			store, err := s.openRecords(ctx, home, true)
			if err != nil {
				return err
			}
			return errors.Join(store.Snapshot(ctx, path), store.Close())
		},
		Adopt: records.Adopt,
		InUse: records.InUse,
		Keys:  keysDir(home).Hold,
		Spool: s.env.TempFile,
	}
}

// plainKeys is how many private keys of a home are not encrypted.
func (s *session) plainKeys(ctx context.Context, home string) (n int, err error) {
	items, err := keys.Open(keys.Config{Files: keysDir(home), Now: s.env.Now}).Examine(ctx)
	for _, i := range items {
		if i.Plain {
			n++
		}
	}
	return n, err
}

// writeBackup writes a backup to a file, which is there when it is whole.
func (s *session) writeBackup(ctx context.Context, from backup.Home, name string) (done backup.Summary, err error) {
	there, err := s.env.Stat(name)
	switch {
	case err == nil && there.IsDir():
		return done, fmt.Errorf("%s is a directory: give the name of a file", name)
	case err == nil && there.Mode().IsRegular():
		return done, alreadyThere(name)
	case err == nil: // a pipe, for example
		return done, s.env.Save(name, func(w io.Writer) (err error) {
			done, err = from.Write(ctx, w)
			return err
		})
	case isInside(filepath.Dir(name), from.Dir):
		return done, fmt.Errorf("%s would be in the home that it is a backup of: put it elsewhere, best on another disk", name)
	}
	draft, err := s.env.Draft(name)
	if err != nil {
		return done, err
	}
	defer draft.Discard()
	if err := draft.Chmod(0o600); err != nil {
		return done, err
	}
	if done, err = from.Write(ctx, draft); err != nil {
		return done, err
	}
	if err := draft.Sync(); err != nil {
		return done, err
	}
	if err = draft.Place(); errors.Is(err, fs.ErrExist) {
		err = alreadyThere(name)
	}
	return done, err
}

func alreadyThere(name string) error {
	return fmt.Errorf("%s is there already: give another name, with the date in it for example", name)
}

// isInside tells whether a directory is a home or in one.
func isInside(dir, home string) bool {
	real := func(path string) string {
		if found, err := filepath.EvalSymlinks(path); err == nil {
			path = found
		}
		path, _ = filepath.Abs(path) // it is there
		return path
	}
	rest, err := filepath.Rel(real(home), real(dir))
	return err == nil && filepath.IsLocal(rest)
}

const restoreHelp = "Make the home of the local engine anew from a file that backup has made. A file that is torn or was altered is refused, wherever that is, " +
	"and nothing is changed then. The home is what it was until everything has been read, checked and made durable; then it is what was in the file, " +
	"in one step.\n\n" +
	"The home must not be there, or be empty. With --replace one that is there is kept under another name, which the answer says; nobody may be using it.\n\n" +
	"Where private keys were encrypted they still are, with the passphrase that they had when the backup was made. " +
	"Jobs that were in progress are taken up again by the next command that signs."

// restoreOptions are the options of restore.
type restoreOptions struct{ replace, dryRun bool }

// newRestore makes the command that makes a home of a backup.
func newRestore(s *session) *cobra.Command {
	var o restoreOptions
	c := &cobra.Command{Use: "restore", Short: "Make the home of the local engine anew from a backup.", Long: restoreHelp}
	c.RunE = func(c *cobra.Command, names []string) error { return s.restore(c.Context(), o, names[0]) }
	c.Flags().SortFlags = false
	addSwitch(c.Flags(), &o.replace, "replace", "Put a home that is there aside.")
	addSwitch(c.Flags(), &o.dryRun, "dry-run", "Only see whether the file is whole.")
	s.nodes[c] = &node{ours: true, operands: &positional{name: "file", arity: one, doc: "The backup; - is standard input."}}
	return c
}

func (s *session) restore(ctx context.Context, o restoreOptions, name string) error {
	home, err := s.homePath()
	if err != nil {
		return err
	}
	from, err := s.openBackup(name)
	if err != nil {
		return err
	}
	defer from.Close()
	done, err := s.restoreFrom(ctx, o, home, from)
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	answer := document.New(member{Name: "dryRun", Value: o.dryRun}, member{Name: "home", Value: home},
		member{Name: "files", Value: int64(done.Files)}, member{Name: "bytes", Value: done.Bytes})
	if done.Before != "" {
		answer.Set("before", done.Before)
	}
	return s.print("Restore", answer)
}

func (s *session) openBackup(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(s.env.Stdin), nil
	}
	return s.env.Open(name)
}

func (s *session) restoreFrom(ctx context.Context, o restoreOptions, home string, from io.Reader) (backup.Restored, error) {
	if o.dryRun {
		all, err := backup.Check(ctx, from)
		return backup.Restored{Summary: all}, err
	}
	done, err := s.homeFiles(home).Restore(ctx, from, o.replace)
	switch {
	case errors.Is(err, backup.ErrNotEmpty):
		err = fmt.Errorf("%w: to put it aside, use --replace", err)
	case errors.Is(err, backup.ErrInUse):
		err = fmt.Errorf("%w: end what does, such as signer serve, and try again", err)
	}
	return done, err
}

// unfinished is the error of who would use a home that is partly restored.
func unfinished(home string) error {
	if !backup.Unfinished(home) {
		return nil
	}
	return fmt.Errorf("%s is neither what it was nor what was to be restored, since a restore has ended in the middle: use the command restore again, which finishes that", home)
}
