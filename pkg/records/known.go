package records

import (
	"context"
	"database/sql"
	"sync"
)

// SQLite takes longer to understand a statement than to carry it out, where that is one
// row to be found by its key. So a file's Store has it understood once by each
// connection, as PostgreSQL's driver does by itself.

// mostKnown is how many texts are kept. There are fewer, but for those that are made as
// they are needed, and whichever come first may fill it.
const mostKnown = 64

// known are the statements that a database has understood.
type known struct {
	mu     sync.Mutex
	byText map[string]*sql.Stmt // closed with the database
}

// statement returns the statement of a text, or nil if there are too many others.
func (k *known) statement(ctx context.Context, db *sql.DB, text string) (*sql.Stmt, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.byText[text]; s != nil || len(k.byText) >= mostKnown {
		return s, nil
	}
	s, err := db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if k.byText == nil {
		k.byText = map[string]*sql.Stmt{}
	}
	k.byText[text] = s
	return s, nil
}

// file is a Store's database that is a file.
type file struct{ *Store }

func (f file) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	known, err := f.known.statement(ctx, f.db, query)
	if err != nil || known == nil {
		return f.db.QueryContext(ctx, query, args...)
	}
	return known.QueryContext(ctx, args...)
}

func (f file) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	known, err := f.known.statement(ctx, f.db, query)
	if err != nil || known == nil {
		return f.db.ExecContext(ctx, query, args...)
	}
	return known.ExecContext(ctx, args...)
}
