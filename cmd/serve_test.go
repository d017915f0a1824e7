package cmd_test

import (
	"archive/zip"
	"bytes"
	"testing"
)

// archive is a small archive.
func archive(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("index.js")
	must(t, err)
	_, err = f.Write([]byte("exports.handler = () => 42\n"))
	must(t, err)
	must(t, z.Close())
	return b.Bytes()
}
