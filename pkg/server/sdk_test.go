package server_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/server"
)

func text(v document.Value) string { return string(document.AppendJSON(nil, v)) }

// What a Go program gives the SDK's client the engine gets, and what the engine
// answers the program gets.
func TestGoSDK(t *testing.T) {
	f := &fake{}
	c := client(t, serve(t, f), keyPair(keyID))
	for _, op := range api.Signer.Operations {
		t.Run(op.Name, func(t *testing.T) {
			give := sample(op.Input)
			method := reflect.ValueOf(c).MethodByName(op.Name)
			in := reflect.New(method.Type().In(1).Elem())
			if err := op.Input.Decode(give, in.Interface()); err != nil {
				t.Fatal(err)
			}
			results := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
			if err, _ := results[1].Interface().(error); err != nil {
				t.Fatal(err)
			}
			same(t, f, op, give, op.Output.Encode(results[0].Interface()))
		})
	}
	if want := (server.Caller{Account: account, Principal: principal, KeyID: keyID, Region: region}); len(f.callers) != 19 || f.callers[0] != want {
		t.Errorf("called by %+v", f.callers)
	}
}

// The same with the AWS CLI's bytes on the wire.
func TestEngineDo(t *testing.T) {
	f := &fake{}
	c := client(t, serve(t, f), keyPair(keyID))
	for _, op := range api.Signer.Operations {
		t.Run(op.Name, func(t *testing.T) {
			give := sample(op.Input).(*document.Object)
			got, err := engine.Do(t.Context(), c, op, give)
			if err != nil {
				t.Fatal(err)
			}
			same(t, f, op, give, got)
		})
	}
}

// same checks what an engine was given by a call, and what the caller got.
func same(t *testing.T, f *fake, op *api.Operation, give document.Value, got *document.Object) {
	t.Helper()
	calls := f.taken()
	if len(calls) != 1 || calls[0].op != op.Name {
		t.Fatalf("the engine was called: %+v", calls)
	}
	if diff := cmp.Diff(text(give), text(calls[0].in)); diff != "" {
		t.Errorf("the engine was given: %s", diff)
	}
	if diff := cmp.Diff(text(sample(op.Output)), text(got)); diff != "" {
		t.Errorf("the caller got: %s", diff)
	}
}

// A false that is given is another thing than none; the SDK's client sends none.
func TestFalseIsGiven(t *testing.T) {
	f := &fake{}
	c := client(t, serve(t, f), keyPair(keyID))
	op := api.Signer.Operation("ListSigningJobs")
	for _, tc := range []struct {
		params document.Member
		want   []string
	}{
		{document.Member{Name: "isRevoked", Value: false}, []string{"isRevoked"}},
		{document.Member{Name: "jobInvoker", Value: account}, []string{"jobInvoker"}},
	} {
		if _, err := engine.Do(t.Context(), c, op, document.New(tc.params)); err != nil {
			t.Fatal(err)
		}
		if calls := f.taken(); len(calls) != 1 || !slices.Equal(calls[0].given, tc.want) {
			t.Errorf("got %+v, want %v given", calls, tc.want)
		}
	}
}

// A time in whole seconds is a whole number on the wire, others have a fraction.
func TestTimes(t *testing.T) {
	at := time.UnixMicro(1700000000123456).UTC()
	f := &fake{answer: func(_ string, in *document.Object) (*document.Object, error) {
		return document.New(document.Member{Name: "createdAt", Value: at}, document.Member{Name: "completedAt", Value: at.Truncate(time.Second).In(time.FixedZone("", 3600))}), nil
	}}
	out, err := engine.Do(t.Context(), client(t, serve(t, f), keyPair(keyID)), api.Signer.Operation("DescribeSigningJob"), document.New(document.Member{Name: "jobId", Value: "j"}),
		func(o *engine.Options) { o.WireTimes = true })
	if want := `{"createdAt": 1700000000.123456, "completedAt": 1700000000}`; err != nil || text(out) != want {
		t.Errorf("got %s, %v", text(out), err)
	}
}

// Errors arrive as the SDK's types.
func TestErrorsAreTyped(t *testing.T) {
	var give error
	f := &fake{answer: func(string, *document.Object) (*document.Object, error) { return nil, give }}
	c := client(t, serve(t, f), keyPair(keyID))
	message, code := aws.String("what went \"wrong\" \u00e9"), aws.String("Finer")
	for _, tc := range []struct {
		give   smithy.APIError
		status int
	}{
		{&types.ValidationException{Message: message, Code: code}, 400},
		{&types.ResourceNotFoundException{Message: message, Code: code}, 404},
		{&types.AccessDeniedException{Message: message, Code: code}, 403},
		{&types.ConflictException{Message: message, Code: code}, 409},
		{&types.ServiceLimitExceededException{Message: message, Code: code}, 402},
		{&types.TooManyRequestsException{Message: message, Code: code}, 429},
		{&types.InternalServiceErrorException{Message: message, Code: code}, 500},
		{&types.ValidationException{Message: message}, 400},
		{&smithy.GenericAPIError{Code: "SlowDown", Message: *message, Fault: smithy.FaultClient}, 400},
	} {
		give = fmt.Errorf("wrapped: %w", tc.give)
		_, err := c.AddProfilePermission(t.Context(), &signer.AddProfilePermissionInput{ProfileName: aws.String("web"), Action: message, Principal: message, StatementId: message})
		var got smithy.APIError
		if !errors.As(err, &got) || reflect.TypeOf(got) != reflect.TypeOf(tc.give) || got.ErrorCode() != tc.give.ErrorCode() || got.ErrorMessage() != *message {
			t.Errorf("%T arrives as %v", tc.give, err)
		}
		var response interface {
			HTTPStatusCode() int
			ServiceRequestID() string
		}
		if !errors.As(err, &response) || response.HTTPStatusCode() != tc.status || len(response.ServiceRequestID()) != 36 {
			t.Errorf("%T has status and id %v", tc.give, response)
		}
		if mine, _ := engine.AsAPIError(err); text(mine.Members) != text(membersOf(tc.give)) {
			t.Errorf("%T arrives as %s", tc.give, text(mine.Members))
		}
	}
}

func membersOf(err error) *document.Object {
	e, _ := engine.AsAPIError(err)
	return e.Members
}

// The SDK's paginator and its waiter.
func TestPagesAndWaiting(t *testing.T) {
	asked := 0
	f := &fake{answer: func(op string, in *document.Object) (*document.Object, error) {
		asked++
		if op == "DescribeSigningJob" {
			status := map[bool]string{false: "InProgress", true: "Succeeded"}[asked > 3]
			return document.New(document.Member{Name: "status", Value: status}), nil
		}
		out := document.New(document.Member{Name: "jobs", Value: document.List{document.New(document.Member{Name: "jobId", Value: fmt.Sprint(asked)})}})
		if !in.Has("nextToken") {
			out.Set("nextToken", "a/b+c= ")
		} else if token, _ := in.Get("nextToken"); token != "a/b+c= " {
			return nil, &types.ValidationException{}
		}
		return out, nil
	}}
	c := client(t, serve(t, f), keyPair(keyID))
	var ids []string
	for p := signer.NewListSigningJobsPaginator(c, &signer.ListSigningJobsInput{MaxResults: aws.Int32(1)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, *page.Jobs[0].JobId)
	}
	if !slices.Equal(ids, []string{"1", "2"}) {
		t.Errorf("pages: %v", ids)
	}
	w := signer.NewSuccessfulSigningJobWaiter(c, func(o *signer.SuccessfulSigningJobWaiterOptions) { o.MinDelay, o.MaxDelay = 1, 1 })
	if err := w.Wait(t.Context(), &signer.DescribeSigningJobInput{JobId: aws.String("j")}, time.Minute); err != nil {
		t.Error(err)
	}
}

// Who is not known does not get in, and does not learn what there is.
func TestStrangers(t *testing.T) {
	f := &fake{}
	c := client(t, serve(t, f), keyPair(keyID))
	for class, change := range map[string]func(*signer.Options){
		"UnrecognizedClientException": func(o *signer.Options) { o.Credentials = keyPair("AKIDOTHER") },
		"InvalidSignatureException": func(o *signer.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: keyID, SecretAccessKey: "guessed"}, nil
			})
		},
	} {
		_, err := c.ListSigningPlatforms(t.Context(), &signer.ListSigningPlatformsInput{}, change)
		var got smithy.APIError
		if !errors.As(err, &got) || got.ErrorCode() != class || got.ErrorMessage() == "" {
			t.Errorf("got %v, want %s", err, class)
		}
	}
	if calls := f.taken(); len(calls) > 0 {
		t.Errorf("the engine was called: %+v", calls)
	}
}
