package verify_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/sign"
	"signer/pkg/verify"
)

// judgedBy says how a trust is to be changed before it judges.
type judgedBy func(*verify.Trust)

func at(t time.Time) judgedBy { return func(trust *verify.Trust) { trust.At = t } }

func publishers(t *testing.T, arns ...string) judgedBy {
	return func(trust *verify.Trust) {
		for _, arn := range arns {
			p, err := verify.ParsePublisher(arn)
			must(t, err)
			trust.Publishers = append(trust.Publishers, p)
		}
	}
}

// TestVerdicts is about what all signatures have in common that carry a chain, in
// both forms.
func TestVerdicts(t *testing.T) {
	id, other := authority(t, "Test"), authority(t, "Other")
	const profile = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/web"
	for name, tc := range map[string]struct {
		trust  judgedBy
		status verify.Status
		reason string
	}{
		"good":                 {nil, verify.Valid, ""},
		"in its last moment":   {at(claims.ExpiresAt.Add(-time.Second)), verify.Valid, ""},
		"expired":              {at(claims.ExpiresAt), verify.Expired, "expired at 2037-12-28T09:19:26Z"},
		"of a slow clock":      {at(signedAt.Add(-time.Minute)), verify.Valid, ""},
		"of the future":        {at(signedAt.Add(-time.Hour)), verify.Expired, "of a later time"},
		"by the version":       {publishers(t, claims.ProfileVersion), verify.Valid, ""},
		"by the profile":       {publishers(t, profile+"2", profile), verify.Valid, ""},
		"by another version":   {publishers(t, profile+"/0000000000"), verify.Mismatch, "not among those that are allowed"},
		"by a longer name":     {publishers(t, profile+"2", profile[:len(profile)-1]), verify.Mismatch, "not among those that are allowed"},
		"of another authority": {func(trust *verify.Trust) { trust.Roots = believe(other).Roots }, verify.Mismatch, `lead to "Test Root"`},
		"of two":               {func(trust *verify.Trust) { trust.Roots = believe(other, id).Roots }, verify.Valid, ""},
		"of nobody":            {func(trust *verify.Trust) { trust.Roots = nil }, verify.Mismatch, "No root certificate is trusted"},
		"of a part":            {func(trust *verify.Trust) { trust.Roots = id.Chain[1:2] }, verify.Valid, ""},
		"worst first":          {func(trust *verify.Trust) { trust.Roots = nil; trust.At = claims.ExpiresAt }, verify.Mismatch, "expired at"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, object := range [][]byte{signZip(t, archive(t, app...), id, claims), notate(t, id, claims)} {
				trust := believe(id)
				if tc.trust != nil {
					tc.trust(trust)
				}
				expect(t, judge(t, trust, object), tc.status, tc.reason)
			}
		})
	}
}

// TestVerdict holds a verdict to all that it tells.
func TestVerdict(t *testing.T) {
	id := authority(t, "Test")
	v := judge(t, believe(id), signZip(t, archive(t, app...), id, claims))
	if d := cmp.Diff(claims, v.Object.Claims); d != "" {
		t.Error(d)
	}
	if !slices.EqualFunc(v.Path, id.Chain, (*x509.Certificate).Equal) || v.Object.Platform != "AWSLambda-SHA384-ECDSA" || v.Revocation != verify.RevocationUnknown {
		t.Errorf("%+v", v)
	}
	v = judge(t, believe(id), notate(t, id, claims))
	want := sign.Claims{Job: claims.Job, ProfileVersion: claims.ProfileVersion, SignedAt: claims.SignedAt.Truncate(time.Second), ExpiresAt: claims.ExpiresAt.Truncate(time.Second)}
	if d := cmp.Diff(want, v.Object.Claims); d != "" {
		t.Error(d)
	}
	about := verify.Target{MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: "sha256:bafebd36189ad3688b7b3915ea55d461e0bfcfbdde11e54b0a123999fb6be50f", Size: 19}
	if d := cmp.Diff(&about, v.Object.Target); d != "" || v.Object.Platform != "Notation-OCI-SHA384-ECDSA" {
		t.Errorf("%s %s", v.Object.Platform, d)
	}
}

// TestPolicy is Lambda's: a warning lets everything pass but what is corrupt.
func TestPolicy(t *testing.T) {
	for status, want := range map[verify.Status][2]bool{
		verify.Valid: {true, true}, verify.Mismatch: {true, false}, verify.Expired: {true, false}, verify.Revoked: {true, false}, verify.Corrupt: {false, false},
	} {
		if got := [2]bool{verify.Warn.Accepts(status), verify.Enforce.Accepts(status)}; got != want {
			t.Errorf("%s: %v", status, got)
		}
	}
}

// TestUnsigned is about what carries no signature, or is nothing that could.
func TestUnsigned(t *testing.T) {
	trust := believe(authority(t, "Test"))
	plain := archive(t, app...)
	for name, tc := range map[string]struct {
		object string
		status verify.Status
		reason string
	}{
		"archive":            {string(plain), verify.Mismatch, "not signed"},
		"nothing":            {"", verify.Mismatch, "not signed"},
		"text":               {"hello", verify.Mismatch, "not signed"},
		"JSON":               {`{"name":"x","deep":{"a":[1,{"b":null}],"payload":"\u00e9"}}`, verify.Mismatch, "not signed"},
		"bad JSON":           {"{", verify.Corrupt, "cut short"},
		"cut off":            {string(plain[:100]), verify.Corrupt, "not a valid ZIP"},
		"other beginning":    {"xx" + string(plain[2:]), verify.Corrupt, "no local header"},
		"program in front":   {"#!/bin/sh\n" + string(plain), verify.Corrupt, "belong to no entry"},
		"empty archive":      {"PK\x05\x06" + string(make([]byte, 18)), verify.Corrupt, "empty"},
		"a blank and braces": {" \n{}", verify.Mismatch, "not signed"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, judge(t, trust, []byte(tc.object)), tc.status, tc.reason) })
	}
}

// TestSigners is about certificates that must not sign code.
func TestSigners(t *testing.T) {
	k := key(t, elliptic.P384(), "signer")
	for name, tc := range map[string]struct {
		change func(*x509.Certificate)
		reason string
	}{
		"an authority": {ca, "one of an authority"},
		"no usage":     {func(*x509.Certificate) {}, "not one for signatures"},
		"encipherment": {func(c *x509.Certificate) { leaf(c); c.KeyUsage |= x509.KeyUsageKeyEncipherment }, "not one for signatures"},
		"a server":     {func(c *x509.Certificate) { leaf(c); c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, "not one for signing code"},
		"too old":      {func(c *x509.Certificate) { leaf(c); c.NotAfter = signedAt.Add(-time.Minute) }, "was not valid when it signed"},
		"too young":    {func(c *x509.Certificate) { leaf(c); c.NotBefore = signedAt.Add(time.Minute) }, "was not valid when it signed"},
	} {
		t.Run(name, func(t *testing.T) {
			id := authorityFor(t, "Test", k, tc.change)
			expect(t, judge(t, believe(id), signZip(t, archive(t, app...), id, claims)), verify.Mismatch, tc.reason)
			expect(t, judge(t, believe(id), notate(t, id, claims)), verify.Mismatch, tc.reason)
		})
	}
}

// TestLargeCertificates is about certificates that would keep us busy.
func TestLargeCertificates(t *testing.T) {
	id := authorityFor(t, "Test", key(t, elliptic.P384(), "signer"), func(c *x509.Certificate) { leaf(c); c.DNSNames = []string{strings.Repeat("x", 20<<10)} })
	expect(t, judge(t, believe(id), signZip(t, archive(t, app...), id, claims)), verify.Corrupt, "more than 16384 bytes")
	expect(t, judge(t, believe(id), notate(t, id, claims)), verify.Corrupt, "more than 16384 bytes")
	id = authority(t, "Test")
	id.Chain = slices.Concat(id.Chain, slices.Repeat(id.Chain[2:], 14))
	expect(t, judge(t, believe(id), signZip(t, archive(t, app...), id, claims)), verify.Corrupt, "more than 16 certificates")
}

// TestNoTime is about a signature of the year 1, which is how times that are not
// there look in Go.
func TestNoTime(t *testing.T) {
	id := authority(t, "Test")
	c := claims
	c.SignedAt = time.Time{}
	trust := believe(id)
	trust.At = signedAt
	expect(t, judge(t, trust, signZip(t, archive(t, app...), id, c)), verify.Mismatch, "no time at which")
}

// answers are what is known of revocations.
type answers struct {
	revoked []string
	err     error
	asked   []verify.Question
}

func (a *answers) Revoked(_ context.Context, q verify.Question) ([]string, error) {
	a.asked = append(a.asked, q)
	return a.revoked, a.err
}

func TestRevocation(t *testing.T) {
	id := authority(t, "Test")
	object := signZip(t, archive(t, app...), id, claims)
	for name, tc := range map[string]struct {
		known  answers
		want   verify.Revocation
		status verify.Status
		reason string
	}{
		"none":        {answers{}, verify.NotRevoked, verify.Valid, ""},
		"unknown":     {answers{err: verify.ErrUnknown}, verify.RevocationUnknown, verify.Valid, ""},
		"job":         {answers{revoked: []string{claims.Job}}, verify.IsRevoked, verify.Revoked, claims.Job},
		"certificate": {answers{revoked: []string{"00ff"}}, verify.IsRevoked, verify.Revoked, "a certificate of its chain"},
	} {
		t.Run(name, func(t *testing.T) {
			trust := believe(id)
			trust.Revocations = &tc.known
			v := judge(t, trust, object)
			expect(t, v, tc.status, tc.reason)
			q := tc.known.asked[0]
			if v.Revocation != tc.want || q.Job != claims.Job || q.ProfileVersion != claims.ProfileVersion || !q.SignedAt.Equal(signedAt) || len(q.Certificates) != 3 {
				t.Errorf("%s, asked %+v", v.Revocation, q)
			}
			for i, c := range q.Certificates {
				if len(c) != 192 || i < 2 && c[96:] != q.Certificates[i+1][:96] || i == 2 && c[:96] != c[96:] {
					t.Errorf("certificate %d is %s", i, c)
				}
			}
		})
	}
	// Nobody is asked about a signature that is not trusted anyway.
	trust := believe(authority(t, "Other"))
	nosy := &answers{}
	trust.Revocations = nosy
	if v := judge(t, trust, object); v.Revocation != "" || len(nosy.asked) > 0 {
		t.Errorf("asked %v", nosy.asked)
	}
	trust = believe(id)
	trust.Revocations = &answers{err: io.ErrClosedPipe}
	if _, err := trust.Judge(t.Context(), bytes.NewReader(object)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

// broken is an object that cannot be read beyond a point.
type broken struct {
	*bytes.Reader
	from int64
}

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.from {
		return 0, io.ErrClosedPipe
	}
	return b.Reader.ReadAt(p, at)
}

// TestUnreadable tells trouble with reading from a verdict.
func TestUnreadable(t *testing.T) {
	id := authority(t, "Test")
	for name, object := range map[string][]byte{
		"ZIP": signZip(t, archive(t, app...), id, claims), "JSON": embed(t, "image", device(t, "d")), "JWS": notate(t, id, claims),
	} {
		for _, from := range []int64{0, 40, int64(len(object)) / 2, int64(len(object)) - 1} {
			if v, err := believe(id).Judge(t.Context(), broken{bytes.NewReader(object), from}); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s from %d: %v, %v", name, from, v, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if v, err := believe(id).Judge(ctx, bytes.NewReader(object)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

// TestMemory judges what is large, and what becomes large, in little memory.
func TestMemory(t *testing.T) {
	id := authority(t, "Test")
	for name, object := range map[string][]byte{
		"embedded": embed(t, strings.Repeat("image", 1<<20), device(t, "device")),
		"bomb":     signZip(t, archive(t, entry{"zeros", strings.Repeat("\x00", 16<<20)}), id, claims),
		"unsigned": []byte(`{"deep":"` + strings.Repeat("x", 8<<20) + `"}`),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		judge(t, believe(id), object)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
			t.Errorf("%s: %d bytes", name, used)
		}
	}
}

func TestParsePublisher(t *testing.T) {
	for arn, good := range map[string]bool{
		"arn:aws:signer:us-east-1:111122223333:/signing-profiles/web":                true,
		"arn:aws-cn:signer:cn-north-1:111122223333:/signing-profiles/web/abcDEF0123": true,
		"arn:aws:signer:us-east-1:111122223333:/signing-profiles/":                   false,
		"arn:aws:signer:us-east-1:111122223333:/signing-profiles":                    false,
		"arn:aws:signer:us-east-1:111122223333:/signing-profiles/web/":               false,
		"arn:aws:signer:us-east-1:111122223333:/signing-jobs/web":                    false,
		"web": false, "": false,
	} {
		if _, err := verify.ParsePublisher(arn); (err == nil) != good {
			t.Errorf("%s: %v", arn, err)
		}
	}
}

// TestPaths judges with ways to roots that are remembered: the time of each signature
// still counts, and so does each root.
func TestPaths(t *testing.T) {
	id, other := authority(t, "Test"), authority(t, "Other")
	trust := believe(id)
	trust.Paths = new(verify.Paths)
	late := claims
	late.SignedAt = signedAt.Add(100 * time.Hour)
	object := archive(t, app...)
	for range 2 {
		expect(t, judge(t, trust, signZip(t, object, id, claims)), verify.Valid, "")
		expect(t, judge(t, trust, signZip(t, object, id, late)), verify.Mismatch, "not valid when it signed")
		expect(t, judge(t, trust, signZip(t, object, other, claims)), verify.Mismatch, "not among the root certificates")
	}
	for i := range 20 { // more than are kept
		id := authorityFor(t, "Test", key(t, elliptic.P384(), strconv.Itoa(i)), leaf)
		v := judge(t, trust, signZip(t, object, id, claims))
		if expect(t, v, verify.Valid, ""); !v.Path[0].Equal(id.Chain[0]) || len(v.Path) != 3 {
			t.Errorf("%d: the path is another's", i)
		}
	}
}
