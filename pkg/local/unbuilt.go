package local

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/signer"
)

// The operations that the engine does not have yet say so.

func unbuilt(operation string) error {
	return fmt.Errorf("%s is not available in the local engine yet; use --engine aws", operation)
}

// RevokeSignature is not built yet.
func (e *Engine) RevokeSignature(context.Context, *signer.RevokeSignatureInput, ...func(*signer.Options)) (*signer.RevokeSignatureOutput, error) {
	return nil, unbuilt("RevokeSignature")
}

// RevokeSigningProfile is not built yet.
func (e *Engine) RevokeSigningProfile(context.Context, *signer.RevokeSigningProfileInput, ...func(*signer.Options)) (*signer.RevokeSigningProfileOutput, error) {
	return nil, unbuilt("RevokeSigningProfile")
}

// GetRevocationStatus is not built yet.
func (e *Engine) GetRevocationStatus(context.Context, *signer.GetRevocationStatusInput, ...func(*signer.Options)) (*signer.GetRevocationStatusOutput, error) {
	return nil, unbuilt("GetRevocationStatus")
}
