package records

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A record's columns() are pointers to its fields, in the order of the list of
// column names beside it. They serve for reading and for writing a row alike.

// instant is a time as a column: microseconds since 1970, NULL for the zero time.
type instant time.Time

func (t instant) Value() (driver.Value, error) {
	if time.Time(t).IsZero() {
		return nil, nil
	}
	return time.Time(t).UnixMicro(), nil
}

func (t *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t = instant{}
	case int64:
		*t = instant(time.UnixMicro(v).UTC())
	default:
		return fmt.Errorf("a time is kept as %T", v)
	}
	return nil
}

// keep makes times what they are when they come back from their columns.
func keep(times ...*time.Time) {
	for _, t := range times {
		if !t.IsZero() {
			*t = time.UnixMicro(t.UnixMicro()).UTC()
		}
	}
}

// mapping is a map as a column: a JSON object, whose names json.Marshal sorts,
// so that equal maps are equal texts. An empty map comes back nil.
type mapping map[string]string

func (m mapping) Value() (driver.Value, error) {
	if len(m) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(map[string]string(m))
	return string(text), err
}

func (m *mapping) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a map is kept as %T", v)
	}
	*m = nil
	if text == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*map[string]string)(m))
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface {
	Scan(into ...any) error
}

// conditions gathers a WHERE clause and its arguments.
type conditions struct {
	all  []string
	args []any
}

// and adds a condition. Each ? in it stands for the next argument.
func (c *conditions) and(condition string, args ...any) {
	c.all = append(c.all, c.place(condition, args...))
}

// place numbers the arguments in a piece of SQL.
func (c *conditions) place(text string, args ...any) string {
	var b strings.Builder
	for _, arg := range args {
		c.args = append(c.args, arg)
		before, after, _ := strings.Cut(text, "?")
		b.WriteString(before)
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(len(c.args)))
		text = after
	}
	b.WriteString(text)
	return b.String()
}

func (c *conditions) String() string {
	return strings.Join(c.all, " AND ")
}

// marks returns "?, ?, …" for n arguments.
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

// reader is what *sql.DB and *sql.Tx have in common.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// gather returns what from makes of each row of a query. No row has a text that the
// database cannot keep.
func gather[T any](ctx context.Context, r reader, from func(row) (T, error), query string, args []any) ([]T, error) {
	if c, ok := r.(calm); ok {
		return gatherAgain(ctx, c.s, from, query, args)
	}
	rows, err := r.QueryContext(ctx, query, args...)
	if state(err) == stateText {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := from(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// gatherAgain gathers from a server: again if the connection breaks, before the first row
// or after some.
func gatherAgain[T any](ctx context.Context, s *Store, from func(row) (T, error), query string, args []any) (all []T, err error) {
	err = s.again(ctx, func() error {
		all, err = gather(ctx, s.db, from, query, args)
		return err
	})
	return all, err
}

func anys[T any](list []T) []any {
	all := make([]any, len(list))
	for i, one := range list {
		all[i] = one
	}
	return all
}
