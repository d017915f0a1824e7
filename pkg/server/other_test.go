package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/accesslog"
	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/server"
)

// others serves ACM and IAM. The calls answer what give says.
func others(t *testing.T, give func(by server.Caller, op *api.Operation, params *document.Object) (*document.Object, error)) string {
	call := func(ctx context.Context, by server.Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
		if accesslog.Of(ctx) == nil {
			t.Error("there is no entry")
		}
		return give(by, op, params)
	}
	s := serve(t, &fake{}, func(c *server.Config) {
		c.MaxBody = 4096
		c.Services = map[string]http.Handler{
			"acm": server.JSON(*c, api.ACM(), "CertificateManager", call),
			"iam": server.Query(*c, api.IAM(), "https://iam.example/", call),
		}
	})
	return s.URL
}

// ask sends a signed request and returns the answer with the request's id left out.
func ask(t *testing.T, url, service, body string, change ...func(*http.Request, *aws.Credentials)) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	must(t, err)
	key := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	for _, f := range change {
		f(r, &key)
	}
	sum := sha256.Sum256([]byte(body))
	must(t, v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(sum[:]), service, region, time.Now()))
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	id := answer.Header.Get("X-Amzn-Requestid")
	if len(id) != 36 {
		t.Errorf("the id is %q", id)
	}
	return strings.TrimSpace(answer.Status[:3] + " " + answer.Header.Get("Content-Type") + " " + strings.ReplaceAll(string(text), id, "ID"))
}

func target(name string) func(*http.Request, *aws.Credentials) {
	return func(r *http.Request, _ *aws.Credentials) {
		r.Header.Set("X-Amz-Target", "CertificateManager."+name)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
}

func TestJSONService(t *testing.T) {
	url := others(t, func(by server.Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
		if diff := cmp.Diff(server.Caller{Account: account, Principal: principal, KeyID: keyID, Region: region}, by); diff != "" {
			t.Error(diff)
		}
		switch op.Name {
		case "ImportCertificate":
			key, _ := params.Get("PrivateKey")
			return document.New(document.Member{Name: "CertificateArn", Value: "key " + string(key.([]byte))}), nil
		case "DeleteCertificate":
			if arn, _ := params.Get("CertificateArn"); arn == "arn:aws:acm:r:111122223333:certificate/gone" {
				return nil, &types.ResourceNotFoundException{Message: aws.String("gone")} // of which AWS Signer says 404
			}
			return document.New(), nil
		case "ListCertificates":
			return nil, errors.New("a secret")
		}
		at := time.Unix(1700000000, 0)
		return document.New(document.Member{Name: "Certificate", Value: document.New(
			document.Member{Name: "CreatedAt", Value: at}, document.Member{Name: "ImportedAt", Value: at.Add(250 * time.Millisecond)},
			document.Member{Name: "InUseBy", Value: document.List{"a"}})}), nil
	})
	const arn = `{"CertificateArn": "arn:aws:acm:r:111122223333:certificate/x"}`
	const kind = "application/x-amz-json-1.1"
	for _, tc := range []struct{ op, body, want string }{
		{"ImportCertificate", `{"Certificate": "YQ==", "PrivateKey": "a2V5"}`, `200 ` + kind + ` {"CertificateArn": "key key"}`},
		{"DescribeCertificate", arn, `200 ` + kind + ` {"Certificate": {"CreatedAt": 1700000000, "ImportedAt": 1700000000.25, "InUseBy": ["a"]}}`},
		{"DeleteCertificate", arn, `200`},
		{"DeleteCertificate", strings.Replace(arn, "/x", "/gone", 1), `400 ` + kind + ` {"__type": "ResourceNotFoundException", "message": "gone"}`},
		{"ListCertificates", ``, `500 ` + kind + ` {"__type": "InternalFailure", "message": "The service could not carry out the request because of an internal error."}`},
		{"DescribeCertificate", `{}`, `400 ` + kind + ` {"__type": "ValidationException", "message": "1 validation error detected: Value null at 'certificateArn' failed to satisfy constraint: Member must not be null"}`},
		{"DescribeCertificate", `{"CertificateArn": 1}`, `400 ` + kind + ` {"__type": "SerializationException", "message": "CertificateArn: NUMBER_VALUE can not be converted to a String"}`},
		{"DescribeCertificate", `[`, `400 ` + kind + ` {"__type": "SerializationException", "message": "the body is not JSON: Expecting value: line 1 column 2 (char 1)"}`},
		{"RequestCertificate", `{}`, `400 ` + kind + ` {"__type": "UnknownOperationException", "message": "There is no such operation of AWS Certificate Manager here."}`},
		{"DescribeCertificate", strings.Repeat(" ", 5000), `413 ` + kind + ` {"__type": "RequestEntityTooLargeException", "message": "The body of a request may have 4096 bytes."}`},
	} {
		if got := ask(t, url, "acm", tc.body, target(tc.op)); got != tc.want {
			t.Errorf("%s %.40s:\ngot  %s\nwant %s", tc.op, tc.body, got, tc.want)
		}
	}
	stranger := ask(t, url, "acm", arn, target("DescribeCertificate"), func(_ *http.Request, key *aws.Credentials) { key.AccessKeyID = "AKIDOTHER" })
	if want := `400 ` + kind + ` {"__type": "UnrecognizedClientException", "message": "The security token included in the request is invalid."}`; stranger != want {
		t.Errorf("got %s", stranger)
	}
}

func TestQueryService(t *testing.T) {
	url := others(t, func(by server.Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
		user, _ := params.Get("UserName")
		metadata := document.New(document.Member{Name: "UserName", Value: user}, document.Member{Name: "CreateDate", Value: time.Unix(1700000000, 5)})
		switch op.Name {
		case "CreateAccessKey":
			return nil, &engine.APIError{Code: "LimitExceeded", Message: "no <more> for " + user.(string), Status: 409}
		case "DeleteAccessKey":
			return document.New(), nil
		case "ListAccessKeys":
			most, _ := params.Get("MaxItems")
			return document.New(document.Member{Name: "IsTruncated", Value: most == int64(1)}, document.Member{Name: "AccessKeyMetadata", Value: document.List{metadata, metadata}}), nil
		}
		panic("oh")
	})
	formed := func(r *http.Request, _ *aws.Credentials) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	failed := func(code, message string) string {
		return `text/xml <ErrorResponse xmlns="https://iam.example/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>` + message + `</Message></Error><RequestId>ID</RequestId></ErrorResponse>`
	}
	const row = `<member><UserName>a+b</UserName><CreateDate>2023-11-14T22:13:20Z</CreateDate></member>`
	for body, want := range map[string]string{
		"Action=ListAccessKeys&Version=2010-05-08&UserName=a%2Bb&MaxItems=1": `200 text/xml <ListAccessKeysResponse xmlns="https://iam.example/"><ListAccessKeysResult><AccessKeyMetadata>` + row + row +
			`</AccessKeyMetadata><IsTruncated>true</IsTruncated></ListAccessKeysResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></ListAccessKeysResponse>`,
		"Action=DeleteAccessKey&AccessKeyId=AKIAAAAAAAAAAAAAAAAA": `200 text/xml <DeleteAccessKeyResponse xmlns="https://iam.example/"><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></DeleteAccessKeyResponse>`,
		"Action=CreateAccessKey&UserName=%40":                     `409 ` + failed("LimitExceeded", "no &lt;more&gt; for @"),
		"Action=CreateAccessKey&UserName=%3C":                     `400 ` + failed("ValidationError", `1 validation error detected: Value &#39;&lt;&#39; at &#39;userName&#39; failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`),
		"Action=ListAccessKeys&MaxItems=x":                        `400 ` + failed("SerializationException", "MaxItems: STRING_VALUE can not be converted to an Integer"),
		"Action=Own%3Cer&Version=1":                               `400 ` + failed("InvalidAction", "Could not find operation Own&lt;er for version 1"),
		"Action=%zz":                                              `400 ` + failed("MalformedQueryString", `The body is not a form: invalid URL escape &#34;%zz&#34;`),
	} {
		if got := ask(t, url, "iam", body, formed); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", body, got, want)
		}
	}
	broken := ask(t, url, "iam", "Action=UpdateAccessKey&Status=Active&AccessKeyId=AKIAAAAAAAAAAAAAAAAA", formed)
	if !strings.HasPrefix(broken, "500 ") || !strings.Contains(broken, "<Type>Receiver</Type><Code>ServiceFailure</Code><Message>The service could not ") || strings.Contains(broken, "oh") {
		t.Errorf("got %s", broken)
	}
	inQuery := ask(t, url+"/?Action=ListAccessKeys&UserName=a%2Bb", "iam", "", func(r *http.Request, _ *aws.Credentials) { r.Method, r.Body = "GET", nil })
	if !strings.Contains(inQuery, row) {
		t.Errorf("got %s", inQuery)
	}
	for code, change := range map[string]func(*http.Request, *aws.Credentials){
		"InvalidClientTokenId":  func(_ *http.Request, key *aws.Credentials) { key.AccessKeyID = "AKIDOTHER" },
		"SignatureDoesNotMatch": func(_ *http.Request, key *aws.Credentials) { key.SecretAccessKey = "guessed" },
	} {
		if got := ask(t, url, "iam", "Action=ListAccessKeys", formed, change); !strings.HasPrefix(got, "403 ") || !strings.Contains(got, "<Code>"+code+"</Code>") {
			t.Errorf("got %s", got)
		}
	}
}
