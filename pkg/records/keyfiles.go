package records

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// KeyFiles are the files of keys, small texts with names, which machines share that
// share the database. What is in them is not this package's business. They may be used
// from several goroutines, and by many processes, at once.
//
// Reading is tried again as all reading is. Methods that find no file return
// fs.ErrNotExist.
type KeyFiles struct {
	s    *Store
	turn chan struct{} // held by who changes files: of a process one waits for the others' lock
}

// KeyFiles are those in the database. They are for as long as the Store is open.
func (s *Store) KeyFiles() *KeyFiles { return &KeyFiles{s, make(chan struct{}, 1)} }

// Read returns what is in a file.
func (k *KeyFiles) Read(ctx context.Context, name string) ([]byte, error) {
	text, err := k.s.keyFile(ctx, k.s.calm(), name)
	return []byte(text), k.s.failed("read "+name, err)
}

// Revision returns a text that is another one whenever the file was written since, and
// "" if there is no such file.
func (k *KeyFiles) Revision(ctx context.Context, name string) (string, error) {
	revision, err := one(ctx, k.s.calm(), textFrom, `SELECT revision FROM key_files WHERE name = $1`, name)
	if errors.Is(err, sql.ErrNoRows) || k.s.before(err) {
		return "", nil
	}
	return revision, k.s.failed("read "+name, err)
}

// List returns the names that begin with a prefix, in the order of their bytes.
func (k *KeyFiles) List(ctx context.Context, prefix string) ([]string, error) {
	names, err := k.s.keyNames(ctx, k.s.calm(), prefix)
	return names, k.s.failed("list the keys", err)
}

// ReadAll returns what is in all files whose names begin with a prefix.
func (k *KeyFiles) ReadAll(ctx context.Context, prefix string) (map[string][]byte, error) {
	rows, err := gather(ctx, k.s.calm(), keyFileFrom, `SELECT name, content FROM key_files WHERE substr(name, 1, $1) = $2`, []any{len(prefix), prefix})
	if k.s.before(err) {
		err = nil
	}
	all := map[string][]byte{}
	for _, r := range rows {
		all[r[0]] = []byte(r[1])
	}
	return all, k.s.failed("read the keys", err)
}

func keyFileFrom(r row) (f [2]string, err error) {
	err = r.Scan(&f[0], &f[1])
	return f, err
}

func (s *Store) keyFile(ctx context.Context, r reader, name string) (string, error) {
	text, err := one(ctx, r, textFrom, `SELECT content FROM key_files WHERE name = $1`, name)
	if errors.Is(err, sql.ErrNoRows) || s.before(err) {
		err = fs.ErrNotExist
	}
	return text, err
}

func (s *Store) keyNames(ctx context.Context, r reader, prefix string) ([]string, error) {
	names, err := gather(ctx, r, textFrom, `SELECT name FROM key_files WHERE substr(name, 1, $1) = $2 ORDER BY name`, []any{len(prefix), prefix})
	if s.before(err) {
		err = nil
	}
	return names, err
}

// Missed tells whether the records show that there have been keys: something was signed
// with those of the service, or a secret was sealed. It is for who finds none.
func (k *KeyFiles) Missed(ctx context.Context) (bool, error) {
	found, err := gather(ctx, k.s.calm(), numberFrom, `SELECT 1 FROM access_keys UNION ALL
		SELECT 1 FROM jobs WHERE status = $1 AND certificate = $2 LIMIT 1`, []any{"Succeeded", ""})
	return len(found) > 0, k.s.failed("look for what was signed", err)
}

// before tells whether an error is that of records that are only looked at, and older
// than these files.
func (s *Store) before(err error) bool { return s.reading && state(err) == stateNoTable }

// keyLock is the advisory lock that is held while keys are changed: "SGNK".
const keyLock = 0x53474e4b

// keyTimeout is how long a change may leave its transaction alone, while it waits for
// a token or for a service that signs. Whoever hangs for longer loses it.
const keyTimeout = time.Minute

// Change calls f while nobody else changes files. All that f writes and removes happens,
// durably, when f returns nil, or nothing does. f may be called again when the database
// could not say whether that came about; an error of its own comes back as it is.
func (k *KeyFiles) Change(ctx context.Context, f func(*KeyDraft) error) error {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var own error
	err := k.s.change(ctx, sql.LevelReadCommitted, func(tx *sql.Tx) error {
		d := &KeyDraft{s: k.s, tx: tx}
		if err := d.lock(ctx); err != nil {
			return err
		}
		if own = f(d); own != nil && d.failed == nil {
			return errGivenUp
		}
		return cmp.Or(own, d.failed)
	})
	if errors.Is(err, errGivenUp) {
		return own
	}
	return k.s.failed("change the keys", err)
}

// errGivenUp says that a change ends for a reason that is not the database's.
var errGivenUp = errors.New("given up")

// KeyDraft is files while they are changed. It sees what was written to it, and is for
// one goroutine.
type KeyDraft struct {
	s      *Store
	tx     *sql.Tx
	failed error // what the database said when it first failed
}

// lock waits until no other process changes files. What it has changed is seen then.
func (d *KeyDraft) lock(ctx context.Context) error {
	if d.s.server == nil { // one writes at a time
		return nil
	}
	for _, statement := range []string{
		fmt.Sprintf("SET LOCAL idle_in_transaction_session_timeout = %d", keyTimeout.Milliseconds()),
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", keyLock),
	} {
		if _, err := d.tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Read returns what is in a file.
func (d *KeyDraft) Read(ctx context.Context, name string) ([]byte, error) {
	text, err := d.s.keyFile(ctx, d.tx, name)
	return []byte(text), d.judge(err)
}

// List returns the names that begin with a prefix, in the order of their bytes.
func (d *KeyDraft) List(ctx context.Context, prefix string) ([]string, error) {
	names, err := d.s.keyNames(ctx, d.tx, prefix)
	return names, d.judge(err)
}

// Write makes or replaces a file.
func (d *KeyDraft) Write(ctx context.Context, name string, text []byte) error {
	_, err := d.tx.ExecContext(ctx, `INSERT INTO key_files (name, content, revision) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET content = excluded.content, revision = excluded.revision`, name, string(text), rand.Text())
	return d.judge(err)
}

// Remove removes a file.
func (d *KeyDraft) Remove(ctx context.Context, name string) error {
	removed, err := run(ctx, d.tx, &statement{query: `DELETE FROM key_files WHERE name = $1`, args: []any{name}})
	if err == nil && removed == 0 {
		return fs.ErrNotExist
	}
	return d.judge(err)
}

// judge remembers that the database has failed, after which nothing of a change counts.
func (d *KeyDraft) judge(err error) error {
	if err != nil && !errors.Is(err, fs.ErrNotExist) && d.failed == nil {
		d.failed = err
	}
	return err
}
