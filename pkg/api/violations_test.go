package api_test

import (
	"strings"
	"testing"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
)

func TestViolations(t *testing.T) {
	const one = "1 validation error detected: "
	name := func(value string) string {
		return "Value '" + value + "' at 'profileName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}"
	}
	for _, tc := range []struct{ operation, given, want string }{
		{"GetSigningProfile", `{"profileName": "é_"}`, one + name("é_")},
		{"GetSigningProfile", `{"profileName": "ok\n"}`, one + name("ok\n")},
		{"GetSigningProfile", `{"profileName": "ok-"}`, one + name("ok-")},
		{"GetSigningProfile", `{"profileName": "x", "profileOwner": "12"}`,
			"4 validation errors detected: Value 'x' at 'profileName' failed to satisfy constraint: Member must have length greater than or equal to 2; " + name("x") +
				"; Value '12' at 'profileOwner' failed to satisfy constraint: Member must have length greater than or equal to 12; " +
				"Value '12' at 'profileOwner' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9]{12}$"},
		{"PutSigningProfile", `{"profileName": "ok", "signingMaterial": {}, "platformId": null}`,
			"2 validation errors detected: Value null at 'signingMaterial.certificateArn' failed to satisfy constraint: Member must not be null; " +
				"Value null at 'platformId' failed to satisfy constraint: Member must not be null"},
		{"ListSigningProfiles", `{"statuses": ["Active", "Lost"]}`,
			one + "Value '[Active, Lost]' at 'statuses' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [Active, Canceled, Revoked]]"},
		{"ListSigningProfiles", `{"maxResults": 0}`, one + "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"ListSigningProfiles", `{"maxResults": 26}`, one + "Value '26' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 25"},
		{"ListSigningProfiles", `{"maxResults": -99999999999999999999}`,
			one + "Value '-99999999999999999999' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"TagResource", `{"resourceArn": "a", "tags": {"a": "xxx", "aws:b": "c"}}`,
			one + "Value '{a=xxx, aws:b=c}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, " +
				"Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ^(?!aws:)[a-zA-Z+-=._:/]+$]"},
		{"TagResource", `{"resourceArn": "a", "tags": {"a": null}}`,
			one + "Value '{a=null}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must not be null]"},
		{"UntagResource", `{"resourceArn": "a", "tagKeys": []}`, one + "Value '[]' at 'tagKeys' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"ListSigningProfiles", `{"statuses": ["Active"], "maxResults": 25}`, ""},
		{"PutSigningProfile", `{"profileName": "ok", "platformId": "", "overrides": {"signingConfiguration": {"hashAlgorithm": "SHA384"}}}`, ""},
	} {
		if got := violations(api.Signer.Operation(tc.operation).Input, parse(t, tc.given)); got != tc.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", tc.operation, tc.given, got, tc.want)
		}
	}
}

// Names begin in small, and patterns may be written the way Java writes them.
func TestViolationsOfOtherServices(t *testing.T) {
	for _, tc := range []struct {
		shape       *api.Shape
		given, want string
	}{
		{api.IAM().Operation("ListAccessKeys").Input, `{"UserName": "a b", "Marker": "\u0100"}`,
			"2 validation errors detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+; " +
				"Value 'Ā' at 'marker' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\u0020-\\u00FF]+"},
		{api.ACM().Operation("ListCertificates").Input, `{"NextToken": "a\tÿ", "MaxItems": 1}`, ""},
	} {
		if got := violations(tc.shape, parse(t, tc.given)); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.given, got, tc.want)
		}
	}
}

// Blobs and times are shown as Java shows them.
func TestViolationsOfBlobs(t *testing.T) {
	in := document.New(document.Member{Name: "profileName", Value: "ok"}, document.Member{Name: "payloadFormat", Value: "x"},
		document.Member{Name: "payload", Value: make([]byte, 4097)})
	want := "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=4097 cap=4097]' at 'payload' failed to satisfy constraint: Member must have length less than or equal to 4096"
	if got := violations(api.Signer.Operation("SignPayload").Input, in); got != want {
		t.Errorf("got %s", got)
	}
	times := &api.Shape{Kind: api.List, Max: 1, Elem: &api.Shape{Kind: api.Timestamp}}
	two := document.List{time.Unix(0, 0), time.Unix(1, 0)}
	if got := violations(times, two); !strings.Contains(got, "Value '[1970-01-01T00:00:00Z, 1970-01-01T00:00:01Z]'") {
		t.Errorf("got %s", got)
	}
}

// A value that is not of its shape is a violation or none, never a panic.
func TestViolationsOfMisfits(t *testing.T) {
	values := []document.Value{nil, "x", int64(1), true, 1.5, []byte{1}, document.List{"x", nil}, document.New(document.Member{Name: "tags", Value: "x"})}
	for _, op := range api.Signer.Operations {
		for _, v := range values {
			op.Input.Violations(v)
			for _, m := range op.Input.Members {
				op.Input.Violations(document.New(document.Member{Name: m.Name, Value: v}))
			}
		}
	}
}

// Every pattern of the API is one that Go can apply.
func TestPatterns(t *testing.T) {
	var try func(s *api.Shape)
	try = func(s *api.Shape) {
		if s == nil {
			return
		}
		if s.Pattern != "" {
			s.Violations("aws:x") // panics over a pattern it cannot read
		}
		try(s.Key)
		try(s.Elem)
		for _, m := range s.Members {
			try(m.Shape)
		}
	}
	for _, op := range api.Signer.Operations {
		try(op.Input)
	}
	tag := &api.Shape{Kind: api.String, Pattern: "^(?!aws:)[a-z:]+$"}
	if violations(tag, "aws:x") == "" || violations(tag, "law:x") != "" {
		t.Error("the look-ahead is not looked at")
	}
}

func violations(s *api.Shape, v document.Value) string {
	if found := s.Violations(v); len(found) > 0 {
		return found.String()
	}
	return ""
}

func BenchmarkViolations(b *testing.B) {
	in := document.New(document.Member{Name: "profileName", Value: "web"}, document.Member{Name: "profileOwner", Value: "123456789012"})
	for b.Loop() {
		api.Signer.Operation("GetSigningProfile").Input.Violations(in)
	}
}

func parse(t *testing.T, text string) document.Value {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
