package records_test

import (
	"path/filepath"
	"testing"

	"signer/pkg/records"
)

func TestSQLite(t *testing.T) {
	contract(t, func(t *testing.T) *records.Store {
		return openAt(t, filepath.Join(t.TempDir(), "home", "records.db"))
	})
}

func openAt(t testing.TB, path string) *records.Store {
	t.Helper()
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
