package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
)

func operation(name string) *api.Operation { return api.Signer.Operation(name) }

// object reads JSON.
func object(t testing.TB, text string) *document.Object {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return v.(*document.Object)
}

func text(v document.Value) string { return string(document.AppendJSON(nil, v)) }

// typed is an engine that is not the SDK's client: it keeps what it is given and
// answers what it is told.
type typed struct {
	engine.Engine
	start  *signer.StartSigningJobInput
	list   *signer.ListSigningJobsInput
	given  bool
	answer *signer.ListSigningJobsOutput
	err    error
}

func (e *typed) StartSigningJob(_ context.Context, in *signer.StartSigningJobInput, _ ...func(*signer.Options)) (*signer.StartSigningJobOutput, error) {
	e.start = in
	return &signer.StartSigningJobOutput{JobId: aws.String("j"), JobOwner: aws.String("111122223333")}, e.err
}

func (e *typed) ListSigningJobs(ctx context.Context, in *signer.ListSigningJobsInput, _ ...func(*signer.Options)) (*signer.ListSigningJobsOutput, error) {
	e.list, e.given = in, api.Given(ctx, "isRevoked")
	return e.answer, e.err
}

func TestDoDecodesAndEncodes(t *testing.T) {
	e := &typed{}
	got, err := engine.Do(t.Context(), e, operation("StartSigningJob"), object(t, `{"profileName": "web", "source": {"s3": {"bucketName": "b", "key": "k", "version": "v"}}}`),
		func(o *engine.Options) { o.Rand = strings.NewReader("0123456789abcdef") })
	if err != nil {
		t.Fatal(err)
	}
	if text(got) != `{"jobId": "j", "jobOwner": "111122223333"}` {
		t.Errorf("got %s", text(got))
	}
	if aws.ToString(e.start.ProfileName) != "web" || aws.ToString(e.start.Source.S3.Version) != "v" || e.start.Destination != nil {
		t.Errorf("the engine was given %+v", e.start)
	}
	if token := aws.ToString(e.start.ClientRequestToken); token != "30313233-3435-4637-b839-616263646566" {
		t.Errorf("the token is %s", token)
	}
}

// An engine can tell false from not given.
func TestDoTellsWhatWasGiven(t *testing.T) {
	e := &typed{answer: &signer.ListSigningJobsOutput{}}
	for params, want := range map[string]bool{`{}`: false, `{"isRevoked": false}`: true} {
		if _, err := engine.Do(t.Context(), e, operation("ListSigningJobs"), object(t, params)); err != nil {
			t.Fatal(err)
		}
		if e.given != want || e.list.IsRevoked {
			t.Errorf("%s: given %v, isRevoked %v", params, e.given, e.list.IsRevoked)
		}
	}
}

func TestDoPlacesTimes(t *testing.T) {
	at := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	e := &typed{answer: &signer.ListSigningJobsOutput{Jobs: []types.SigningJob{{CreatedAt: &at, SignatureExpiresAt: aws.Time(at.Add(500 * time.Millisecond))}}}}
	for want, option := range map[string]func(*engine.Options){
		`{"jobs": [{"createdAt": "2023-11-14T22:13:20Z", "isRevoked": false, "signatureExpiresAt": "2023-11-14T22:13:20.5Z"}]}`:           func(*engine.Options) {},
		`{"jobs": [{"createdAt": "2023-11-14T23:13:20+01:00", "isRevoked": false, "signatureExpiresAt": "2023-11-14T23:13:20.5+01:00"}]}`: func(o *engine.Options) { o.Zone = time.FixedZone("", 3600) },
		`{"jobs": [{"createdAt": 1700000000, "isRevoked": false, "signatureExpiresAt": 1700000000.5}]}`:                                   func(o *engine.Options) { o.WireTimes = true },
	} {
		got, err := engine.Do(t.Context(), e, operation("ListSigningJobs"), nil, option)
		if err != nil {
			t.Fatal(err)
		}
		if text(got) != want {
			t.Errorf("got %s, want %s", text(got), want)
		}
	}
}

func TestDoRefuses(t *testing.T) {
	e := &typed{}
	if _, err := engine.Do(t.Context(), e, &api.Operation{Name: "Nope"}, nil); err == nil || !strings.Contains(err.Error(), "Nope") {
		t.Errorf("an unknown operation: %v", err)
	}
	if _, err := engine.Do(t.Context(), e, operation("ListSigningJobs"), object(t, `{"maxResults": 3000000000}`)); err == nil || e.list != nil {
		t.Errorf("a number beyond the engine's: %v, %+v", err, e.list)
	}
	e.err = errors.New("no")
	if _, err := engine.Do(t.Context(), e, operation("ListSigningJobs"), nil); !errors.Is(err, e.err) {
		t.Errorf("the engine's error became %v", err)
	}
}

func TestDoWithoutOutput(t *testing.T) {
	got, err := engine.Do(t.Context(), &typed{}, operation("ListSigningJobs"), nil)
	if err != nil || got.Len() != 0 {
		t.Errorf("got %s, %v", text(got), err)
	}
}

func TestFillTokens(t *testing.T) {
	start := operation("StartSigningJob")
	for given, want := range map[string]string{
		`{"profileName": "p", "profileOwner": "1"}`: `{"profileName": "p", "profileOwner": "1", "clientRequestToken": "30313233-3435-4637-b839-616263646566"}`,
		`{"clientRequestToken": "", "source": {}}`:  `{"clientRequestToken": "", "source": {}}`,
	} {
		params := object(t, given)
		got, err := engine.FillTokens(start, params, strings.NewReader("0123456789abcdef"))
		if err != nil || text(got) != want {
			t.Errorf("got %s, %v, want %s", text(got), err, want)
		}
		if text(params) != given {
			t.Errorf("%s was changed to %s", given, text(params))
		}
	}
	if _, err := engine.FillTokens(start, nil, strings.NewReader("short")); err == nil {
		t.Error("no randomness is no error")
	}
	if got, err := engine.FillTokens(start, nil, nil); err != nil || got.Len() != 1 {
		t.Errorf("got %s, %v", text(got), err)
	}
}
