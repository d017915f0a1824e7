package records_test

import (
	"context"
	"path/filepath"
	"testing"

	"signer/pkg/keys"
	"signer/pkg/keys/keystest"
	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// keyFiles are the files of keys as package keys wants them.
type keyFiles struct{ *records.KeyFiles }

func (k keyFiles) Change(ctx context.Context, f func(keys.Draft) error) error {
	return k.KeyFiles.Change(ctx, func(d *records.KeyDraft) error { return f(d) })
}

func (k keyFiles) At(name string) string { return name + " in the database" }

func TestKeyFiles(t *testing.T) {
	keystest.Files(t, func(t *testing.T) keystest.Place {
		path := filepath.Join(t.TempDir(), "records.db")
		return keystest.Place{Undoes: true, Open: func() keys.Files { return keyFiles{openAt(t, path).KeyFiles()} }}
	})
}

func testServerKeyFiles(t *testing.T, server *recordstest.Server) {
	keystest.Files(t, func(t *testing.T) keystest.Place {
		url := server.New(t)
		return keystest.Place{Undoes: true, Open: func() keys.Files { return keyFiles{openURL(t, url).KeyFiles()} }}
	})
}
