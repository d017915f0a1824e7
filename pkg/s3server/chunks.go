package s3server

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// chain checks the signatures of chunks, which come in their order. sigv4.Chain does.
type chain interface {
	Chunk(sum [sha256.Size]byte, signature string) bool
	Trailer(sum [sha256.Size]byte, signature string) bool
}

// chunks decodes a body in aws-chunked encoding:
//
//	SIZE[;chunk-signature=SIGNATURE] CRLF, that many bytes, CRLF, and so on;
//	a chunk of no size, without the bytes and their CRLF; then, if announced,
//	NAME:VALUE [LF] CRLF [x-amz-trailer-signature:SIGNATURE CRLF]; CRLF
//
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html). Bytes are
// passed on before their signature is known to be good: whoever reads must keep
// nothing unless Read ends with io.EOF. Memory does not grow with the body.
type chunks struct {
	src   *bufio.Reader
	size  int64 // that the body must have
	chain chain // nil: the chunks are not signed

	want          checksum.Algorithm // whose checksum must come behind the chunks; "" is none
	signedTrailer bool
	trailer       string // the checksum, when all has been read

	done      int64 // bytes passed on
	left      int64 // of the chunk
	number    int   // of the chunk, from 1
	short     int64 // the size of a chunk that only the last one can have
	signature string
	sum       hash.Hash // of the chunk
	err       error
}

// smallest is the least size that a chunk has unless it is the last.
const smallest = 8 << 10

// longestLine is more than any line between chunks has.
const longestLine = 4 << 10

func newChunks(src io.Reader, size int64, c chain) *chunks {
	return &chunks{src: bufio.NewReaderSize(src, 64<<10), size: size, chain: c, sum: sha256.New()}
}

func (c *chunks) Read(p []byte) (n int, err error) {
	if c.err == nil && c.left == 0 {
		c.err = c.next()
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err = c.src.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.done += int64(n)
	if c.chain != nil {
		c.sum.Write(p[:n])
	}
	switch {
	case err == io.EOF:
		c.err = incompleteBody()
	case err != nil:
		c.err = err
	case c.left == 0:
		c.err = c.endChunk()
	}
	return n, c.err
}

// next reads up to the bytes of the next chunk or, if there are no more, to the end
// of the body, which is io.EOF.
func (c *chunks) next() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	digits, signature, _ := strings.Cut(line, ";")
	size, err := strconv.ParseInt(digits, 16, 64)
	if err != nil || size < 0 || digits[0] == '+' || digits[0] == '-' {
		return incompleteBody()
	}
	if c.signature, err = c.signatureOf(signature); err != nil {
		return err
	}
	c.number++
	c.left = size
	switch {
	case size == 0:
		return c.end()
	case c.short > 0:
		return refused("InvalidChunkSizeError", http.StatusBadRequest, "Only the last chunk is allowed to have a size less than 8192 bytes").With("Chunk", c.number).With("BadChunkSize", c.short)
	case size < smallest:
		c.short = size
	}
	if size > c.size-c.done {
		return c.tooMuch()
	}
	return nil
}

// tooMuch is for a chunk that goes beyond the body's length. If it is no chunk, that is
// what is wrong.
func (c *chunks) tooMuch() error {
	if c.left <= smallest {
		if _, err := c.src.Discard(int(c.left)); err != nil {
			return incompleteBody()
		}
		if line, err := c.line(); err != nil || line != "" {
			return orIncomplete(err)
		}
	}
	return wrongLength()
}

// line reads a line without its CRLF.
func (c *chunks) line() (string, error) {
	line, err := c.src.ReadSlice('\n')
	switch {
	case err == io.EOF, errors.Is(err, bufio.ErrBufferFull), err == nil && (len(line) > longestLine || !bytes.HasSuffix(line, []byte("\r\n"))):
		return "", incompleteBody()
	case err != nil:
		return "", err
	}
	return string(line[:len(line)-2]), nil
}

// signatureOf reads the extension of a chunk's line.
func (c *chunks) signatureOf(extension string) (string, error) {
	if c.chain == nil {
		if extension != "" {
			return "", incompleteBody()
		}
		return "", nil
	}
	signature, ok := strings.CutPrefix(extension, "chunk-signature=")
	if !ok || !isSignature(signature) {
		return "", incompleteBody()
	}
	return signature, nil
}

func isSignature(text string) bool {
	return len(text) == 2*sha256.Size && strings.Trim(text, "0123456789abcdef") == ""
}

// endChunk reads what follows the bytes of a chunk, and proves them.
func (c *chunks) endChunk() error {
	if line, err := c.line(); err != nil || line != "" {
		return orIncomplete(err)
	}
	return c.proveChunk()
}

// orIncomplete is the error, or that what came was none of what should have.
func orIncomplete(err error) error {
	if err == nil {
		return incompleteBody()
	}
	return err
}

func (c *chunks) proveChunk() error {
	if c.chain == nil {
		return nil
	}
	var sum [sha256.Size]byte
	c.sum.Sum(sum[:0])
	c.sum.Reset()
	if !c.chain.Chunk(sum, c.signature) {
		return badChunk()
	}
	return nil
}

func badChunk() *bucket.Error {
	return refused("SignatureDoesNotMatch", http.StatusForbidden, "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
}

// end reads what follows the last chunk, which is none of the bytes.
func (c *chunks) end() error {
	if err := c.proveChunk(); err != nil {
		return err
	}
	if c.done != c.size {
		return wrongLength()
	}
	line, err := c.trailerLine()
	switch {
	case err != nil:
		return err
	case line == "" && c.want != "":
		return malformedTrailer()
	case line == "":
		return c.nothingMore()
	}
	return c.readTrailer(line)
}

// trailerLine reads a line that may end as it is signed, with a line feed, and then
// with a CRLF.
func (c *chunks) trailerLine() (string, error) {
	line, err := c.src.ReadSlice('\n')
	switch {
	case err == io.EOF, errors.Is(err, bufio.ErrBufferFull):
		return "", incompleteBody()
	case err != nil:
		return "", err
	}
	text, crlf := strings.CutSuffix(string(line[:len(line)-1]), "\r")
	if !crlf {
		if blank, err := c.line(); err != nil || blank != "" {
			return "", orIncomplete(err)
		}
	}
	return text, nil
}

// readTrailer reads the rest of the body from the trailer on.
func (c *chunks) readTrailer(line string) error {
	name, value, _ := strings.Cut(line, ":")
	if c.signedTrailer {
		if err := c.proveTrailer(name + ":" + value + "\n"); err != nil {
			return err
		}
	}
	if blank, err := c.line(); err != nil || blank != "" {
		return orIncomplete(err)
	}
	if err := c.nothingMore(); err != io.EOF {
		return err
	}
	value = strings.TrimSpace(value)
	if c.want == "" || !strings.EqualFold(strings.TrimSpace(name), checksumHeader(c.want)) {
		return malformedTrailer()
	}
	if _, ok := c.want.Decode(value); !ok {
		return badRequest("Value for %s trailing header is invalid.", checksumHeader(c.want))
	}
	c.trailer = value
	return io.EOF
}

// proveTrailer reads the signature of the trailer and checks it.
func (c *chunks) proveTrailer(signed string) error {
	line, err := c.line()
	if err != nil {
		return err
	}
	signature, ok := strings.CutPrefix(line, "x-amz-trailer-signature:")
	if !ok || !isSignature(signature) {
		return incompleteBody()
	}
	if !c.chain.Trailer(sha256.Sum256([]byte(signed)), signature) {
		return badChunk()
	}
	return nil
}

// nothingMore returns io.EOF at the end of the body.
func (c *chunks) nothingMore() error {
	switch _, err := c.src.ReadByte(); {
	case err == io.EOF:
		return io.EOF
	case err != nil:
		return err
	}
	return incompleteBody()
}

func malformedTrailer() *bucket.Error {
	return refused("MalformedTrailerError", http.StatusBadRequest, "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}
