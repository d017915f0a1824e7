package main

import (
	"archive/zip"
	"bufio"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"

	"signer/.ci/bench/measure"
)

const large = 250_000_000 // bytes of an archive, a little less than Lambda takes

// archiveKind says what an archive is filled with.
type archiveKind struct {
	name   string
	fill   func(r *rand.ChaCha8, p []byte, i int)
	method uint16
}

var (
	// text can be compressed to a third or so, as sources can.
	text = archiveKind{"text", func(r *rand.ChaCha8, p []byte, _ int) { fillText(r, p) }, zip.Deflate}
	// random cannot be compressed, as images and other archives cannot.
	random = archiveKind{"random", func(r *rand.ChaCha8, p []byte, _ int) { r.Read(p) }, zip.Store}
	// mixed is some of each.
	mixed = archiveKind{"mixed", func(r *rand.ChaCha8, p []byte, i int) {
		if i%2 == 0 {
			fillText(r, p)
		} else {
			r.Read(p)
		}
	}, zip.Deflate}
)

func fillText(r *rand.ChaCha8, p []byte) {
	const words = "exports handler async function return const require module response status code body event context callback "
	for n := 0; n < len(p); {
		at := int(r.Uint64() % uint64(len(words)-16))
		n += copy(p[n:], words[at:at+4+int(r.Uint64()%12)])
	}
}

// writeArchive writes an archive of entries of 4 MB.
func writeArchive(path string, kind archiveKind) {
	out, err := os.Create(path)
	measure.Check(err)
	w := zip.NewWriter(out)
	r := rand.NewChaCha8([32]byte{1})
	body := make([]byte, 4_000_000)
	for i := 0; ; i++ {
		at, err := out.Seek(0, io.SeekCurrent)
		measure.Check(err)
		if at+int64(len(body)) > large {
			break
		}
		kind.fill(r, body, i)
		e, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint("entry", i), Method: kind.method})
		measure.Check(err)
		_, err = e.Write(body)
		measure.Check(err)
		measure.Check(w.Flush())
	}
	measure.Check(errors.Join(w.Close(), out.Sync(), out.Close()))
}

// writeEntries writes an archive of small entries.
func writeEntries(path string, n int) {
	out, err := os.Create(path)
	measure.Check(err)
	b := bufio.NewWriter(out)
	w := zip.NewWriter(b)
	for i := range n {
		e, err := w.Create(fmt.Sprintf("src/module%d/index.js", i))
		measure.Check(err)
		_, err = fmt.Fprintf(e, "// %s %d\nexports.handler = async () => ({ status: 200 });\n", path, i)
		measure.Check(err)
	}
	measure.Check(errors.Join(w.Close(), b.Flush(), out.Close()))
}

// inflateAndHash uncompresses an archive, and hashes what comes out meanwhile.
func inflateAndHash(path string) {
	z, err := zip.OpenReader(path)
	measure.Check(err)
	defer z.Close()
	from, to := make(chan []byte, 4), make(chan []byte, 4)
	for range cap(to) {
		to <- make([]byte, 64<<10)
	}
	hashed := make(chan struct{})
	go func() {
		h := sha512.New384()
		for p := range from {
			h.Write(p)
			to <- p[:cap(p)]
		}
		close(hashed)
	}()
	for _, f := range z.File {
		in, err := f.Open()
		measure.Check(err)
		for err == nil {
			var n int
			p := <-to
			n, err = io.ReadFull(in, p)
			from <- p[:n]
		}
		if err != io.EOF && err != io.ErrUnexpectedEOF {
			log.Fatal(err)
		}
	}
	close(from)
	<-hashed
}

// durableCopy copies a file so that the copy outlives the machine's power.
func durableCopy(from, to string) {
	in, err := os.Open(from)
	measure.Check(err)
	out, err := os.Create(to)
	measure.Check(err)
	_, err = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, make([]byte, 256<<10))
	measure.Check(errors.Join(err, out.Sync(), out.Close(), in.Close()))
}

// sameBeginning ends the program unless the entries of a signed archive are those of
// the source, byte for byte: the first difference must be where the source's
// directory begins.
func sameBeginning(source, signed string) {
	a, err := os.Open(source)
	measure.Check(err)
	defer a.Close()
	b, err := os.Open(signed)
	measure.Check(err)
	defer b.Close()
	x, y := bufio.NewReader(a), bufio.NewReader(b)
	var last [3]byte // of the source, up to the difference
	for {
		c, err := x.ReadByte()
		measure.Check(err)
		d, err := y.ReadByte()
		measure.Check(err)
		copy(last[:], last[1:])
		if last[2] = c; c != d {
			break
		}
	}
	next, err := x.ReadByte()
	measure.Check(err)
	if string(last[:])+string(next) != "PK\x01\x02" {
		log.Fatal("the entries have been written anew")
	}
}
