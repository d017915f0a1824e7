// Package enginetest holds what is true of AWS Signer, whichever engine carries
// it out: over the local engine, over the SDK's client and a server, or over AWS
// itself. There is a file for each noun.
//
// It tests what can be seen through the engine and the buckets, and nothing that
// only one engine promises.
package enginetest

import (
	"context"
	"crypto"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signer/pkg/engine"
)

// World is an engine and what it needs around it.
type World struct {
	Engine engine.Engine

	Account, Region, Principal string // of the caller

	// Other is the number of another account, where not any number will do. As
	// returns the engine as somebody else has it, of any account; nil where there is
	// only the one caller.
	Other string
	As    func(account, principal string) engine.Engine

	Source      string // a bucket that keeps versions
	Destination string // another bucket
	Put         func(ctx context.Context, bucket, key string, body []byte) (version string, err error)
	Get         func(ctx context.Context, bucket, key string) (body []byte, contentType string, err error)

	Certificate    string           // the ARN of an imported certificate with a P-256 key
	Public         crypto.PublicKey // that key's public half
	RSACertificate string           // the ARN of another, with an RSA key

	Suffix string // makes names new where there are old ones; letters and digits
}

// name makes a profile name that is not taken.
func (w *World) name(s string) string { return s + w.Suffix }

// Run tests an engine. open returns a new World, or one in which nothing is in
// the way of names that end in a new Suffix; it cleans up by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) *World) {
	for _, noun := range []struct {
		name  string
		tests map[string]func(*testing.T, *World)
	}{
		{"Platform", platformTests},
		{"Profile", profileTests},
		{"Job", jobTests},
		{"JobList", jobListTests},
		{"Tag", tagTests},
		{"Permission", permissionTests},
		{"Revocation", revocationTests},
		{"Payload", payloadTests},
		{"Account", accountTests},
		{"Text", textTests},
	} {
		for name, test := range noun.tests {
			t.Run(noun.name+name, func(t *testing.T) {
				w := open(t)
				if w.Other == "" {
					w.Other = "444455556666"
				}
				test(t, w)
			})
		}
	}
}

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same compares values of the SDK, without the metadata of requests.
func same(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, unexported, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("differs from what was wanted (-) in (+):\n%s", d)
	}
}

// unexported leaves out what only the SDK looks at.
var unexported = cmp.FilterPath(func(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && (field.Name() == "noSmithyDocumentSerde" || field.Name() == "ResultMetadata")
}, cmp.Ignore())

// refused checks the class of an error of the service, its finer code if that is
// known, and its text.
func refused(t *testing.T, err error, class, code, text string) {
	t.Helper()
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want %s: %s", err, class, text)
	}
	if refusal.ErrorCode() != class || refusal.ErrorMessage() != text {
		t.Errorf("got %s: %s\nwant %s: %s", refusal.ErrorCode(), refusal.ErrorMessage(), class, text)
	}
	if got := fineCode(err); got != code {
		t.Errorf("got code %q, want %q (%v)", got, code, err)
	}
	status(t, err, statuses[class])
}

// statuses are those of HTTP that errors have.
var statuses = map[string]int{
	"BadRequestException": 400, "ValidationException": 400, "ServiceLimitExceededException": 402, "AccessDeniedException": 403,
	"NotFoundException": 404, "ResourceNotFoundException": 404, "ConflictException": 409,
}

// fineCode is the code that the service sends beside the class of an error.
func fineCode(err error) string {
	var code *string
	var validation *types.ValidationException
	var notFound *types.ResourceNotFoundException
	var denied *types.AccessDeniedException
	var conflict *types.ConflictException
	var limit *types.ServiceLimitExceededException
	switch {
	case errors.As(err, &validation):
		code = validation.Code
	case errors.As(err, &notFound):
		code = notFound.Code
	case errors.As(err, &denied):
		code = denied.Code
	case errors.As(err, &conflict):
		code = conflict.Code
	case errors.As(err, &limit):
		code = limit.Code
	}
	if code == nil {
		return ""
	}
	return *code
}

// invalid is the text of one fault in the words of AWS's framework.
func invalid(value, member, constraint string) string {
	if value != "null" {
		value = "'" + value + "'"
	}
	return "1 validation error detected: Value " + value + " at '" + member + "' failed to satisfy constraint: Member must " + constraint
}

// arn is one of the service's own.
func (w *World) arn(resource string) string {
	return "arn:" + w.partition() + ":signer:" + w.Region + ":" + w.Account + ":/" + resource
}

func (w *World) partition() string {
	switch {
	case strings.HasPrefix(w.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(w.Region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// status checks the status that an error has over HTTP.
func status(t *testing.T, err error, want int) {
	t.Helper()
	if refusal, ok := engine.AsAPIError(err); !ok || refusal.Status != want {
		t.Errorf("got %v, want an error of status %d", err, want)
	}
}

// refusedAs checks the type of an error whose text is not known of AWS.
func refusedAs[E error](t *testing.T, err error) {
	t.Helper()
	var want E
	if !errors.As(err, &want) {
		t.Errorf("got %v, want %T", err, want)
		return
	}
	if refusal, ok := engine.AsAPIError(err); ok {
		status(t, err, statuses[refusal.Code])
	}
}
