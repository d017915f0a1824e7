package sign_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/jws"
	nx509 "github.com/notaryproject/notation-core-go/x509"

	"signer/pkg/sign"
)

// descriptor is a payload as notation sends it.
const descriptor = `{"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:73c803930ea3ba1e54bc25c2bdc53edd0284c62ed651fe7b00369da519a3c333","size":251}}`

// opaqueKey shows no more of a key than what crypto.Signer asks for.
type opaqueKey struct{ crypto.Signer }

func notation(t testing.TB, payload string, id sign.Identity) []byte {
	t.Helper()
	out, err := sign.Notation([]byte(payload), id, claims, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// verifyNotation has Notary Project's own library judge an envelope.
func verifyNotation(out []byte) (*signature.EnvelopeContent, error) {
	e, err := jws.ParseEnvelope(out)
	if err != nil {
		return nil, err
	}
	content, err := e.Verify()
	if err != nil {
		return nil, err
	}
	info := content.SignerInfo
	return content, nx509.ValidateCodeSigningCertChain(info.CertificateChain, &info.SignedAttributes.SigningTime)
}

func TestNotation(t *testing.T) {
	id := authority(t)
	id.Key = opaqueKey{id.Key}
	for _, payload := range []string{descriptor, " \n{ }\t", `{"a<b>&":"é\u0000","exp":1}`} {
		content, err := verifyNotation(notation(t, payload, id))
		if err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		if got := content.Payload; string(got.Content) != payload || got.ContentType != sign.NotationPayload {
			t.Errorf("got %s of type %s", got.Content, got.ContentType)
		}
		info, signed := content.SignerInfo, content.SignerInfo.SignedAttributes
		if !slices.EqualFunc(info.CertificateChain, id.Chain, (*x509.Certificate).Equal) {
			t.Error("the chain is another")
		}
		if info.SignatureAlgorithm != signature.AlgorithmES384 || signed.SigningScheme != signature.SigningSchemeX509SigningAuthority {
			t.Errorf("algorithm %v, scheme %s", info.SignatureAlgorithm, signed.SigningScheme)
		}
		if !signed.SigningTime.Equal(claims.SignedAt.Truncate(time.Second)) || !signed.Expiry.Equal(claims.ExpiresAt.Truncate(time.Second)) {
			t.Errorf("signed at %v, expires at %v", signed.SigningTime, signed.Expiry)
		}
		slices.SortFunc(signed.ExtendedAttributes, func(a, b signature.Attribute) int { return strings.Compare(a.Key.(string), b.Key.(string)) })
		if d := cmp.Diff([]signature.Attribute{
			{Key: "com.amazonaws.signer.signingJob", Critical: true, Value: claims.Job},
			{Key: "com.amazonaws.signer.signingProfileVersion", Critical: true, Value: claims.ProfileVersion},
			{Key: "io.cncf.notary.verificationPlugin", Critical: true, Value: "com.amazonaws.signer.notation.plugin"},
		}, signed.ExtendedAttributes); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(signature.UnsignedAttributes{}, info.UnsignedAttributes); d != "" {
			t.Error(d)
		}
	}
}

// oddKey answers a signature of its own choice.
type oddKey struct {
	crypto.Signer
	answer []byte
}

func (k oddKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return k.answer, nil }

func asn1Of(t testing.TB, r, s *big.Int) []byte {
	t.Helper()
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestNotationBytes holds an envelope to its bytes.
func TestNotationBytes(t *testing.T) {
	id := authority(t)
	id.Key = oddKey{id.Key, asn1Of(t, big.NewInt(1), big.NewInt(2))} // numbers that need zeros before them
	header := `{"alg":"ES384","cty":"application/vnd.cncf.notary.payload.v1+json","io.cncf.notary.signingScheme":"notary.x509.signingAuthority",` +
		`"io.cncf.notary.authenticSigningTime":"2026-09-28T09:19:26Z","io.cncf.notary.expiry":"2037-12-28T09:19:26Z",` +
		`"io.cncf.notary.verificationPlugin":"com.amazonaws.signer.notation.plugin",` +
		`"com.amazonaws.signer.signingProfileVersion":"` + claims.ProfileVersion + `","com.amazonaws.signer.signingJob":"` + claims.Job + `",` +
		`"crit":["io.cncf.notary.signingScheme","io.cncf.notary.authenticSigningTime","io.cncf.notary.expiry","io.cncf.notary.verificationPlugin",` +
		`"com.amazonaws.signer.signingProfileVersion","com.amazonaws.signer.signingJob"]}`
	var chain []string
	for _, c := range id.Chain {
		chain = append(chain, `"`+base64.StdEncoding.EncodeToString(c.Raw)+`"`)
	}
	numbers := append(make([]byte, 96)[:47], append(append([]byte{1}, make([]byte, 47)...), 2)...)
	url := base64.RawURLEncoding.EncodeToString
	want := `{"payload":"` + url([]byte(descriptor)) + `","protected":"` + url([]byte(header)) +
		`","header":{"x5c":[` + strings.Join(chain, ",") + `]},"signature":"` + url(numbers) + `"}`
	if d := cmp.Diff(want, string(notation(t, descriptor, id))); d != "" {
		t.Error(d)
	}
}

// changed is an envelope whose parts have been changed and which is signed
// again, so that nothing but the change is wrong with it.
func changed(t *testing.T, id sign.Identity, change func(header map[string]any, outer map[string]any)) []byte {
	t.Helper()
	var outer, header map[string]any
	must(t, json.Unmarshal(notation(t, descriptor, id), &outer))
	text, err := base64.RawURLEncoding.DecodeString(outer["protected"].(string))
	must(t, err)
	must(t, json.Unmarshal(text, &header))
	change(header, outer)
	text, err = json.Marshal(header)
	must(t, err)
	outer["protected"] = base64.RawURLEncoding.EncodeToString(text)
	sum := sha512.Sum384([]byte(outer["protected"].(string) + "." + outer["payload"].(string)))
	r, s, err := ecdsa.Sign(rand.Reader, id.Key.(*ecdsa.PrivateKey), sum[:])
	must(t, err)
	outer["signature"] = base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...))
	out, err := json.Marshal(outer)
	must(t, err)
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNotationChanged tells what of an envelope Notary Project's library insists
// on (service format 8.4), and so that it would find these faults in ours.
func TestNotationChanged(t *testing.T) {
	id := authority(t)
	without := func(name string) func(header, _ map[string]any) {
		return func(header, _ map[string]any) {
			header["crit"] = slices.DeleteFunc(header["crit"].([]any), func(v any) bool { return v == name })
		}
	}
	chain := func(keep ...int) func(_, outer map[string]any) {
		return func(_, outer map[string]any) {
			all := outer["header"].(map[string]any)["x5c"].([]any)
			kept := []any{}
			for _, i := range keep {
				kept = append(kept, all[i])
			}
			outer["header"].(map[string]any)["x5c"] = kept
		}
	}
	for name, tc := range map[string]struct {
		change func(header, outer map[string]any)
		good   bool
	}{
		"nothing":                   {func(_, _ map[string]any) {}, true},
		"expiry not critical":       {without("io.cncf.notary.expiry"), false},
		"signing time not critical": {without("io.cncf.notary.authenticSigningTime"), false},
		"scheme not critical":       {without("io.cncf.notary.signingScheme"), false},
		"job not critical":          {without("com.amazonaws.signer.signingJob"), true},
		"another signing time": {func(header, _ map[string]any) {
			header["io.cncf.notary.signingTime"] = header["io.cncf.notary.authenticSigningTime"]
		}, false},
		"no signing time": {func(header, _ map[string]any) { delete(header, "io.cncf.notary.authenticSigningTime") }, false},
		"expires at once": {func(header, _ map[string]any) {
			header["io.cncf.notary.expiry"] = header["io.cncf.notary.authenticSigningTime"]
		}, false},
		"signed too late":   {func(header, _ map[string]any) { header["io.cncf.notary.authenticSigningTime"] = "2026-12-28T09:19:26Z" }, false},
		"another algorithm": {func(header, _ map[string]any) { header["alg"] = "ES256" }, false},
		"no root":           {chain(0, 1), false},
		"leaf only":         {chain(0), false},
		"root first":        {chain(2, 1, 0), false},
		"no chain":          {chain(), false},
	} {
		_, err := verifyNotation(changed(t, id, tc.change))
		if (err == nil) != tc.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Any change of what is signed, or of the signature, shows.
func TestNotationTampered(t *testing.T) {
	out := notation(t, descriptor, authority(t))
	for _, member := range []string{"payload", "protected", "signature"} {
		at := bytes.Index(out, []byte(`"`+member+`":"`)) + len(member) + 4 + 10
		tampered := bytes.Clone(out)
		if tampered[at]++; tampered[at] == '{' || tampered[at] == '[' || tampered[at] == ':' {
			tampered[at] = 'A'
		}
		if _, err := verifyNotation(tampered); err == nil {
			t.Errorf("a changed %s passes", member)
		}
	}
}

func TestNotationRefuses(t *testing.T) {
	id := authority(t)
	for _, payload := range []string{"", "null", "[]", `"text"`, "{", "{}{}", `{"a":1,}`, "{'a':1}", "{\"a\":\"\xff\"}", "\ufeff{}"} {
		var refusal *sign.Refusal
		if _, err := sign.Notation([]byte(payload), id, claims, rand.Reader); !errors.As(err, &refusal) {
			t.Errorf("%q: got %v", payload, err)
		}
	}
	weak, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	huge := new(big.Int).Lsh(big.NewInt(1), 384)
	for name, tc := range map[string]struct {
		id   sign.Identity
		want string
	}{
		"P-256":         {selfSigned(t, weak), "signing identity: a key on P-384 is needed"},
		"RSA":           {rsaIdentity(t), "signing identity: a key on P-384 is needed"},
		"nobody":        {sign.Identity{}, "signing identity: a key and its certificate are needed"},
		"another key":   {sign.Identity{Key: weak, Chain: id.Chain}, "signing identity: the certificate does not belong to the key"},
		"text":          {sign.Identity{Key: oddKey{id.Key, []byte("MADE UP")}, Chain: id.Chain}, "sign with ES384: the key answers no ECDSA signature"},
		"large numbers": {sign.Identity{Key: oddKey{id.Key, asn1Of(t, huge, big.NewInt(1))}, Chain: id.Chain}, "sign with ES384: the key answers no ECDSA signature"},
		"zero":          {sign.Identity{Key: oddKey{id.Key, asn1Of(t, big.NewInt(1), new(big.Int))}, Chain: id.Chain}, "sign with ES384: the key answers no ECDSA signature"},
		"more":          {sign.Identity{Key: oddKey{id.Key, append(asn1Of(t, big.NewInt(1), big.NewInt(1)), 0)}, Chain: id.Chain}, "sign with ES384: the key answers no ECDSA signature"},
	} {
		if _, err := sign.Notation([]byte(descriptor), tc.id, claims, rand.Reader); err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Payloads come from strangers: whatever is signed can be verified.
func FuzzNotation(f *testing.F) {
	id := authority(f)
	for _, seed := range []string{descriptor, "{}", "[]", "", `{"a":{"a":[1e999]}}`, "{\"\xff\":1}", `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		out, err := sign.Notation([]byte(payload), id, claims, rand.Reader)
		var refusal *sign.Refusal
		if errors.As(err, &refusal) {
			return
		}
		must(t, err)
		content, err := verifyNotation(out)
		if err != nil || string(content.Payload.Content) != payload {
			t.Errorf("%q: %v", payload, err)
		}
	})
}
