package local

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"

	"signer/pkg/bucket"
)

// The finer codes that the service sends beside the class of an error. There are
// classes of errors whose code nobody has seen; these go without.
const (
	codeInvalidJobParameters       = "InvalidJobParameters"
	codeInvalidPermissionStatement = "InvalidPermissionStatement"
	codeInvalidPrincipal           = "InvalidPrincipal"
	codeJobNotFound                = "JobNotFound"
	codePlatformNotFound           = "PlatformNotFound"
	codePolicyNotFound             = "PolicyNotFound"
	codePolicyRevisionIDMismatch   = "PolicyRevisionIdMismatch"
	codeProfileAlreadyExists       = "ProfileAlreadyExists"
	codeProfileNotActive           = "ProfileNotActive"
	codeProfileNotFound            = "ProfileNotFound"
	codeProfileVersionNotFound     = "ProfileVersionNotFound"
	codeServiceLimitExceeded       = "ServiceLimitExceeded"
	unknownCode                    = ""
)

func invalid(code, format string, args ...any) error {
	return &types.ValidationException{Message: message(format, args), Code: optional(code)}
}

func notFound(code, format string, args ...any) error {
	return &types.ResourceNotFoundException{Message: message(format, args), Code: optional(code)}
}

func denied(format string, args ...any) error {
	return &types.AccessDeniedException{Message: message(format, args)}
}

func conflict(code, format string, args ...any) error {
	return &types.ConflictException{Message: message(format, args), Code: optional(code)}
}

func limitExceeded(code, format string, args ...any) error {
	return &types.ServiceLimitExceededException{Message: message(format, args), Code: optional(code)}
}

func message(format string, args []any) *string {
	return aws.String(fmt.Sprintf(format, args...))
}

// optional returns nil for an empty string, as the SDK has what is absent.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// unauthorized is the refusal of IAM.
func (e *Engine) unauthorized(action, resource string) error {
	return denied("User: %s is not authorized to perform: signer:%s on resource: %s", e.principal, action, resource)
}

// unlessStranger turns the refusal of an object store that does not know who asks, or
// does not any more, into an error that no service has made: it is not about the object,
// nor is whoever asked for a signature to blame, and once it is put right the job goes on.
func unlessStranger(err error) error {
	for _, code := range []string{"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "TokenRefreshRequired"} {
		if bucket.IsCode(err, code) {
			return fmt.Errorf("the object store does not take the credentials that it is asked with: see which these are, and the clock (%v)", err)
		}
	}
	return err
}

// ofService returns the error as a service has it, if a service refused
// something, and nil if something broke.
func ofService(err error) smithy.APIError {
	var refusal smithy.APIError
	if errors.As(err, &refusal) && refusal.ErrorFault() != smithy.FaultServer {
		return refusal
	}
	return nil
}
