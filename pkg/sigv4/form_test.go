package sigv4_test

import (
	"testing"

	"signer/pkg/sigv4"
)

// The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html.
const examplePolicy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"

func TestForm(t *testing.T) {
	good := sigv4.Form{
		Credential: "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request", Date: "20151229T000000Z", Policy: examplePolicy,
		Signature: "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e",
	}
	for _, tc := range []struct {
		name, now string
		change    func(f *sigv4.Form)
		want      string
	}{
		{"as documented", "20151229T000000Z", func(*sigv4.Form) {}, ""},
		{"six days later", "20160104T000000Z", func(*sigv4.Form) {}, ""},
		{"eight days later", "20160106T000000Z", func(*sigv4.Form) {}, "clock"},
		{"of the future", "20151228T000000Z", func(*sigv4.Form) {}, "clock"},
		{"another policy", "20151229T000000Z", func(f *sigv4.Form) { f.Policy = f.Policy[1:] }, "mismatch"},
		{"another signature", "20151229T000000Z", func(f *sigv4.Form) { f.Signature = "9" + f.Signature[1:] }, "mismatch"},
		{"no signature", "20151229T000000Z", func(f *sigv4.Form) { f.Signature = "" }, "mismatch"},
		{"another day", "20151229T000000Z", func(f *sigv4.Form) { f.Date = "20151230T000000Z" }, "scope"},
		{"another service", "20151229T000000Z", func(f *sigv4.Form) { f.Credential = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s4/aws4_request" }, "scope"},
		{"no credential", "20151229T000000Z", func(f *sigv4.Form) { f.Credential = "x" }, "malformed"},
		{"unknown key", "20151229T000000Z", func(f *sigv4.Form) { f.Credential = "AKIANOBODY/20151229/us-east-1/s3/aws4_request" }, "unknown"},
		{"a token", "20151229T000000Z", func(f *sigv4.Form) { f.Token = "x" }, "unknown"},
	} {
		f := good
		tc.change(&f)
		verified, err := verifier(t, tc.now).VerifyForm(t.Context(), f)
		if got := problem(err); got != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err == nil && verified.KeyID != "AKIAIOSFODNN7EXAMPLE" {
			t.Errorf("%s: the key is %s", tc.name, verified.KeyID)
		}
	}
}

func problem(err error) string {
	e, ok := err.(*sigv4.Error)
	if !ok {
		return ""
	}
	return map[sigv4.Problem]string{sigv4.Malformed: "malformed", sigv4.Scope: "scope", sigv4.Clock: "clock", sigv4.UnknownKey: "unknown", sigv4.Mismatch: "mismatch"}[e.Problem]
}
