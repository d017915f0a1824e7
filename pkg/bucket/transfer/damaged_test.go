package transfer_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/bucket"
	"signer/pkg/bucket/transfer"
)

// What is damaged is told, and stops only what comes after it. When it is gone, the copy
// goes on.
func TestDamaged(t *testing.T) {
	t.Parallel()
	from, dir := dirIn(t)
	home(t, from)
	big(t, from)
	put(t, from, "versioned", "rotten", "to do")
	entries, err := os.ReadDir(filepath.Join(dir, "versioned", "objects", "=app.zip"))
	must(t, err)
	must(t, os.Truncate(filepath.Join(dir, "versioned", "objects", "=app.zip", entries[3].Name()), 3))
	overwrite(t, filepath.Join(dir, "versioned", "objects", "=rotten"), "to be")
	overwrite(t, filepath.Join(dir, "versioned", "objects", "=large"), "!")
	to, _ := dirIn(t)
	var told []string
	c := transfer.Config{From: from, To: to, Damaged: func(v transfer.Version, err error) {
		told = append(told, v.Key+": "+err.Error()[strings.Index(err.Error(), "damaged"):])
		remove(t, from, v.Bucket, v.Key, v.ID)
	}}
	if _, err := transfer.Run(ctx, c); !errors.Is(err, transfer.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	slices.Sort(told)
	if d := cmp.Diff([]string{"app.zip: damaged: it has no record", "large: damaged: its bytes do not have the MD5 of their parts", "rotten: damaged: its bytes do not have their MD5"}, told); d != "" {
		t.Error(d)
	}
	run(t, from, to, 0)
	same(t, from, to)
	if got := len(versions(t, to, "versioned")); got != 7-1+1+1+2+2 {
		t.Errorf("%d versions", got)
	}
}

// overwrite writes the first bytes of the only version of a key anew.
func overwrite(t testing.TB, keyDir, text string) {
	t.Helper()
	entries, err := os.ReadDir(keyDir)
	must(t, err)
	f, err := os.OpenFile(filepath.Join(keyDir, entries[0].Name()), os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte(text), 0)
	must(t, errors.Join(err, f.Close()))
}

// What was damaged after it was copied is not copied again.
func TestDamagedLater(t *testing.T) {
	t.Parallel()
	from, dir := dirIn(t)
	home(t, from)
	to, _ := dirIn(t)
	run(t, from, to, 0)
	overwriteEnd := filepath.Join(dir, "plain", "objects", "=empty", "null")
	must(t, os.Truncate(overwriteEnd, 3))
	before := ids(t, to)
	if _, moved := run(t, from, to, 0); len(moved) == 0 {
		t.Error("nothing has moved")
	}
	if d := cmp.Diff(before, ids(t, to)); d != "" {
		t.Error(d)
	}
}

// A damaged null version has no place among others: nothing of its key is copied before it
// is gone.
func TestDamagedNull(t *testing.T) {
	t.Parallel()
	from, dir := dirIn(t)
	home(t, from)
	must(t, os.Truncate(filepath.Join(dir, "versioned", "objects", "=app.zip", "null"), 3))
	to, _ := dirIn(t)
	for range 2 {
		tally, err := transfer.Run(ctx, transfer.Config{From: from, To: to})
		if !errors.Is(err, transfer.ErrDamaged) || tally.Damaged != 1 {
			t.Errorf("got %+v, %v", tally, err)
		}
		if _, err := to.Head(ctx, "versioned", "app.zip", ""); !bucket.IsCode(err, bucket.NoSuchKey) {
			t.Errorf("it was copied: %v", err)
		}
	}
	remove(t, from, "versioned", "app.zip", bucket.Null)
	run(t, from, to, 0)
	same(t, from, to)
}
