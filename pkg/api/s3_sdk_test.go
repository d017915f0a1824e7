package api_test

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/api"
	"signer/pkg/document"
)

// Where the SDK that we build with knows more than the data. The data is that of
// the AWS CLI whose skeletons ours are held to, and that is older: it has neither
// event holds nor the storage of AWS Backup. ExpiresString is the SDK's own, for
// answers whose Expires is no date.
var s3Differences = []string{
	"GetObject output.ServerSideEncryption: the SDK has the value aws:backup, too",
	"GetObject output.StorageClass: the SDK has the value AWS_BACKUP_WARM, too",
	"GetObject output.StorageClass: the SDK has the value AWS_BACKUP_LOW_COST_WARM, too",
	"GetObject output: the SDK has ExpiresString, too",
	"GetObject output: the SDK has ObjectLockEventHold, too",
	"GetObject output: the SDK has ObjectLockEventHoldDurationDays, too",
	"GetObject output: the SDK has ObjectLockEventHoldDurationYears, too",
	"HeadObject output.ServerSideEncryption: the SDK has the value aws:backup, too",
	"HeadObject output.StorageClass: the SDK has the value AWS_BACKUP_WARM, too",
	"HeadObject output.StorageClass: the SDK has the value AWS_BACKUP_LOW_COST_WARM, too",
	"HeadObject output: the SDK has ExpiresString, too",
	"HeadObject output: the SDK has ObjectLockEventHold, too",
	"HeadObject output: the SDK has ObjectLockEventHoldDurationDays, too",
	"HeadObject output: the SDK has ObjectLockEventHoldDurationYears, too",
	"ListObjectsV2 output.Contents[].StorageClass: the SDK has the value AWS_BACKUP_WARM, too",
	"ListObjectsV2 output.Contents[].StorageClass: the SDK has the value AWS_BACKUP_LOW_COST_WARM, too",
	"PutObject input.ServerSideEncryption: the SDK has the value aws:backup, too",
	"PutObject input.StorageClass: the SDK has the value AWS_BACKUP_WARM, too",
	"PutObject input.StorageClass: the SDK has the value AWS_BACKUP_LOW_COST_WARM, too",
	"PutObject input: the SDK has ObjectLockEventHold, too",
	"PutObject input: the SDK has ObjectLockEventHoldDurationDays, too",
	"PutObject input: the SDK has ObjectLockEventHoldDurationYears, too",
	"PutObject output.ServerSideEncryption: the SDK has the value aws:backup, too",
}

func TestS3MembersAreTheSDKs(t *testing.T) {
	var found []string
	for _, op := range api.S3().Operations {
		_, in, out := method(t, (*s3.Client)(nil), op.Name)
		found = slices.Concat(found, differences(op.Name+" input", op.Input, in), differences(op.Name+" output", op.Output, out))
	}
	if diff := cmp.Diff(s3Differences, found); diff != "" {
		t.Error(diff)
	}
}

func TestStreamsPassByTheSDKsStructs(t *testing.T) {
	put, get := api.S3().Operation("PutObject"), api.S3().Operation("GetObject")
	in := s3.PutObjectInput{Body: strings.NewReader("kept")}
	params := document.New(document.Member{Name: "Key", Value: "k"}, document.Member{Name: "Body", Value: []byte("lost")})
	if err := put.Input.Decode(params, &in); err != nil || aws.ToString(in.Key) != "k" || in.Body == nil {
		t.Errorf("got %v, %v", in, err)
	}
	got := get.Output.Encode(&s3.GetObjectOutput{Body: io.NopCloser(in.Body), ETag: aws.String("e"), ContentLength: aws.Int64(4)})
	if want := `{"ContentLength": 4, "ETag": "e"}`; string(document.AppendJSON(nil, got)) != want {
		t.Errorf("got %s, want %s", document.AppendJSON(nil, got), want)
	}
}

func TestS3RequiredMembersAreTheSDKs(t *testing.T) {
	c := s3.New(s3.Options{Region: "us-east-1", Retryer: aws.NopRetryer{}, HTTPClient: refuse{}})
	for _, op := range api.S3().Operations {
		call, in, _ := method(t, c, op.Name)
		compareRequired(t, op, call, in)
	}
}

// What the SDK sends when every member of an input is set tells where each of them
// travels.
func TestS3RoutesAreTheSDKs(t *testing.T) {
	for _, op := range api.S3().Operations {
		var sent *http.Request
		c := s3.New(s3.Options{Region: "us-east-1", Retryer: aws.NopRetryer{}, Credentials: aws.AnonymousCredentials{}, UsePathStyle: true, HTTPClient: keep{&sent}})
		call, in, _ := method(t, c, op.Name)
		params := filled(in)
		if f := params.Elem().FieldByName("ChecksumAlgorithm"); f.IsValid() {
			f.SetString("CRC32") // an algorithm that the SDK knows how to compute
		}
		answer := call.Call([]reflect.Value{reflect.ValueOf(context.Background()), params})
		if sent == nil {
			t.Errorf("%s: the SDK sent nothing: %v", op.Name, answer[1])
			continue
		}
		compareS3Route(t, op, sent)
	}
}

func compareS3Route(t *testing.T, op *api.Operation, sent *http.Request) {
	t.Helper()
	path, query, _ := strings.Cut(op.Path, "?")
	path = strings.NewReplacer("{Bucket}", "x", "{Key+}", "x").Replace(path)
	if sent.Method != op.Method || sent.URL.Path != path {
		t.Errorf("%s: %s %s, the SDK sends %s %s", op.Name, op.Method, path, sent.Method, sent.URL.Path)
	}
	name, value, _ := strings.Cut(query, "=")
	if query != "" && sent.URL.Query().Get(name) != value || !sent.URL.Query().Has(name) && query != "" {
		t.Errorf("%s: the SDK sends %s, without %s", op.Name, sent.URL.RawQuery, query)
	}
	for _, m := range op.Input.Members {
		if !travels(&m, sent) {
			t.Errorf("%s.%s: the SDK does not send %s: %s %v", op.Name, m.Name, m.WireName(), sent.URL, sent.Header)
		}
	}
}

// travels tells whether a request holds a member where the data says.
func travels(m *api.Member, sent *http.Request) bool {
	switch {
	case m.In == api.Query:
		return sent.URL.Query().Has(m.WireName())
	case m.In == api.Header && m.Shape.Kind == api.Map:
		return sent.Header.Get(m.WireName()+"x") != ""
	case m.In == api.Header && m.Name == "ContentLength":
		return sent.ContentLength == 1
	case m.In == api.Header:
		return sent.Header.Get(m.WireName()) != ""
	case m.In == api.Payload:
		return sent.ContentLength > 0
	}
	return true
}
