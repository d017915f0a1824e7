package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/api"
	"signer/pkg/document"
)

func TestCLIName(t *testing.T) {
	for name, want := range map[string]string{
		"StartSigningJob": "start-signing-job", "profileVersionArn": "profile-version-arn", "ListObjectsV2": "list-objects-v2",
		"ContentMD5": "content-md5", "MFA": "mfa", "SSEKMSKeyId": "ssekms-key-id", "ChecksumCRC32": "checksum-crc32",
		"ChecksumCRC64NVME": "checksum-crc64-nvme", "SSECustomerKeyMD5": "sse-customer-key-md5", "GrantReadACP": "grant-read-acp",
		"isRevoked": "is-revoked", "reason": "reason",
	} {
		if got := api.CLIName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// Each doc is a sentence of its own: it begins with a capital and ends in a full
// stop; skeletons show its first sentence, so that must stand alone, too.
func TestDocsAreSentences(t *testing.T) {
	for _, service := range []*api.Service{api.Signer, api.S3(), api.ACM(), api.IAM(), api.STS()} {
		docs := map[string]string{service.Name: service.Doc}
		for _, op := range service.Operations {
			docs[op.Name] = op.Doc
			collectDocs(docs, op.Name, op.Input)
			collectDocs(docs, op.Name, op.Output)
		}
		for where, doc := range docs {
			if doc == "" || !unicode.IsUpper([]rune(doc)[0]) || !strings.HasSuffix(doc, ".") {
				t.Errorf("%s: %q is not a sentence", where, doc)
			}
		}
	}
}

func collectDocs(docs map[string]string, path string, s *api.Shape) {
	for _, m := range s.Members {
		docs[path+"."+m.Name] = m.Doc
		collectDocs(docs, path+"."+m.Name, m.Shape)
		if m.Shape.Elem != nil {
			collectDocs(docs, path+"."+m.Name+"[]", m.Shape.Elem)
		}
	}
}

func TestPagesNameMembers(t *testing.T) {
	for _, service := range []*api.Service{api.Signer, api.S3(), api.ACM(), api.IAM(), api.STS()} {
		for _, op := range service.Operations {
			if op.Pages == nil {
				continue
			}
			p := op.Pages
			for _, name := range []string{p.InputToken, p.SecondInput, p.Limit} {
				if name != "" && op.Input.Member(name) == nil {
					t.Errorf("%s takes no %s", op.Name, name)
				}
			}
			for _, name := range slices.Concat(p.Result, p.Beside, []string{p.OutputToken, p.SecondOutput, p.More}) {
				if name != "" && op.Output.Member(name) == nil {
					t.Errorf("%s answers no %s", op.Name, name)
				}
			}
		}
	}
}

func TestPartition(t *testing.T) {
	for region, want := range map[string]string{"eu-west-1": "aws", "us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"} {
		if got := api.Partition(region); got != want {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
}

// Asked orders the required members, and names no others.
func TestAskedAreTheRequired(t *testing.T) {
	for _, op := range api.Signer.Operations {
		var required []string
		for _, m := range op.Input.Members {
			if m.Required {
				required = append(required, m.Name)
			}
		}
		asked := slices.Sorted(slices.Values(op.Input.Asked))
		if slices.Sort(required); op.Input.Asked != nil && !slices.Equal(asked, required) {
			t.Errorf("%s asks for %v, and requires %v", op.Name, asked, required)
		}
	}
}

func TestCheck(t *testing.T) {
	start := api.Signer.Operation("StartSigningJob").Input
	for _, tc := range []struct {
		name, in string
		shape    *api.Shape
		want     string
	}{
		{"complete", `{"source": {"s3": {"bucketName": "b", "key": "k", "version": "v"}}, "destination": {}, "profileName": "MyProfile", "clientRequestToken": ""}`, start, ""},
		{"missing first, then unknown, then inside", `{"source": {"s3": {"key": 1, "bucket": "b"}}, "x": 1, "profileName": "p"}`, start, `Missing required parameter in input: "destination"
Missing required parameter in input: "clientRequestToken"
Unknown parameter in input: "x", must be one of: source, destination, profileName, clientRequestToken, profileOwner
Missing required parameter in source.s3: "bucketName"
Missing required parameter in source.s3: "version"
Unknown parameter in source.s3: "bucket", must be one of: bucketName, key, version
Invalid type for parameter source.s3.key, value: 1, type: integer, valid types: string
Invalid length for parameter profileName, value: 1, valid min length: 2`},
		{"missing in the model's order", `{}`, api.Signer.Operation("RevokeSigningProfile").Input, `Missing required parameter in input: "profileVersion"
Missing required parameter in input: "reason"
Missing required parameter in input: "effectiveTime"
Missing required parameter in input: "profileName"`},
		{"map keys and values", `{"resourceArn": "x", "tags": {"": "a", "k": null}}`, api.Signer.Operation("TagResource").Input, `Invalid length for parameter tags (key: ), value: 0, valid min length: 1
Invalid type for parameter tags.k, value: null, type: null, valid types: string`},
		{"lists", `{"resourceArn": "x", "tagKeys": []}`, api.Signer.Operation("UntagResource").Input, `Invalid length for parameter tagKeys, value: 0, valid min length: 1`},
		{"numbers", `{"maxResults": 0, "isRevoked": "true", "signatureExpiresBefore": "soon"}`, api.Signer.Operation("ListSigningJobs").Input, `Invalid value for parameter maxResults, value: 0, valid min value: 1
Invalid type for parameter isRevoked, value: true, type: string, valid types: boolean
Invalid type for parameter signatureExpiresBefore, value: soon, type: string, valid types: timestamp`},
		{"a boolean passes for a number", `{"maxResults": true}`, api.Signer.Operation("ListSigningJobs").Input, ""},
		{"not a map", `[]`, start, "Invalid type for parameter input, value: [], type: list, valid types: structure"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := document.ParseJSON(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			want := tc.want
			if want != "" {
				want = "Parameter validation failed:\n" + want
			}
			got := ""
			if err := tc.shape.Check(v); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	put := api.Signer.Operation("PutSigningProfile").Input
	v, err := document.ParseJSON(`{"profileName": "p1", "signatureValidityPeriod": {"value": 3, "type": "YEARS"},
		"overrides": {"signingConfiguration": {"hashAlgorithm": "SHA256"}}, "tags": {"a": "b"}, "signingMaterial": null}`)
	if err != nil {
		t.Fatal(err)
	}
	var got signer.PutSigningProfileInput
	if err := put.Decode(v, &got); err != nil {
		t.Fatal(err)
	}
	want := signer.PutSigningProfileInput{
		ProfileName:             aws.String("p1"),
		SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 3, Type: types.ValidityTypeYears},
		Overrides:               &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{HashAlgorithm: types.HashAlgorithmSha256}},
		Tags:                    map[string]string{"a": "b"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(signer.PutSigningProfileInput{}, types.SignatureValidityPeriod{},
		types.SigningPlatformOverrides{}, types.SigningConfigurationOverrides{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	put := api.Signer.Operation("PutSigningProfile").Input
	for in, want := range map[string]string{
		`{"signatureValidityPeriod": {"value": 3000000000}}`:              "the value of signatureValidityPeriod.value is out of range: 3000000000",
		`{"signatureValidityPeriod": {"value": 30000000000000000000000}}`: "the value of signatureValidityPeriod.value is not of type integer",
		`{"profileName": []}`: "the value of profileName is not of type string",
		`{"tags": []}`:        "the value of tags is not of type map",
		`{"tags": "x"}`:       "the value of tags is not of type map",
	} {
		v, err := document.ParseJSON(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := put.Decode(v, new(signer.PutSigningProfileInput)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
	}
}

func TestEncode(t *testing.T) {
	at := time.Unix(1700000000, 0)
	got := api.Signer.Operation("ListSigningJobs").Output.Encode(&signer.ListSigningJobsOutput{Jobs: []types.SigningJob{{
		Status: types.SigningStatusSucceeded, JobId: aws.String("j"), SigningMaterial: &types.SigningMaterial{}, CreatedAt: &at,
	}}})
	want := `{"jobs": [{"jobId": "j", "signingMaterial": {}, "createdAt": "2023-11-14T22:13:20Z", "status": "Succeeded", "isRevoked": false}]}`
	jobs, _ := got.Get("jobs")
	created, _ := jobs.(document.List)[0].(*document.Object).Get("createdAt")
	jobs.(document.List)[0].(*document.Object).Set("createdAt", created.(time.Time).UTC())
	if text := string(document.AppendJSON(nil, got)); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}
