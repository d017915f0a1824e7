package sign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
	"unicode/utf8"
)

// NotationPayload is the media type of what [Notation] signs: a JSON object that
// says which image, by its digest.
const NotationPayload = "application/vnd.cncf.notary.payload.v1+json"

// The envelope is a JWS in the flattened form of JSON (RFC 7515, 7.2.2) that
// Notary Project specifies, with what AWS Signer puts into it (service format
// 8.4).
type (
	envelope struct {
		Payload   string   `json:"payload"`
		Protected string   `json:"protected"`
		Header    unsigned `json:"header"`
		Signature string   `json:"signature"`
	}
	unsigned struct {
		Chain [][]byte `json:"x5c"`
	}
	protected struct {
		Algorithm      string   `json:"alg"`
		ContentType    string   `json:"cty"`
		Scheme         string   `json:"io.cncf.notary.signingScheme"`
		SignedAt       string   `json:"io.cncf.notary.authenticSigningTime"`
		ExpiresAt      string   `json:"io.cncf.notary.expiry"`
		Plugin         string   `json:"io.cncf.notary.verificationPlugin"`
		ProfileVersion string   `json:"com.amazonaws.signer.signingProfileVersion"`
		Job            string   `json:"com.amazonaws.signer.signingJob"`
		Critical       []string `json:"crit"`
	}
)

// Notation signs a payload of the type [NotationPayload], as it is, and returns
// the envelope that notation stores beside an image: the form of the
// Notation-OCI-SHA384-ECDSA platform. The key must be on P-384, and the chain end
// in its root. Times are kept to the second.
//
// A payload that is not a JSON object in UTF-8 is refused: nobody could verify
// its signature. How large it may be is for the caller to say.
func Notation(payload []byte, id Identity, c Claims, rand io.Reader) ([]byte, error) {
	if !isObject(payload) {
		return nil, refuse("The payload is not a JSON object.")
	}
	if err := id.p384(); err != nil {
		return nil, err
	}
	header, err := compact(c.protected())
	if err != nil {
		return nil, err
	}
	e := envelope{Payload: base64url(payload), Protected: base64url(header)}
	for _, certificate := range id.Chain {
		e.Header.Chain = append(e.Header.Chain, certificate.Raw)
	}
	signature, err := id.es384(e.Protected+"."+e.Payload, rand)
	if err != nil {
		return nil, fmt.Errorf("sign with ES384: %w", err)
	}
	e.Signature = base64url(signature)
	return compact(e)
}

// protected is the header that is signed. Whoever verifies must understand all
// that stands in it beside the algorithm and the type.
func (c Claims) protected() protected {
	return protected{
		Algorithm:      "ES384",
		ContentType:    NotationPayload,
		Scheme:         "notary.x509.signingAuthority",
		SignedAt:       wholeSeconds(c.SignedAt),
		ExpiresAt:      wholeSeconds(c.ExpiresAt),
		Plugin:         "com.amazonaws.signer.notation.plugin",
		ProfileVersion: c.ProfileVersion,
		Job:            c.Job,
		Critical: []string{
			"io.cncf.notary.signingScheme", "io.cncf.notary.authenticSigningTime", "io.cncf.notary.expiry", "io.cncf.notary.verificationPlugin",
			"com.amazonaws.signer.signingProfileVersion", "com.amazonaws.signer.signingJob",
		},
	}
}

func wholeSeconds(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func base64url(p []byte) string {
	return base64.RawURLEncoding.EncodeToString(p)
}

// isObject tells whether text is one JSON object and nothing else.
func isObject(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) && utf8.Valid(text) && json.Valid(text)
}

// p384 holds an identity to a key on P-384.
func (id Identity) p384() error {
	if err := id.check(); err != nil {
		return err
	}
	if key, ok := id.Key.Public().(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P384() {
		return errors.New("signing identity: a key on P-384 is needed")
	}
	return nil
}

// es384 signs text in the way of RFC 7518, 3.4, where a signature is two numbers
// of 48 bytes each. Keys answer them in ASN.1.
func (id Identity) es384(text string, rand io.Reader) ([]byte, error) {
	sum := sha512.Sum384([]byte(text))
	der, err := id.Key.Sign(rand, sum[:], crypto.SHA384)
	if err != nil {
		return nil, err
	}
	var numbers struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &numbers)
	if err != nil || len(rest) > 0 || !fits(numbers.R) || !fits(numbers.S) {
		return nil, errors.New("the key answers no ECDSA signature")
	}
	signature := make([]byte, 96)
	numbers.R.FillBytes(signature[:48])
	numbers.S.FillBytes(signature[48:])
	return signature, nil
}

// fits tells whether n can be half of a signature on P-384.
func fits(n *big.Int) bool {
	return n.Sign() > 0 && n.BitLen() <= 384
}
