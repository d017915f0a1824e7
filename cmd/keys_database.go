package cmd

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"signer/pkg/keys"
	"signer/pkg/records"
)

// Where the records are in a database that machines share, the keys are there, too.

// database is the database of a session: all that the session does needs no more
// than one, which is opened when it is first needed.
type database struct {
	mu    sync.Mutex
	store *records.Store // nil until then
	files *records.KeyFiles
}

// open returns the database for one user more, who closes it.
func (d *database) open(ctx context.Context, c records.Config) (*records.Store, error) {
	if _, err := d.keyFiles(ctx, c); err != nil {
		return nil, err
	}
	return d.store.Share(), nil
}

// keyFiles are the files of keys in the database.
func (d *database) keyFiles(ctx context.Context, c records.Config) (*records.KeyFiles, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.store == nil {
		store, err := records.Open(ctx, c)
		if err != nil {
			return nil, err
		}
		d.store, d.files = store, store.KeyFiles()
	}
	return d.files, nil
}

// close closes the database, when its users have, too.
func (d *database) close() {
	if d.store != nil {
		d.store.Close() // which loses nothing
	}
}

// databaseKeys are the files of keys in a database, which is opened when they are
// needed.
type databaseKeys struct {
	where string
	open  func(ctx context.Context, existing bool) (*records.KeyFiles, error)
}

var _ keys.Files = databaseKeys{}

// At says where a file is: nothing secret of the database's URL is in it.
func (d databaseKeys) At(name string) string {
	if name == "" {
		return "the database " + d.where
	}
	return name + " in the database " + d.where
}

func (d databaseKeys) Read(ctx context.Context, name string) ([]byte, error) {
	files, err := d.open(ctx, true)
	if err != nil {
		return nil, err // fs.ErrNotExist, if nothing is in the database
	}
	return files.Read(ctx, name)
}

func (d databaseKeys) List(ctx context.Context, prefix string) ([]string, error) {
	files, err := d.open(ctx, true)
	if err != nil {
		return nil, unlessAbsent(err)
	}
	return files.List(ctx, prefix)
}

func (d databaseKeys) ReadAll(ctx context.Context, prefix string) (map[string][]byte, error) {
	files, err := d.open(ctx, true)
	if err != nil {
		return nil, unlessAbsent(err)
	}
	return files.ReadAll(ctx, prefix)
}

func (d databaseKeys) Revision(ctx context.Context, name string) (string, error) {
	files, err := d.open(ctx, true)
	if err != nil {
		return "", unlessAbsent(err)
	}
	return files.Revision(ctx, name)
}

func (d databaseKeys) Change(ctx context.Context, f func(keys.Draft) error) error {
	files, err := d.open(ctx, false)
	if err != nil {
		return err
	}
	return files.Change(ctx, func(draft *records.KeyDraft) error { return f(draft) })
}

// used tells of what the records know that was done with keys.
func (d databaseKeys) used(ctx context.Context) (string, error) {
	files, err := d.open(ctx, true)
	if err != nil {
		return "", unlessAbsent(err)
	}
	missed, err := files.Missed(ctx)
	if missed {
		return "something has been signed, or sealed, with keys", err
	}
	return "", err
}

// unlessAbsent is an error, unless it says that nothing is there.
func unlessAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
