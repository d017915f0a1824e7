package records_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

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

// A change may wait for a token for longer than other transactions may wait.
func testServerKeyFilesWait(t *testing.T, server *recordstest.Server) {
	files := openURL(t, server.New(t)+"&idle_in_transaction_session_timeout=1500").KeyFiles()
	times := 0
	must(t, files.Change(ctx, func(d *records.KeyDraft) error {
		times++
		time.Sleep(2 * time.Second)
		return d.Write(ctx, "sealing.pem", []byte("text"))
	}))
	if times != 1 {
		t.Errorf("it was done %d times", times)
	}
}

func testServerKeyFiles(t *testing.T, server *recordstest.Server) {
	keystest.Files(t, func(t *testing.T) keystest.Place {
		url := server.New(t)
		return keystest.Place{Undoes: true, Open: func() keys.Files { return keyFiles{openURL(t, url).KeyFiles()} }}
	})
}
