package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/notaryproject/notation-core-go/signature/jws"
	nx509 "github.com/notaryproject/notation-core-go/x509"

	"signer/pkg/sign"
	"signer/pkg/verify"
)

// forged is an envelope whose parts were changed before it was signed, so that
// nothing but the change is wrong with it.
type forged struct {
	header, outer map[string]any
	payload       string
}

func forge(t testing.TB, id sign.Identity, change func(*forged)) []byte {
	t.Helper()
	f := &forged{payload: descriptor, outer: map[string]any{}}
	text, err := base64.RawURLEncoding.DecodeString(member(t, notate(t, authority(t, "Test"), claims), "protected"))
	must(t, err)
	must(t, json.Unmarshal(text, &f.header))
	var chain [][]byte
	for _, c := range id.Chain {
		chain = append(chain, c.Raw)
	}
	f.header["alg"] = jwsName(id)
	f.outer["header"] = map[string]any{"x5c": chain}
	change(f)
	text, err = json.Marshal(f.header)
	must(t, err)
	f.set("protected", base64.RawURLEncoding.EncodeToString(text))
	f.set("payload", base64.RawURLEncoding.EncodeToString([]byte(f.payload)))
	f.set("signature", base64.RawURLEncoding.EncodeToString(jwsSign(t, id, f.outer["protected"].(string)+"."+f.outer["payload"].(string))))
	out, err := json.Marshal(f.outer)
	must(t, err)
	return out
}

// set sets a member that is not set.
func (f *forged) set(name string, v any) {
	if _, ok := f.outer[name]; !ok {
		f.outer[name] = v
	}
}

func member(t testing.TB, object []byte, name string) string {
	t.Helper()
	var all map[string]any
	must(t, json.Unmarshal(object, &all))
	return all[name].(string)
}

func jwsName(id sign.Identity) string {
	return map[int]string{256: "ES256", 384: "ES384", 521: "ES512", 2048: "PS256", 3072: "PS384", 4096: "PS512"}[bits(id)]
}

func bits(id sign.Identity) int {
	if k, ok := id.Key.(*ecdsa.PrivateKey); ok {
		return k.Params().BitSize
	}
	return id.Key.(*rsa.PrivateKey).Size() * 8
}

// jwsSign signs in the way of RFC 7518 with the algorithm for the key.
func jwsSign(t testing.TB, id sign.Identity, text string) []byte {
	t.Helper()
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[jwsName(id)[2:]]
	h := hash.New()
	h.Write([]byte(text))
	k, ok := id.Key.(*ecdsa.PrivateKey)
	if !ok {
		sig, err := id.Key.Sign(rand.Reader, h.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash})
		must(t, err)
		return sig
	}
	r, s, err := ecdsa.Sign(rand.Reader, k, h.Sum(nil))
	must(t, err)
	half := (k.Params().BitSize + 7) / 8
	return append(r.FillBytes(make([]byte, half)), s.FillBytes(make([]byte, half))...)
}

// notary has Notary Project's own library judge an envelope.
func notary(object []byte) error {
	e, err := jws.ParseEnvelope(object)
	if err != nil {
		return err
	}
	content, err := e.Verify()
	if err != nil {
		return err
	}
	info := content.SignerInfo
	return nx509.ValidateCodeSigningCertChain(info.CertificateChain, &info.SignedAttributes.SigningTime)
}

// TestAlgorithms verifies what all keys sign that Notary Project allows.
func TestAlgorithms(t *testing.T) {
	ec := func(curve elliptic.Curve) crypto.Signer { return key(t, curve, curve.Params().Name) }
	rs := func(bits int) crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		must(t, err)
		return k
	}
	for _, k := range []crypto.Signer{ec(elliptic.P256()), ec(elliptic.P384()), ec(elliptic.P521()), rs(2048)} {
		id := authorityFor(t, "Test", k, leaf)
		object := forge(t, id, func(*forged) {})
		v := judge(t, believe(id), object)
		expect(t, v, verify.Valid, "")
		must(t, notary(object))
		if v.Object.Algorithm != jwsName(id) {
			t.Errorf("%s", v.Object.Algorithm)
		}
		wrong := forge(t, id, func(f *forged) { f.outer["signature"] = strings.Repeat("A", 128) })
		expect(t, judge(t, believe(id), wrong), verify.Corrupt, "signature is not good")
	}
	for _, k := range []crypto.Signer{ec(elliptic.P224()), rs(1024)} {
		id := authorityFor(t, "Test", k, leaf)
		object := notate(t, authority(t, "Test"), claims)
		var outer map[string]any
		must(t, json.Unmarshal(object, &outer))
		outer["header"] = map[string]any{"x5c": [][]byte{id.Chain[0].Raw, id.Chain[1].Raw, id.Chain[2].Raw}}
		changed, err := json.Marshal(outer)
		must(t, err)
		expect(t, judge(t, believe(id), changed), verify.Corrupt, "not the one for the key")
	}
}

const (
	scheme   = "io.cncf.notary.signingScheme"
	authTime = "io.cncf.notary.authenticSigningTime"
	anyTime  = "io.cncf.notary.signingTime"
	expiry   = "io.cncf.notary.expiry"
	plugin   = "io.cncf.notary.verificationPlugin"
	job      = "com.amazonaws.signer.signingJob"
)

func uncritical(names ...string) func(*forged) {
	return func(f *forged) {
		f.header["crit"] = slices.DeleteFunc(f.header["crit"].([]any), func(v any) bool { return slices.Contains(names, v.(string)) })
	}
}

func critical(names ...string) func(*forged) {
	return func(f *forged) {
		for _, n := range names {
			f.header["crit"] = append(f.header["crit"].([]any), n)
		}
	}
}

func set(name string, v any) func(*forged) { return func(f *forged) { f.header[name] = v } }
func without(names ...string) func(*forged) {
	return func(f *forged) {
		uncritical(names...)(f)
		for _, n := range names {
			delete(f.header, n)
		}
	}
}

func both(changes ...func(*forged)) func(*forged) {
	return func(f *forged) {
		for _, c := range changes {
			c(f)
		}
	}
}

func chain(of ...*x509.Certificate) func(*forged) {
	return func(f *forged) {
		x5c := [][]byte{}
		for _, c := range of {
			x5c = append(x5c, c.Raw)
		}
		f.outer["header"] = map[string]any{"x5c": x5c}
	}
}

// TestEnvelopes changes envelopes in the ways of the service format, 8.4, and some
// more, and asks Notary Project's library too. It takes no more than ours does:
// what ours refuses alone is the last column.
func TestEnvelopes(t *testing.T) {
	id := authority(t, "Test")
	signer, between, root := id.Chain[0], id.Chain[1], id.Chain[2]
	alone := authorityAlone(t)
	for name, tc := range map[string]struct {
		change   func(*forged)
		status   verify.Status
		reason   string
		stricter bool // than Notary Project's library
	}{
		"nothing":                   {both(), verify.Valid, "", false},
		"fractions of seconds":      {set(authTime, "2026-09-28T09:19:26.806Z"), verify.Valid, "", false},
		"no expiry":                 {without(expiry), verify.Valid, "", false},
		"job not critical":          {uncritical(job), verify.Valid, "", false},
		"a signing agent":           {func(f *forged) { unsigned(f)["io.cncf.notary.signingAgent"] = "agent" }, verify.Valid, "", false},
		"a number, not critical":    {set("com.example.number", 1), verify.Valid, "", false},
		"expiry not critical":       {uncritical(expiry), verify.Corrupt, "does not say", false},
		"signing time not critical": {uncritical(authTime), verify.Corrupt, "does not say", false},
		"scheme not critical":       {uncritical(scheme), verify.Corrupt, "does not say", false},
		"nothing critical":          {func(f *forged) { delete(f.header, "crit") }, verify.Corrupt, "does not say", false},
		"critical twice":            {critical(scheme), verify.Corrupt, "says twice", false},
		"job critical twice":        {critical(job), verify.Corrupt, "says twice", true},
		"critical and absent":       {critical("com.example.absent"), verify.Corrupt, "nobody here understands", false},
		"critical and unknown":      {both(set("com.example.x", "y"), critical("com.example.x")), verify.Corrupt, "nobody here understands", true},
		"critical, and not there":   {func(f *forged) { delete(f.header, job) }, verify.Corrupt, "which is not there", false},
		"alg critical":              {critical("alg"), verify.Corrupt, "nobody here understands", false},
		"another signing time":      {set(anyTime, "2026-09-28T09:19:26Z"), verify.Corrupt, "signing time", false},
		"no signing time":           {without(authTime), verify.Corrupt, "signing time", false},
		"signing time of text":      {set(authTime, "yesterday"), verify.Corrupt, "not a time", false},
		"signing time of number":    {set(authTime, 1790000000), verify.Corrupt, "not a time", false},
		"expires at once":           {set(expiry, "2026-09-28T09:19:26Z"), verify.Corrupt, "expires before", false},
		"another scheme":            {set(scheme, "notary.x509.other"), verify.Corrupt, "scheme is unknown", false},
		"no scheme":                 {without(scheme), verify.Corrupt, "scheme is unknown", false},
		"another algorithm":         {set("alg", "ES256"), verify.Corrupt, "not the one for the key", false},
		"no algorithm":              {set("alg", "none"), verify.Corrupt, "not the one for the key", false},
		"a keyed algorithm":         {set("alg", "HS384"), verify.Corrupt, "not the one for the key", false},
		"another type":              {set("cty", "text/plain"), verify.Corrupt, "something else than an image", true},
		"another plugin":            {set(plugin, "com.example"), verify.Mismatch, "com.example", true},
		"no job":                    {without(job), verify.Corrupt, "not an ARN", true},
		"a job of text":             {set(job, "\x1b[31mred"), verify.Corrupt, "not an ARN", true},
		"signed too late":           {set(authTime, "2026-12-28T09:19:26Z"), verify.Mismatch, "not valid when it signed", false},
		"no root":                   {chain(signer, between), verify.Corrupt, "do not end with a root", false},
		"leaf only":                 {chain(signer), verify.Corrupt, "do not end with a root", false},
		"root first":                {chain(root, between, signer), verify.Corrupt, "stands among others", false},
		"root twice":                {chain(signer, between, root, root), verify.Corrupt, "stands among others", false},
		"one left out":              {chain(signer, root), verify.Corrupt, "not certified by the next", false},
		"no chain":                  {chain(), verify.Corrupt, "no certificates", false},
		"many":                      {chain(slices.Repeat([]*x509.Certificate{signer}, 17)...), verify.Corrupt, "more than 16 certificates", false},
		"not a certificate":         {func(f *forged) { f.outer["header"] = map[string]any{"x5c": []string{"AAAA"}} }, verify.Corrupt, "cannot be read", false},
		"chain of text":             {func(f *forged) { f.outer["header"] = map[string]any{"x5c": "AAAA"} }, verify.Corrupt, "where", false},
		"header twice":              {func(f *forged) { unsigned(f)[expiry] = "2099-01-01T00:00:00Z" }, verify.Corrupt, "there twice", true},
		"more members":              {func(f *forged) { f.outer["signatures"] = []any{} }, verify.Corrupt, `member "signatures"`, true},
		"padded":                    {func(f *forged) { f.outer["payload"] = base64.URLEncoding.EncodeToString([]byte(descriptor)) }, verify.Corrupt, "base64url", false},
		"payload is a list":         {func(f *forged) { f.payload = "[]" }, verify.Corrupt, "JSON", false},
		"payload of nothing":        {func(f *forged) { f.payload = "{}" }, verify.Corrupt, "names no image", true},
		"payload names two":         {func(f *forged) { f.payload = `{"targetArtifact":{"digest":"a"},` + descriptor[1:] }, verify.Corrupt, "occurs twice", true},
		"payload with more":         {func(f *forged) { f.payload = `{"x":1,` + descriptor[1:] }, verify.Valid, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			object := forge(t, id, tc.change)
			expect(t, judge(t, believe(id), object), tc.status, tc.reason)
			if good := notary(object) == nil; good != (tc.status == verify.Valid || tc.stricter) {
				t.Errorf("Notary Project's library: %v", notary(object))
			}
		})
	}
	// A chain of two certificates, and one of one, which certified itself.
	for _, id := range []sign.Identity{authorityBelow(t), alone} {
		object := forge(t, id, both())
		expect(t, judge(t, believe(id), object), verify.Valid, "")
		must(t, notary(object))
	}
}

func unsigned(f *forged) map[string]any { return f.outer["header"].(map[string]any) }

func authorityAlone(t testing.TB) sign.Identity {
	k := key(t, elliptic.P384(), "alone")
	return sign.Identity{Key: k, Chain: []*x509.Certificate{certify(t, "alone", k.Public(), nil, k, leaf)}}
}

// authorityBelow is a signer whom a root certified.
func authorityBelow(t testing.TB) sign.Identity {
	rootKey, k := key(t, elliptic.P384(), "r"), key(t, elliptic.P384(), "l")
	root := certify(t, "r", rootKey.Public(), nil, rootKey, ca)
	return sign.Identity{Key: k, Chain: []*x509.Certificate{certify(t, "l", k.Public(), root, rootKey, leaf), root}}
}

// TestSchemeX509 judges the chain at the time of the judgement where nobody vouches
// for the time of signing.
func TestSchemeX509(t *testing.T) {
	id := authority(t, "Test")
	object := forge(t, id, both(without(authTime, plugin, job, "com.amazonaws.signer.signingProfileVersion"), set(scheme, "notary.x509"), set(anyTime, "2026-09-28T09:19:26Z")))
	must(t, notary(object))
	trust := believe(id)
	expect(t, judge(t, trust, object), verify.Mismatch, "not valid when it signed, at 2027")
	trust.At = signedAt
	expect(t, judge(t, trust, object), verify.Valid, "")
	expect(t, judge(t, wanting(t, trust), object), verify.Mismatch, "names no signing profile")
}

// TestAuthorities is about certificates above the signer's, in an order that
// Notary Project wants.
func TestAuthorities(t *testing.T) {
	rootKey, caKey, k := key(t, elliptic.P384(), "r"), key(t, elliptic.P384(), "c"), key(t, elliptic.P384(), "l")
	root := certify(t, "r", rootKey.Public(), nil, rootKey, ca)
	for name, tc := range map[string]struct {
		change func(*x509.Certificate)
		good   bool
	}{
		"good":      {ca, true},
		"no CA":     {func(c *x509.Certificate) { ca(c); c.IsCA = false }, false},
		"no cert":   {func(c *x509.Certificate) { ca(c); c.KeyUsage = x509.KeyUsageCRLSign }, false},
		"no usage":  {func(c *x509.Certificate) { c.IsCA = true }, false},
		"path of 0": {func(c *x509.Certificate) { ca(c); c.MaxPathLenZero = true }, true},
	} {
		t.Run(name, func(t *testing.T) {
			between := certify(t, "c", caKey.Public(), root, rootKey, tc.change)
			id := sign.Identity{Key: k, Chain: []*x509.Certificate{certify(t, "l", k.Public(), between, caKey, leaf), between, root}}
			object := forge(t, id, both())
			status := judge(t, believe(id), object).Status
			if (status == verify.Valid) != tc.good || (notary(object) == nil) != tc.good {
				t.Errorf("%s, and %v", status, notary(object))
			}
		})
	}
}

// TestManifest holds an envelope to the manifest that it is about.
func TestManifest(t *testing.T) {
	id := authority(t, "Test")
	object := notate(t, id, claims)
	trust := believe(id)
	trust.Payload = payload(manifest)
	expect(t, judge(t, trust, object), verify.Valid, "")
	trust.Payload = payload(manifest + " ")
	expect(t, judge(t, trust, object), verify.Corrupt, "not made for the payload")
	trust.Payload = payload(strings.Replace(manifest, "2", "3", 1))
	expect(t, judge(t, trust, object), verify.Corrupt, "not made for the payload")
	odd := forge(t, id, func(f *forged) { f.payload = strings.Replace(descriptor, "sha256", "md5", 1) })
	expect(t, judge(t, trust, odd), verify.Corrupt, "unknown kind")
}

// TestEnvelopeTampered changes what is signed, and the signature.
func TestEnvelopeTampered(t *testing.T) {
	id := authority(t, "Test")
	object := string(notate(t, id, claims))
	for _, name := range []string{"payload", "protected", "signature"} {
		was := member(t, []byte(object), name)
		for i := 20; i < len(was); i += 37 {
			now := was[:i] + string(was[i]^1) + was[i+1:]
			if v := judge(t, believe(id), []byte(strings.Replace(object, was, now, 1))); v.Status != verify.Corrupt {
				t.Errorf("%s changed at %d: %s", name, i, v.Status)
			}
		}
	}
}
