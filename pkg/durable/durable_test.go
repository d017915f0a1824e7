package durable_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"testing"

	"signer/pkg/durable"
)

func TestNames(t *testing.T) {
	dir := t.TempDir()
	if err := durable.Names(dir); err != nil {
		t.Error(err)
	}
	if err := durable.Names(filepath.Join(dir, "none")); runtime.GOOS != "windows" && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
