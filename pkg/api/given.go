package api

import (
	"context"

	"signer/pkg/document"
)

type givenKey struct{}

// WithGiven returns a context that remembers the parameters of a call as they were
// given. Some fields of the SDK's inputs cannot tell "false" from "not given", and
// ListSigningJobs with isRevoked=false means something else than without.
func WithGiven(ctx context.Context, params *document.Object) context.Context {
	return context.WithValue(ctx, givenKey{}, params)
}

// Given tells whether the caller gave the parameter. Without WithGiven, as with a
// caller that fills the SDK's input itself, nothing counts as given.
func Given(ctx context.Context, member string) bool {
	params, _ := ctx.Value(givenKey{}).(*document.Object)
	return params.Has(member)
}
