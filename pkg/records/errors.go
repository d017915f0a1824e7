package records

import (
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// What the rows say no to.
var (
	ErrNotFound = errors.New("no such record")
	ErrExists   = errors.New("there is such a record already")
	ErrInactive = errors.New("the profile is not active")
	ErrChanged  = errors.New("the record has changed since it was read")
	ErrEnough   = errors.New("there are as many of these as there may be")
)

// What keeps a database from being used. The errors that wrap these name the
// file and say what to do.
var (
	ErrNewer    = errors.New("made by a newer version of signer")
	ErrCorrupt  = errors.New("damaged, or not a database of signer")
	ErrReadOnly = errors.New("read-only")
	ErrFull     = errors.New("the disk is full")
	ErrBusy     = errors.New("another process does not let go of it")
)

// SQLite's result codes (https://www.sqlite.org/rescode.html): the primary ones,
// which are the low bits of all.
const (
	primary      = 0xff
	codePerm     = 3
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotDB    = 26
)

// These extended codes are what a full disk looks like where SQLite does not say
// so: it could not lengthen a file, or the memory that processes share beside it.
const (
	codeWrite      = 778
	codeTruncate   = 1546
	codeSharedSize = 4874
)

// failed says what was being done when err happened; it returns nil for nil.
func (s *Store) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, s.explain(err))
}

// except is err, but for one that is no error here.
func except(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// unchanged is failed for a statement that had to change a row: none is what it
// means that it changed none.
func (s *Store) unchanged(what string, changed int64, err, none error) error {
	if err == nil && changed == 0 {
		err = none
	}
	return s.failed(what, err)
}

// missing is failed for a query that had to find a row.
func (s *Store) missing(what string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return s.failed(what, err)
}

// explain turns what the database says into what its owner can act on.
func (s *Store) explain(err error) error {
	if s.server != nil && err != nil {
		return explainServer(s.path, err)
	}
	return explain(s.path, err)
}

// explain turns what SQLite says of a file into what its owner can act on.
// Other errors, and nil, come back as they are.
func explain(path string, err error) error {
	var refused *sqlite.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code() {
	case codeWrite, codeTruncate, codeSharedSize:
		return fmt.Errorf("the records in %s: nothing was recorded: %w, or does not work: make room and try again (%w)", path, ErrFull, refused)
	}
	switch refused.Code() & primary {
	case codeNotDB, codeCorrupt:
		return fmt.Errorf("the records in %s are %w (%w): put a good copy of the file in its place, or move it away, with its -wal file, to begin anew", path, ErrCorrupt, refused)
	case codeReadOnly, codePerm:
		return fmt.Errorf("the records in %s are %w: see who may write the file, its directory and its disk (%w)", path, ErrReadOnly, refused)
	case codeFull:
		return fmt.Errorf("the records in %s: %w, nothing was recorded: make room and try again (%w)", path, ErrFull, refused)
	case codeBusy, codeLocked:
		return fmt.Errorf("the records in %s: %w: try again (%w)", path, ErrBusy, refused)
	case codeCantOpen:
		return fmt.Errorf("the records in %s cannot be opened: see who may read and write the file and its directory (%w)", path, refused)
	}
	return fmt.Errorf("the records in %s: %w", path, err)
}

// code returns SQLite's primary result code, or 0 if err is not SQLite's.
func code(err error) int {
	var refused *sqlite.Error
	if !errors.As(err, &refused) {
		return 0
	}
	return refused.Code() & primary
}
