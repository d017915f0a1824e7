package verify_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/sign"
	"signer/pkg/verify"
)

func TestEmbedded(t *testing.T) {
	id, other, rs := device(t, "device"), device(t, "other"), rsaIdentity(t, 2048)
	image := strings.Repeat("image \x00\xff", 30_000)
	for name, tc := range map[string]struct {
		object []byte
		trust  *verify.Trust
		status verify.Status
		reason string
	}{
		"good":       {embed(t, image, id), know(id), verify.Valid, ""},
		"one of two": {embed(t, image, id), know(other, id), verify.Valid, ""},
		"empty":      {embed(t, "", id), know(id), verify.Valid, ""},
		"RSA":        {embed(t, image, rs), know(id, rs), verify.Valid, ""},
		"other":      {embed(t, image, id), know(other, rs), verify.Corrupt, "signed with a certificate that is not known"},
		"unknown":    {embed(t, image, id), believe(id), verify.Mismatch, "no certificate, and none is known"},
		"publisher":  {embed(t, image, id), wanting(t, know(id)), verify.Mismatch, "names no signing profile"},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(t, tc.trust, tc.object)
			expect(t, v, tc.status, tc.reason)
			if v.Status == verify.Valid && (v.Signer == nil || v.Object.Platform != "AmazonFreeRTOS-Default" || v.Object.Format != "JSONEmbedded") {
				t.Errorf("%+v", v)
			}
		})
	}
}

func wanting(t *testing.T, trust *verify.Trust) *verify.Trust {
	publishers(t, claims.ProfileVersion)(trust)
	return trust
}

func TestEmbeddedTI(t *testing.T) {
	id := rsaIdentity(t, 2048)
	var out bytes.Buffer
	must(t, sign.EmbeddedTI(t.Context(), &out, strings.NewReader("image"), id, rand.Reader))
	v := judge(t, know(id), out.Bytes())
	expect(t, v, verify.Valid, "")
	if v.Object.Platform != "AmazonFreeRTOS-TI-CC3220SF" {
		t.Error(v.Object.Platform)
	}
}

func TestDetached(t *testing.T) {
	id := device(t, "device")
	object := detach(t, "image", id)
	for name, tc := range map[string]struct {
		payload string
		status  verify.Status
		reason  string
	}{
		"good":    {"image", verify.Valid, ""},
		"changed": {"imagE", verify.Corrupt, "was changed"},
		"longer":  {"image2", verify.Corrupt, "6 bytes, and 5 were signed"},
	} {
		t.Run(name, func(t *testing.T) {
			trust := know(id)
			trust.Payload = payload(tc.payload)
			expect(t, judge(t, trust, object), tc.status, tc.reason)
		})
	}
	trust := know(id)
	trust.Fetch = func(_ context.Context, at sign.Location) (io.ReadCloser, error) {
		if d := cmp.Diff(sign.Location{Bucket: "source", Key: "image.bin", Version: "v1"}, at); d != "" {
			t.Error(d)
		}
		return payload("image")(t.Context())
	}
	v := judge(t, trust, object)
	expect(t, v, verify.Valid, "")
	if v.Object.Platform != "AWSIoTDeviceManagement-SHA256-ECDSA" || v.Object.Format != "JSONDetached" {
		t.Errorf("%+v", v.Object)
	}
	if _, err := know(id).Judge(t.Context(), bytes.NewReader(object)); !errors.Is(err, verify.ErrNoPayload) {
		t.Errorf("got %v", err)
	}
	trust.Fetch = func(context.Context, sign.Location) (io.ReadCloser, error) { return nil, fs.ErrPermission }
	if _, err := trust.Judge(t.Context(), bytes.NewReader(object)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

// TestPretty takes the object in another layout and order of members, as people's
// tools leave it.
func TestPretty(t *testing.T) {
	id := device(t, "device")
	var all map[string]any
	must(t, json.Unmarshal(embed(t, "\xff\xff\xff image", id), &all))
	pretty, err := json.MarshalIndent(all, "\t", "    ")
	must(t, err)
	expect(t, judge(t, know(id), pretty), verify.Valid, "")
	escaped := bytes.ReplaceAll(pretty, []byte("/"), []byte(`\/`))
	if bytes.Equal(escaped, pretty) {
		t.Fatal("there is nothing to escape")
	}
	expect(t, judge(t, know(id), escaped), verify.Valid, "")
	expect(t, judge(t, know(id), bytes.ReplaceAll(pretty, []byte("/"), []byte(`\u002f`))), verify.Valid, "")
}

// TestFirmwareRefused is about objects that two readers could read in two ways, or
// that lack something.
func TestFirmwareRefused(t *testing.T) {
	id := device(t, "device")
	good := string(embed(t, "image", id))
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, tc := range map[string]struct{ object, reason string }{
		"payload twice":     {swap("{", `{"payload":"aW1hZ2U=",`), "occurs twice"},
		"payload escaped":   {swap("{", `{"p\u0061yload":"aW1hZ2U=",`), "occurs twice"},
		"payload in case":   {swap("{", `{"Payload":"aW1hZ2U=",`), `member "Payload"`},
		"signature twice":   {swap("{", `{"signature":"",`), "occurs twice"},
		"something else":    {swap("{", `{"more":[1,{"a":"}"}],`), `member "more"`},
		"no size":           {swap(`"rawPayloadSize":5,`, ""), "lacks a member"},
		"no algorithm":      {swap(`,"signatureAlgorithm":"SHA256withECDSA"`, ""), "lacks a member"},
		"no payload":        {swap(`,"payload":"aW1hZ2U="`, ""), "lacks a member"},
		"two payloads":      {swap("{", `{"payloadLocation":{"s3":{"bucketName":"b","key":"k","version":"v"}},`), "lacks a member"},
		"another size":      {swap("Size\":5", "Size\":6"), "5 bytes, and it says 6"},
		"a size of text":    {swap("Size\":5", "Size\":\"5\""), "no value where one belongs"},
		"a size of zeros":   {swap("Size\":5", "Size\":05"), "no value where one belongs"},
		"a negative size":   {swap("Size\":5", "Size\":-5"), "no number where one belongs"},
		"a size of null":    {swap("Size\":5", "Size\":null"), "no number where one belongs"},
		"other algorithm":   {swap("SHA256withECDSA", "SHA1withECDSA"), "of a kind that AWS Signer does not make"},
		"RSA by name":       {swap("SHA256withECDSA", "SHA256withRSA"), "certificate that is not known"},
		"changed":           {swap("aW1hZ2U=", "aW1hZ2V="), "not base64"}, // the bits behind the end are not zero
		"other payload":     {swap("aW1hZ2U=", "aW1hZ0U="), "was changed"},
		"padding within":    {swap("aW1hZ2U=", "aW1h=Z2U="), "not base64"},
		"padding and more":  {swap("aW1hZ2U=", "aW1hZ2U=aW1h"), "not base64"},
		"too much padding":  {swap("aW1hZ2U=", "aW1hZ2U====="), "not base64"},
		"no padding":        {swap("aW1hZ2U=", "aW1hZ2U"), "not base64"},
		"a line break":      {swap("aW1hZ2U=", `aW1h\nZ2U=`), "not base64"},
		"base64url":         {swap("aW1hZ2U=", "aW1h-2U="), "not base64"},
		"payload of null":   {swap(`"aW1hZ2U="`, "null"), "where"},
		"signature cut":     {swap(`"signature":"M`, `"signature":"`), "not the base64"},
		"something behind":  {good + "{}", "something follows"},
		"a second behind":   {good + good, "something follows"},
		"cut off":           {good[:len(good)-1], "cut short"},
		"cut off in a text": {good[:len(good)-5], "cut short"},
		"a comma too many":  {swap(`"}`, `",}`), "where"},
		"a control":         {swap("aW1hZ2U=", "aW1h\nZ2U="), "control character"},
		"half a character":  {swap("SHA256withECDSA", `\ud800`), "half a character"},
		"half, and text":    {swap("SHA256withECDSA", `\ud800ab`), "half a character"},
		"odd escape":        {swap("SHA256withECDSA", `\x41`), "an escape that there is not"},
		"odd digits":        {swap("SHA256withECDSA", `\u+041`), "an escape that there is not"},
		"not UTF-8":         {swap("SHA256withECDSA", "\xff"), "not UTF-8"},
		"long name":         {swap("{", `{"`+strings.Repeat("x", 2000)+`":1,`), "too long"},
		"long signature":    {swap(`"signature":"`, `"signature":"`+strings.Repeat("x", 2<<20)), "too long"},
		"deep":              {swap("{", `{"deep":`+strings.Repeat("[", 1<<20)+strings.Repeat("]", 1<<20)+","), "nested too deeply"},
		"no JSON within":    {swap("{", `{"more":[1 2],`), "where"},
		"no JSON word":      {swap("{", `{"more":nil,`), "no value where one belongs"},
		"no value":          {swap("{", `{"more":,`), "no value where one belongs"},
		"no name":           {swap("{", `{"more":{1:2},`), "where"},
		"many members":      {swap("{", manyMembers()), "too many members"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, judge(t, know(id), []byte(tc.object)), verify.Corrupt, tc.reason) })
	}
}

func manyMembers() string {
	var b strings.Builder
	b.WriteString("{")
	for i := range 1100 {
		b.WriteString(`"m` + strconv.Itoa(i) + `":0,`)
	}
	return b.String()
}

// TestDetachedRefused is about the place of a payload.
func TestDetachedRefused(t *testing.T) {
	id := device(t, "device")
	good := string(detach(t, "image", id))
	for name, tc := range map[string]struct{ old, new, reason string }{
		"elsewhere":  {`"s3"`, `"s4"`, "not in a bucket"},
		"more":       {`"key"`, `"region":"r","key"`, "more to its payload's place"},
		"twice":      {`"key"`, `"key":"other","key"`, "occurs twice"},
		"a text":     {`{"s3":{"bucketName":"source","key":"image.bin","version":"v1"}}`, `"here"`, "where"},
		"RSA":        {"SHA256withECDSA", "SHA256withRSA", "of a kind that AWS Signer does not make"},
		"a long key": {"image.bin", strings.Repeat("k", 5000), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			trust := know(id)
			trust.Payload = payload("image")
			expect(t, judge(t, trust, []byte(strings.Replace(good, tc.old, tc.new, 1))), verify.Corrupt, tc.reason)
		})
	}
}
