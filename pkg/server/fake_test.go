package server_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/server"
	"signer/pkg/sigv4"
)

// fake is an engine that keeps what it is asked, and answers what it is told to: an
// error, or else a document.
type fake struct {
	answer func(op string, in *document.Object) (*document.Object, error) // nil: a sample of everything

	mu      sync.Mutex
	calls   []call
	callers []server.Caller
}

type call struct {
	op    string
	in    *document.Object
	given []string // the parameters that count as given
}

var _ engine.Engine = (*fake)(nil)

// taken returns the calls so far and forgets them.
func (f *fake) taken() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

func answerTo[Out any](ctx context.Context, f *fake, name string, in any) (*Out, error) {
	op := api.Signer.Operation(name)
	c := call{op: name, in: op.Input.Encode(in)}
	for _, m := range op.Input.Members {
		if api.Given(ctx, m.Name) {
			c.given = append(c.given, m.Name)
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	answer, err := sample(op.Output).(*document.Object), error(nil)
	if f.answer != nil {
		answer, err = f.answer(name, c.in)
	}
	if answer == nil || err != nil {
		return nil, err
	}
	out := new(Out)
	return out, op.Output.Decode(answer, out)
}

func (f *fake) AddProfilePermission(ctx context.Context, in *signer.AddProfilePermissionInput, _ ...func(*signer.Options)) (*signer.AddProfilePermissionOutput, error) {
	return answerTo[signer.AddProfilePermissionOutput](ctx, f, "AddProfilePermission", in)
}

func (f *fake) CancelSigningProfile(ctx context.Context, in *signer.CancelSigningProfileInput, _ ...func(*signer.Options)) (*signer.CancelSigningProfileOutput, error) {
	return answerTo[signer.CancelSigningProfileOutput](ctx, f, "CancelSigningProfile", in)
}

func (f *fake) DescribeSigningJob(ctx context.Context, in *signer.DescribeSigningJobInput, _ ...func(*signer.Options)) (*signer.DescribeSigningJobOutput, error) {
	return answerTo[signer.DescribeSigningJobOutput](ctx, f, "DescribeSigningJob", in)
}

func (f *fake) GetRevocationStatus(ctx context.Context, in *signer.GetRevocationStatusInput, _ ...func(*signer.Options)) (*signer.GetRevocationStatusOutput, error) {
	return answerTo[signer.GetRevocationStatusOutput](ctx, f, "GetRevocationStatus", in)
}

func (f *fake) GetSigningPlatform(ctx context.Context, in *signer.GetSigningPlatformInput, _ ...func(*signer.Options)) (*signer.GetSigningPlatformOutput, error) {
	return answerTo[signer.GetSigningPlatformOutput](ctx, f, "GetSigningPlatform", in)
}

func (f *fake) GetSigningProfile(ctx context.Context, in *signer.GetSigningProfileInput, _ ...func(*signer.Options)) (*signer.GetSigningProfileOutput, error) {
	return answerTo[signer.GetSigningProfileOutput](ctx, f, "GetSigningProfile", in)
}

func (f *fake) ListProfilePermissions(ctx context.Context, in *signer.ListProfilePermissionsInput, _ ...func(*signer.Options)) (*signer.ListProfilePermissionsOutput, error) {
	return answerTo[signer.ListProfilePermissionsOutput](ctx, f, "ListProfilePermissions", in)
}

func (f *fake) ListSigningJobs(ctx context.Context, in *signer.ListSigningJobsInput, _ ...func(*signer.Options)) (*signer.ListSigningJobsOutput, error) {
	return answerTo[signer.ListSigningJobsOutput](ctx, f, "ListSigningJobs", in)
}

func (f *fake) ListSigningPlatforms(ctx context.Context, in *signer.ListSigningPlatformsInput, _ ...func(*signer.Options)) (*signer.ListSigningPlatformsOutput, error) {
	return answerTo[signer.ListSigningPlatformsOutput](ctx, f, "ListSigningPlatforms", in)
}

func (f *fake) ListSigningProfiles(ctx context.Context, in *signer.ListSigningProfilesInput, _ ...func(*signer.Options)) (*signer.ListSigningProfilesOutput, error) {
	return answerTo[signer.ListSigningProfilesOutput](ctx, f, "ListSigningProfiles", in)
}

func (f *fake) ListTagsForResource(ctx context.Context, in *signer.ListTagsForResourceInput, _ ...func(*signer.Options)) (*signer.ListTagsForResourceOutput, error) {
	return answerTo[signer.ListTagsForResourceOutput](ctx, f, "ListTagsForResource", in)
}

func (f *fake) PutSigningProfile(ctx context.Context, in *signer.PutSigningProfileInput, _ ...func(*signer.Options)) (*signer.PutSigningProfileOutput, error) {
	return answerTo[signer.PutSigningProfileOutput](ctx, f, "PutSigningProfile", in)
}

func (f *fake) RemoveProfilePermission(ctx context.Context, in *signer.RemoveProfilePermissionInput, _ ...func(*signer.Options)) (*signer.RemoveProfilePermissionOutput, error) {
	return answerTo[signer.RemoveProfilePermissionOutput](ctx, f, "RemoveProfilePermission", in)
}

func (f *fake) RevokeSignature(ctx context.Context, in *signer.RevokeSignatureInput, _ ...func(*signer.Options)) (*signer.RevokeSignatureOutput, error) {
	return answerTo[signer.RevokeSignatureOutput](ctx, f, "RevokeSignature", in)
}

func (f *fake) RevokeSigningProfile(ctx context.Context, in *signer.RevokeSigningProfileInput, _ ...func(*signer.Options)) (*signer.RevokeSigningProfileOutput, error) {
	return answerTo[signer.RevokeSigningProfileOutput](ctx, f, "RevokeSigningProfile", in)
}

func (f *fake) SignPayload(ctx context.Context, in *signer.SignPayloadInput, _ ...func(*signer.Options)) (*signer.SignPayloadOutput, error) {
	return answerTo[signer.SignPayloadOutput](ctx, f, "SignPayload", in)
}

func (f *fake) StartSigningJob(ctx context.Context, in *signer.StartSigningJobInput, _ ...func(*signer.Options)) (*signer.StartSigningJobOutput, error) {
	return answerTo[signer.StartSigningJobOutput](ctx, f, "StartSigningJob", in)
}

func (f *fake) TagResource(ctx context.Context, in *signer.TagResourceInput, _ ...func(*signer.Options)) (*signer.TagResourceOutput, error) {
	return answerTo[signer.TagResourceOutput](ctx, f, "TagResource", in)
}

func (f *fake) UntagResource(ctx context.Context, in *signer.UntagResourceInput, _ ...func(*signer.Options)) (*signer.UntagResourceOutput, error) {
	return answerTo[signer.UntagResourceOutput](ctx, f, "UntagResource", in)
}

// sample is a value in which everything is set, and which the service takes.
func sample(s *api.Shape) document.Value {
	if v, ok := samples[s.Name]; ok {
		return v
	}
	switch s.Kind {
	case api.Structure:
		o := document.New()
		for _, m := range s.Members {
			o.Set(m.Name, sample(m.Shape))
		}
		return o
	case api.List:
		return document.List{sample(s.Elem), sample(s.Elem)}
	case api.Map:
		return document.New(document.Member{Name: "key", Value: sample(s.Elem)}, document.Member{Name: "other:1", Value: sample(s.Elem)})
	case api.Integer, api.Long:
		return int64(7)
	case api.Boolean:
		return true
	case api.Timestamp:
		return time.Unix(1700000000, 0).UTC()
	case api.Blob:
		return []byte{0, 1, 0xff}
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	return s.Name + " \u00e9/%?&=+#\"\\"
}

// samples are those of strings that have a pattern.
var samples = map[string]document.Value{
	"ProfileName": "web_1", "AccountId": "111122223333", "ProfileVersion": "AbCdEf1234", "TagKey": "team:a/b+c",
	"Arn": "arn:aws:signer:eu-north-1:111122223333:/signing-profiles/web_1",
}

const (
	keyID     = "AKIDEXAMPLE"
	secret    = "not a secret"
	account   = "111122223333"
	principal = "arn:aws:iam::111122223333:user/me"
	region    = "eu-north-1"
)

// callers are who may call, by the ids of their keys.
type callers map[string]sigv4.Key

// Key makes a table the keeper of the keys.
func (c callers) Key(_ context.Context, id string) (sigv4.Key, bool, error) {
	key, ok := c[id]
	return key, ok, nil
}

var me = callers{keyID: {Secret: secret, Account: account, Principal: principal, Active: true}}

// serve puts an engine behind HTTP and returns its address.
func serve(t testing.TB, e engine.Engine, change ...func(*server.Config)) *httptest.Server {
	c := server.Config{Secrets: me, EngineFor: func(_ context.Context, caller server.Caller) (engine.Engine, error) {
		if f, ok := e.(*fake); ok {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.callers = append(f.callers, caller)
		}
		return e, nil
	}}
	for _, option := range change {
		option(&c)
	}
	s := httptest.NewServer(server.New(c))
	t.Cleanup(s.Close)
	return s
}

// client is the SDK's client for a server. Whichever host it asks for, it gets there.
func client(t testing.TB, s *httptest.Server, key aws.CredentialsProvider) *signer.Client {
	address := strings.TrimPrefix(s.URL, "http://")
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return signer.New(signer.Options{
		Region: region, BaseEndpoint: aws.String("http://signer.test"), HTTPClient: &http.Client{Transport: transport},
		Credentials: key, Retryer: aws.NopRetryer{},
	})
}

// keyPair signs with the key of this id.
func keyPair(id string) aws.CredentialsProviderFunc {
	return func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
	}
}
