package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// Chain checks the signatures of the chunks of a body, each of which covers the one
// before; the request's own is the first. The chunks come in their order, from one
// goroutine at a time.
type Chain struct {
	key          []byte
	stamp, scope string
	last         string
}

// Chunk tells whether the signature, in hex, is that of the next chunk, whose digest
// is given. The last chunk is empty.
func (c *Chain) Chunk(sum [sha256.Size]byte, signature string) bool {
	return c.next("AWS4-HMAC-SHA256-PAYLOAD", emptyDigest+"\n"+hex.EncodeToString(sum[:]), signature)
}

// Trailer tells whether the signature is that of the trailer: the digest is that of
// its lines, each name:value and a line feed.
func (c *Chain) Trailer(sum [sha256.Size]byte, signature string) bool {
	return c.next("AWS4-HMAC-SHA256-TRAILER", hex.EncodeToString(sum[:]), signature)
}

func (c *Chain) next(kind, content, signature string) bool {
	if !c.signed(kind, c.last+"\n"+content, signature) {
		return false
	}
	c.last = signature
	return true
}

// signed tells whether a signature is that of the content.
func (c *Chain) signed(kind, content, signature string) bool {
	want := hex.EncodeToString(mac(c.key, strings.Join([]string{kind, c.stamp, c.scope, content}, "\n")))
	return subtle.ConstantTimeCompare([]byte(want), []byte(signature)) == 1
}
