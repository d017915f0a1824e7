package sigv4

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
)

// The words that may stand for a body's digest at S3.
const (
	UnsignedPayload         = "UNSIGNED-PAYLOAD"
	UnsignedTrailer         = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"         // aws-chunked, checksum behind it
	SignedChunks            = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"         // aws-chunked, each chunk signed
	SignedChunksWithTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" // the trailer, too
)

const emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// payload is what the signature says of the body.
func (s *Signature) payload(r *http.Request, rules Rules) (string, error) {
	if rules.ObjectStore {
		return s.declared(r)
	}
	if r.Body == nil {
		return emptyDigest, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", fmt.Errorf("read the body: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// declared returns what the request declares, and has the body held to it if that
// is a digest.
func (s *Signature) declared(r *http.Request) (string, error) {
	payload := r.Header.Get("X-Amz-Content-Sha256")
	if payload == "" && s.Presigned {
		payload = UnsignedPayload
		_, query := target(r)
		for _, p := range s.params(query) {
			if p.Name == "X-Amz-Content-Sha256" {
				payload = p.Value
			}
		}
	}
	switch payload {
	case "":
		return "", &Error{Payload, "Missing required header for this request: x-amz-content-sha256"}
	case UnsignedPayload, UnsignedTrailer, SignedChunks, SignedChunksWithTrailer:
		return payload, nil
	}
	want, err := hex.DecodeString(payload)
	if err != nil || len(want) != sha256.Size {
		return "", &Error{Payload, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
			"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."}
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	body := &heldBody{ReadCloser: r.Body, sum: sha256.New(), want: want}
	if r.Body = body; r.ContentLength == 0 && payload != emptyDigest {
		return "", body.mismatch() // nobody may want to read it
	}
	return payload, nil
}

// heldBody is a body that has to have a digest.
type heldBody struct {
	io.ReadCloser
	sum  hash.Hash
	want []byte
	err  error
}

func (b *heldBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p)
	b.sum.Write(p[:n])
	if b.err = err; err == io.EOF && subtle.ConstantTimeCompare(b.sum.Sum(nil), b.want) != 1 {
		b.err = b.mismatch()
	}
	return n, b.err
}

func (b *heldBody) mismatch() error {
	return &Error{Payload, "The provided 'x-amz-content-sha256' header does not match what was computed."}
}
