// Package engine is the waist of the program: what carries out AWS Signer's
// operations, and the one way in which a document of parameters gets there and a
// document comes back.
//
// An engine is anything with the method set of the SDK's client. That client is
// one, and so is everything that was made for it; the command line and the server
// above, and whoever answers below, meet only here.
//
// The package chooses no engine, opens none, and checks no parameters: what Do is
// given goes to the engine as it is.
package engine

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/api"
	"signer/pkg/document"
)

// Engine carries out the operations of AWS Signer. It is the method set of
// *signer.Client, with that client's promises: methods may be called from several
// goroutines at once, neither keep nor change their input, and return an output
// that is the caller's own or else an error. What the service refuses is a
// smithy.APIError, of the SDK's own type where the API has one.
//
// The options are for the SDK's client; other engines ignore them.
type Engine interface {
	AddProfilePermission(context.Context, *signer.AddProfilePermissionInput, ...func(*signer.Options)) (*signer.AddProfilePermissionOutput, error)
	CancelSigningProfile(context.Context, *signer.CancelSigningProfileInput, ...func(*signer.Options)) (*signer.CancelSigningProfileOutput, error)
	DescribeSigningJob(context.Context, *signer.DescribeSigningJobInput, ...func(*signer.Options)) (*signer.DescribeSigningJobOutput, error)
	GetRevocationStatus(context.Context, *signer.GetRevocationStatusInput, ...func(*signer.Options)) (*signer.GetRevocationStatusOutput, error)
	GetSigningPlatform(context.Context, *signer.GetSigningPlatformInput, ...func(*signer.Options)) (*signer.GetSigningPlatformOutput, error)
	GetSigningProfile(context.Context, *signer.GetSigningProfileInput, ...func(*signer.Options)) (*signer.GetSigningProfileOutput, error)
	ListProfilePermissions(context.Context, *signer.ListProfilePermissionsInput, ...func(*signer.Options)) (*signer.ListProfilePermissionsOutput, error)
	ListSigningJobs(context.Context, *signer.ListSigningJobsInput, ...func(*signer.Options)) (*signer.ListSigningJobsOutput, error)
	ListSigningPlatforms(context.Context, *signer.ListSigningPlatformsInput, ...func(*signer.Options)) (*signer.ListSigningPlatformsOutput, error)
	ListSigningProfiles(context.Context, *signer.ListSigningProfilesInput, ...func(*signer.Options)) (*signer.ListSigningProfilesOutput, error)
	ListTagsForResource(context.Context, *signer.ListTagsForResourceInput, ...func(*signer.Options)) (*signer.ListTagsForResourceOutput, error)
	PutSigningProfile(context.Context, *signer.PutSigningProfileInput, ...func(*signer.Options)) (*signer.PutSigningProfileOutput, error)
	RemoveProfilePermission(context.Context, *signer.RemoveProfilePermissionInput, ...func(*signer.Options)) (*signer.RemoveProfilePermissionOutput, error)
	RevokeSignature(context.Context, *signer.RevokeSignatureInput, ...func(*signer.Options)) (*signer.RevokeSignatureOutput, error)
	RevokeSigningProfile(context.Context, *signer.RevokeSigningProfileInput, ...func(*signer.Options)) (*signer.RevokeSigningProfileOutput, error)
	SignPayload(context.Context, *signer.SignPayloadInput, ...func(*signer.Options)) (*signer.SignPayloadOutput, error)
	StartSigningJob(context.Context, *signer.StartSigningJobInput, ...func(*signer.Options)) (*signer.StartSigningJobOutput, error)
	TagResource(context.Context, *signer.TagResourceInput, ...func(*signer.Options)) (*signer.TagResourceOutput, error)
	UntagResource(context.Context, *signer.UntagResourceInput, ...func(*signer.Options)) (*signer.UntagResourceOutput, error)
}

var _ Engine = (*signer.Client)(nil) // AWS is an engine as it is

// methods leads from an operation's name to the engine's method.
var methods = map[string]method{
	"AddProfilePermission":    bind(Engine.AddProfilePermission),
	"CancelSigningProfile":    bind(Engine.CancelSigningProfile),
	"DescribeSigningJob":      bind(Engine.DescribeSigningJob),
	"GetRevocationStatus":     bind(Engine.GetRevocationStatus),
	"GetSigningPlatform":      bind(Engine.GetSigningPlatform),
	"GetSigningProfile":       bind(Engine.GetSigningProfile),
	"ListProfilePermissions":  bind(Engine.ListProfilePermissions),
	"ListSigningJobs":         bind(Engine.ListSigningJobs),
	"ListSigningPlatforms":    bind(Engine.ListSigningPlatforms),
	"ListSigningProfiles":     bind(Engine.ListSigningProfiles),
	"ListTagsForResource":     bind(Engine.ListTagsForResource),
	"PutSigningProfile":       bind(Engine.PutSigningProfile),
	"RemoveProfilePermission": bind(Engine.RemoveProfilePermission),
	"RevokeSignature":         bind(Engine.RevokeSignature),
	"RevokeSigningProfile":    bind(Engine.RevokeSigningProfile),
	"SignPayload":             bind(Engine.SignPayload),
	"StartSigningJob":         bind(Engine.StartSigningJob),
	"TagResource":             bind(Engine.TagResource),
	"UntagResource":           bind(Engine.UntagResource),
}

// Options are what a caller of Do may wish. The zero Options are good.
type Options struct {
	// Zone is where times of the answer are shown that come without a zone, as
	// numbers do. Nil is UTC.
	Zone *time.Location

	// WireTimes leaves the times of the answer as the wire has them: seconds since
	// 1970 as a number, or whatever the service sent.
	WireTimes bool

	// Now is the day of times of the answer that name none; nil is time.Now.
	Now func() time.Time

	// Rand is where tokens come from that nobody gave; nil is crypto/rand.
	Rand io.Reader
}

// Do calls op on the engine with the parameters and returns the answer, members in
// the order of the API, as an object of the caller's own. Params is neither
// changed nor kept. It may be called from several goroutines at once.
//
// A Timestamp of the answer is a time.Time in the zone that it is to be shown in, see
// Options; one that the service sent without a zone is text in the form of ISO
// 8601. A Blob is bytes, or the base64 text that the service sent.
//
// The engine's error is returned as it is. AsAPIError, Retries and *AnswerError
// tell what happened.
//
// With the SDK's client, and any engine that embeds it, the request's path, query
// and body are the AWS CLI's to the byte and the answer is read the AWS CLI's way:
// the SDK's own serializers drop "", false and the order of maps, and know no
// lenient types.
func Do(ctx context.Context, e Engine, op *api.Operation, params *document.Object, options ...func(*Options)) (*document.Object, error) {
	call, ok := methods[op.Name]
	if !ok {
		return nil, fmt.Errorf("AWS Signer has no operation %s", op.Name)
	}
	var o Options
	for _, option := range options {
		option(&o)
	}
	params, err := FillTokens(op, params, o.Rand)
	if err != nil {
		return nil, err
	}
	return call(api.WithGiven(ctx, params), e, &exchange{op: op, params: params, clock: clock{o.Zone, o.WireTimes, o.Now}})
}

// A method runs an exchange on an engine.
type method func(context.Context, Engine, *exchange) (*document.Object, error)

// bind makes a method of documents out of a method of structs.
func bind[In, Out any](call func(Engine, context.Context, *In, ...func(*signer.Options)) (*Out, error)) method {
	return func(ctx context.Context, e Engine, x *exchange) (*document.Object, error) {
		in := new(In)
		// What no struct can hold, such as a number beyond 32 bits, still goes
		// over the wire.
		if err := x.op.Input.Decode(x.params, in); err != nil && !sdkClient(e) {
			return nil, err
		}
		x.output = new(Out)
		out, err := call(e, ctx, in, x.onWire)
		switch {
		case err != nil:
			return nil, err
		case x.answer != nil:
			return x.answer, nil
		case out == nil:
			return document.New(), nil
		}
		answer := x.op.Output.Encode(out)
		x.clock.settle(answer)
		return answer, nil
	}
}

// sdkClient tells whether the engine runs the options it is given: the SDK's
// client does, also inside something that embeds it.
func sdkClient(e Engine) bool {
	_, ok := e.(interface{ Options() signer.Options })
	return ok
}
