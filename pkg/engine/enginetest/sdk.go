package enginetest

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"

	"signer/pkg/engine"
)

// SDK is the SDK's client, held to what engines promise.
type SDK struct{ *signer.Client }

var _ engine.Engine = SDK{}

// StartSigningJob does not change its input, in which the client leaves a token.
func (c SDK) StartSigningJob(ctx context.Context, in *signer.StartSigningJobInput, options ...func(*signer.Options)) (*signer.StartSigningJobOutput, error) {
	mine := *in
	return c.Client.StartSigningJob(ctx, &mine, options...)
}

// ListSigningProfiles refuses by the SDK's own type, also where the API does not say
// that it may.
func (c SDK) ListSigningProfiles(ctx context.Context, in *signer.ListSigningProfilesInput, options ...func(*signer.Options)) (*signer.ListSigningProfilesOutput, error) {
	out, err := c.Client.ListSigningProfiles(ctx, in, options...)
	var refusal *smithy.GenericAPIError
	if errors.As(err, &refusal) && refusal.Code == "ValidationException" {
		return nil, &types.ValidationException{Message: &refusal.Message}
	}
	return out, err
}
