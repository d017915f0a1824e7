package sign_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"signer/pkg/sign"
)

// BenchmarkLambda250MB signs an archive of 250 MB: a third of it is text, a
// third looks like machine code, a third cannot be compressed. The rate is that
// of the archive.
func BenchmarkLambda250MB(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mix.zip")
	source := mixed(b, path, 250_000_000)
	out, err := os.Create(path + ".signed")
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	id := authority(b)
	b.SetBytes(source.Size())
	for b.Loop() {
		out.Seek(0, io.SeekStart)
		if err := sign.Lambda(b.Context(), out, source, id, claims, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLambdaEntries signs an archive of many small entries.
func BenchmarkLambdaEntries(b *testing.B) {
	archive := many(50_000)
	id := authority(b)
	for b.Loop() {
		if err := sign.Lambda(b.Context(), io.Discard, bytes.NewReader(archive), id, claims, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLambdaSmall signs an archive of a few hundred bytes.
func BenchmarkLambdaSmall(b *testing.B) {
	archive := handmade(nil, file{name: "index.js", body: "exports.handler = async () => ({});"})
	id := authority(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := sign.Lambda(b.Context(), io.Discard, bytes.NewReader(archive), id, claims, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

// mixed writes an archive of about size bytes to path.
func mixed(b *testing.B, path string, size int64) *io.SectionReader {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	random := mathrand.NewChaCha8([32]byte{1})
	w := zip.NewWriter(f)
	for i := 0; ; i++ {
		at, _ := f.Seek(0, io.SeekCurrent)
		if at >= size {
			break
		}
		e, err := w.Create("lib/" + strconv.Itoa(i))
		if err != nil {
			b.Fatal(err)
		}
		e.Write(content(i, 1<<(10+i%13), random))
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	end, _ := f.Seek(0, io.SeekCurrent)
	return io.NewSectionReader(f, 0, end)
}

// content is n bytes of one of three kinds.
func content(kind, n int, random *mathrand.ChaCha8) []byte {
	p := make([]byte, n)
	random.Read(p)
	switch kind % 3 {
	case 0: // words
		var text []byte
		for i := 0; len(text) < n; i++ {
			text = append(text, big.NewInt(int64(p[i%n])*257).Text(36)...)
			text = append(text, " is the value of "...)
		}
		return text[:n]
	case 1: // instructions: few kinds of bytes
		for i := range p {
			p[i] = "\x48\x89\x8b\x00\x0f\xe8\xff\x24"[p[i]%8]
		}
	}
	return p
}
