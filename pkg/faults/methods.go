package faults

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/engine"
)

var _ engine.Engine = (*Engine)(nil)

// The other operations do what they do behind, unless they are refused.

// AddProfilePermission makes the call.
func (e *Engine) AddProfilePermission(ctx context.Context, in *signer.AddProfilePermissionInput, o ...func(*signer.Options)) (*signer.AddProfilePermissionOutput, error) {
	return through(ctx, e, "AddProfilePermission", e.inner.AddProfilePermission, in, o)
}

// CancelSigningProfile makes the call.
func (e *Engine) CancelSigningProfile(ctx context.Context, in *signer.CancelSigningProfileInput, o ...func(*signer.Options)) (*signer.CancelSigningProfileOutput, error) {
	return through(ctx, e, "CancelSigningProfile", e.inner.CancelSigningProfile, in, o)
}

// GetRevocationStatus makes the call.
func (e *Engine) GetRevocationStatus(ctx context.Context, in *signer.GetRevocationStatusInput, o ...func(*signer.Options)) (*signer.GetRevocationStatusOutput, error) {
	return through(ctx, e, "GetRevocationStatus", e.inner.GetRevocationStatus, in, o)
}

// GetSigningPlatform makes the call.
func (e *Engine) GetSigningPlatform(ctx context.Context, in *signer.GetSigningPlatformInput, o ...func(*signer.Options)) (*signer.GetSigningPlatformOutput, error) {
	return through(ctx, e, "GetSigningPlatform", e.inner.GetSigningPlatform, in, o)
}

// GetSigningProfile makes the call.
func (e *Engine) GetSigningProfile(ctx context.Context, in *signer.GetSigningProfileInput, o ...func(*signer.Options)) (*signer.GetSigningProfileOutput, error) {
	return through(ctx, e, "GetSigningProfile", e.inner.GetSigningProfile, in, o)
}

// ListProfilePermissions makes the call.
func (e *Engine) ListProfilePermissions(ctx context.Context, in *signer.ListProfilePermissionsInput, o ...func(*signer.Options)) (*signer.ListProfilePermissionsOutput, error) {
	return through(ctx, e, "ListProfilePermissions", e.inner.ListProfilePermissions, in, o)
}

// ListSigningPlatforms makes the call.
func (e *Engine) ListSigningPlatforms(ctx context.Context, in *signer.ListSigningPlatformsInput, o ...func(*signer.Options)) (*signer.ListSigningPlatformsOutput, error) {
	return through(ctx, e, "ListSigningPlatforms", e.inner.ListSigningPlatforms, in, o)
}

// ListSigningProfiles makes the call.
func (e *Engine) ListSigningProfiles(ctx context.Context, in *signer.ListSigningProfilesInput, o ...func(*signer.Options)) (*signer.ListSigningProfilesOutput, error) {
	return through(ctx, e, "ListSigningProfiles", e.inner.ListSigningProfiles, in, o)
}

// ListTagsForResource makes the call.
func (e *Engine) ListTagsForResource(ctx context.Context, in *signer.ListTagsForResourceInput, o ...func(*signer.Options)) (*signer.ListTagsForResourceOutput, error) {
	return through(ctx, e, "ListTagsForResource", e.inner.ListTagsForResource, in, o)
}

// PutSigningProfile makes the call.
func (e *Engine) PutSigningProfile(ctx context.Context, in *signer.PutSigningProfileInput, o ...func(*signer.Options)) (*signer.PutSigningProfileOutput, error) {
	return through(ctx, e, "PutSigningProfile", e.inner.PutSigningProfile, in, o)
}

// RemoveProfilePermission makes the call.
func (e *Engine) RemoveProfilePermission(ctx context.Context, in *signer.RemoveProfilePermissionInput, o ...func(*signer.Options)) (*signer.RemoveProfilePermissionOutput, error) {
	return through(ctx, e, "RemoveProfilePermission", e.inner.RemoveProfilePermission, in, o)
}

// RevokeSignature makes the call.
func (e *Engine) RevokeSignature(ctx context.Context, in *signer.RevokeSignatureInput, o ...func(*signer.Options)) (*signer.RevokeSignatureOutput, error) {
	return through(ctx, e, "RevokeSignature", e.inner.RevokeSignature, in, o)
}

// RevokeSigningProfile makes the call.
func (e *Engine) RevokeSigningProfile(ctx context.Context, in *signer.RevokeSigningProfileInput, o ...func(*signer.Options)) (*signer.RevokeSigningProfileOutput, error) {
	return through(ctx, e, "RevokeSigningProfile", e.inner.RevokeSigningProfile, in, o)
}

// SignPayload makes the call.
func (e *Engine) SignPayload(ctx context.Context, in *signer.SignPayloadInput, o ...func(*signer.Options)) (*signer.SignPayloadOutput, error) {
	return through(ctx, e, "SignPayload", e.inner.SignPayload, in, o)
}

// StartSigningJob makes the call. What makes jobs fail is for [Objects] to do.
func (e *Engine) StartSigningJob(ctx context.Context, in *signer.StartSigningJobInput, o ...func(*signer.Options)) (*signer.StartSigningJobOutput, error) {
	return through(ctx, e, "StartSigningJob", e.inner.StartSigningJob, in, o)
}

// TagResource makes the call.
func (e *Engine) TagResource(ctx context.Context, in *signer.TagResourceInput, o ...func(*signer.Options)) (*signer.TagResourceOutput, error) {
	return through(ctx, e, "TagResource", e.inner.TagResource, in, o)
}

// UntagResource makes the call.
func (e *Engine) UntagResource(ctx context.Context, in *signer.UntagResourceInput, o ...func(*signer.Options)) (*signer.UntagResourceOutput, error) {
	return through(ctx, e, "UntagResource", e.inner.UntagResource, in, o)
}
