package verify

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	"signer/pkg/sign"
)

// Object is a signed object taken apart: what it says of itself, true or not.
type Object struct {
	Format    string // ZIP, JSONEmbedded, JSONDetached or JWS
	Platform  string // the id of the platform whose form it has
	Algorithm string // of the signature, by the name that its form has for it

	sign.Claims                     // zero where the form has none
	Chain       []*x509.Certificate // that of the signer first; nil if it carries none
	Digest      string              // of the content, in hexadecimal; "" if that is elsewhere
	Attributes  []Attribute         // what is signed beside the content
	PayloadSize int64               // of what is signed
	Payload     *sign.Location      // where that lies, if it lies in a bucket
	Target      *Target             // the image that an envelope is about

	scheme  string // of Notary Project
	content func(context.Context, *Trust, *Verdict) error
}

// Attribute is something that is signed beside the content.
type Attribute struct {
	Type     string // its object identifier; "" where attributes have names only
	Name     string // "" if nobody knows it
	Value    string // text that can be shown; in hexadecimal what is none
	Critical bool   // who does not know it must not trust the signature
}

// Target is the manifest of an image, as envelopes name it.
type Target struct {
	MediaType, Digest string
	Size              int64
}

// chainTime is when the chain of an object must have been valid: when it was signed
// if that is vouched for by the authority that signed, else now.
func (o *Object) chainTime(now time.Time) time.Time {
	if o.scheme == schemeX509 {
		return now
	}
	return o.SignedAt
}

// Open recognizes an object by its content and takes it apart, without judging what
// it says of itself. What is no signed object, or a damaged one, is an error in a
// sentence that says so; other errors are trouble with reading it.
func Open(ctx context.Context, src sign.Source) (*Object, error) {
	first, err := beginning(src)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimLeft(first, " \t\r\n"), []byte("{")) {
		return openJSON(ctx, src)
	}
	if bytes.HasPrefix(first, []byte("PK\x03\x04")) || hasEnd(src) {
		return openLambda(ctx, src)
	}
	return nil, mismatch("It is not signed: it is neither a ZIP archive nor a JSON object.")
}

// beginning is the first part of an object.
func beginning(src sign.Source) ([]byte, error) {
	b := make([]byte, min(src.Size(), 512))
	n, err := src.ReadAt(b, 0)
	if n < len(b) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read its beginning: %w", err)
	}
	return b, nil
}

// hasEnd tells whether an object ends as a ZIP archive does, however it begins.
func hasEnd(src sign.Source) bool {
	tail := make([]byte, min(src.Size(), 22+1<<16))
	n, _ := src.ReadAt(tail, src.Size()-int64(len(tail)))
	return bytes.Contains(tail[:n], []byte("PK\x05\x06"))
}

// openJSON tells the JSON objects apart by the names of their members.
func openJSON(ctx context.Context, src sign.Source) (*Object, error) {
	names := map[string]bool{}
	s := scan(ctx, src)
	err := s.object(func(name string) error {
		names[name] = true
		return s.skip()
	})
	switch {
	case err != nil:
		return nil, err
	case names["protected"] || names["signatures"]:
		return openEnvelope(ctx, src)
	case names["signature"] || names["signatureAlgorithm"]:
		return openFirmware(ctx, src)
	}
	return nil, mismatch("The JSON object is not signed.")
}

// checkChain bounds the work that certificates make: a key of a million bits, which
// anybody can make, would keep us busy for hours.
func checkChain(chain []*x509.Certificate) error {
	const most, longest = 16, 16 << 10 // AWS's have four, of less than a kilobyte each
	for i, c := range chain {
		if i == most || len(c.Raw) > longest {
			return corrupt("Its signature has more than %d certificates, or one of more than %d bytes.", most, longest)
		}
	}
	return nil
}

// arnForm is what an ARN of AWS Signer looks like.
var arnForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:aws[a-z-]*:signer:[a-z0-9-]{1,64}:[0-9]{12}:/[a-zA-Z0-9_/-]{1,200}$`)
})

// checkClaims holds the ARNs of a signature to what can be one, and be shown.
func checkClaims(c sign.Claims) error {
	for _, arn := range [...]string{c.Job, c.ProfileVersion} {
		if !arnForm().MatchString(arn) {
			return corrupt("Its signature names what is not an ARN of AWS Signer: %.200q.", arn)
		}
	}
	return nil
}
