package notation

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

// Refusal is an error in the form that the contract has for errors.
func (p *Plugin) Refusal(err error) *plugin.Error {
	var already *plugin.Error
	var service smithy.APIError
	switch {
	case errors.As(err, &already):
		return already
	case errors.As(err, &service):
		return plugin.NewError(class(service.ErrorCode()), serviceWords(err, service))
	case errors.Is(err, context.DeadlineExceeded):
		return plugin.NewError(plugin.ErrorCodeTimeout, p.words(err))
	}
	return plugin.NewGenericError(p.words(err))
}

// class is the contract's code for one of AWS's.
func class(code string) plugin.ErrorCode {
	switch code {
	case "ValidationException", "BadRequestException", "NotFoundException", "ResourceNotFoundException":
		return plugin.ErrorCodeValidation
	case "ThrottlingException", "TooManyRequestsException":
		return plugin.ErrorCodeThrottled
	case "AccessDeniedException":
		return plugin.ErrorCodeAccessDenied
	}
	return plugin.ErrorCodeGeneric
}

// serviceWords says what the service said. Refusals by IAM come without words.
func serviceWords(err error, service smithy.APIError) string {
	text := fmt.Sprintf("AWS Signer answered %s: %s", service.ErrorCode(), cmp.Or(service.ErrorMessage(), "it does not say why"))
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.ServiceRequestID() != "" {
		text += fmt.Sprintf(" (request %s)", response.ServiceRequestID())
	}
	return text
}

func (p *Plugin) words(err error) string {
	if p.Words == nil {
		return err.Error()
	}
	return p.Words(err)
}
