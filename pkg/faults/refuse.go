package faults

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

const throttling = "ThrottlingException"

// refusals are the errors that a call can be refused with: those that may come at
// any time, whatever is asked for.
var refusals = map[string]func() error{
	throttling: func() error {
		return &types.ThrottlingException{Message: aws.String("Rate exceeded")}
	},
	"TooManyRequestsException": func() error {
		return &types.TooManyRequestsException{Message: aws.String("Too Many Requests")}
	},
	"InternalServiceErrorException": func() error {
		return &types.InternalServiceErrorException{Message: aws.String("An internal error occurred.")}
	},
	"AccessDeniedException": func() error {
		return &types.AccessDeniedException{Message: aws.String("Access denied")}
	},
}

func refusalNames() string {
	return strings.Join(slices.Sorted(maps.Keys(refusals)), ", ")
}
