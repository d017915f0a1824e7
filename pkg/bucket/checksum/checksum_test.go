package checksum_test

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"signer/pkg/bucket/checksum"
)

// sample makes a message of n bytes.
func sample(n int) []byte {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x = (x*1103515245 + 12345) & 0x7fffffff
		b[i] = byte(x >> 16)
	}
	return b
}

//go:embed testdata/xxhash.txt
var xxhash string

func TestXXHash(t *testing.T) {
	for line := range strings.Lines(xxhash) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var n int
		var want [3]string
		if _, err := fmt.Sscan(line, &n, &want[0], &want[1], &want[2]); err != nil {
			t.Fatal(err)
		}
		for i, a := range []checksum.Algorithm{checksum.XXHASH64, checksum.XXHASH128, checksum.XXHASH3} {
			h := a.New()
			h.Write(sample(n))
			if got := hex.EncodeToString(h.Sum(nil)); got != want[i] {
				t.Errorf("%s of %d bytes: %s, want %s", a, n, got, want[i])
			}
		}
	}
}

// The check values of the CRCs are those of the catalogue of parametrised CRC
// algorithms, the digests are openssl's.
func TestKnown(t *testing.T) {
	for a, want := range map[checksum.Algorithm]string{
		checksum.CRC32:     "cbf43926",
		checksum.CRC32C:    "e3069283",
		checksum.CRC64NVME: "ae8b14860a799888",
		checksum.MD5:       "25f9e794323b453885f5181f1b624d0b",
		checksum.SHA1:      "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
		checksum.SHA256:    "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
	} {
		h := a.New()
		h.Write([]byte("123456789"))
		sum := h.Sum(nil)
		if hex.EncodeToString(sum) != want || a.Size() != len(sum) {
			t.Errorf("%s: %x, want %s", a, sum, want)
		}
	}
}

// It makes no difference how a message comes in, nor that a sum is asked for midway.
func TestPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, a := range checksum.Algorithms() {
		for range 50 {
			whole := sample(r.IntN(5000))
			once, pieces := a.New(), a.New()
			once.Write(whole)
			for rest := whole; len(rest) > 0; {
				n := 1 + r.IntN(len(rest))
				if r.IntN(3) > 0 {
					n = min(n, 100)
				}
				pieces.Write(rest[:n])
				pieces.Sum(nil)
				rest = rest[n:]
			}
			if !bytes.Equal(once.Sum(nil), pieces.Sum(nil)) {
				t.Fatalf("%s of %d bytes: %x in one piece, %x in several", a, len(whole), once.Sum(nil), pieces.Sum(nil))
			}
			once.Reset()
			if !bytes.Equal(once.Sum(nil), a.New().Sum(nil)) {
				t.Fatalf("%s does not begin anew", a)
			}
		}
	}
}

func TestCombine(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, a := range checksum.Algorithms() {
		if !a.Linear() {
			if a.Combine(make([]byte, a.Size()), make([]byte, a.Size()), 1) != nil {
				t.Errorf("%s cannot be combined", a)
			}
			continue
		}
		sum := func(b []byte) []byte { h := a.New(); h.Write(b); return h.Sum(nil) }
		for range 50 {
			whole := sample(r.IntN(100_000))
			at := r.IntN(len(whole) + 1)
			got := a.Combine(sum(whole[:at]), sum(whole[at:]), int64(len(whole)-at))
			if want := sum(whole); !bytes.Equal(got, want) {
				t.Fatalf("%s of %d and %d bytes: %x, want %x", a, at, len(whole)-at, got, want)
			}
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]bool{"y/Q5Jg==": true, "y/Q5Jg": false, "": false, "y/Q5": false, "AAAA\nAA==": false, "!": false} {
		sum, ok := checksum.CRC32.Decode(text)
		if ok != want || ok && checksum.Encode(sum) != text {
			t.Errorf("%q: %x, %v", text, sum, ok)
		}
	}
	if _, ok := checksum.Algorithm("none").Decode(""); ok {
		t.Error("there is no such algorithm")
	}
}

func TestFind(t *testing.T) {
	if a, ok := checksum.Find("crc64nvme"); a != checksum.CRC64NVME || !ok {
		t.Errorf("got %s, %v", a, ok)
	}
	if a, ok := checksum.Find("CRC"); ok {
		t.Errorf("got %s", a)
	}
}

func BenchmarkSum(b *testing.B) {
	data := sample(256 << 10)
	for _, a := range checksum.Algorithms() {
		b.Run(string(a), func(b *testing.B) {
			h := a.New()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				h.Write(data)
			}
		})
	}
}
