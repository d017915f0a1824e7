package keys_test

import (
	"path/filepath"
	"testing"

	"signer/pkg/keys"
	"signer/pkg/keys/keystest"
)

var _ keys.Files = (*keys.Dir)(nil)

func TestFiles(t *testing.T) {
	keystest.Files(t, func(t *testing.T) keystest.Place {
		dir := filepath.Join(t.TempDir(), "keys")
		return keystest.Place{Open: func() keys.Files { return keys.InDir(dir) }}
	})
}
