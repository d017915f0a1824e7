package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"signer/pkg/api"
	"signer/pkg/document"
)

// exchange is one call: the parameters that go out and the answer that comes in.
type exchange struct {
	op     *api.Operation
	params *document.Object
	clock  clock

	output any              // an empty struct of the SDK's output type, which its client insists on
	answer *document.Object // what the SDK's client received; nil with other engines
	query  string           // of the request, in the order of the parameters
}

// onWire is an option for the SDK's client. Within its stack of middleware it puts
// our serializer and deserializer in the place of the operation's and takes out
// what looks at the typed input. Endpoint, credentials, signature, retries and
// transport stay the SDK's.
func (x *exchange) onWire(o *signer.Options) {
	o.APIOptions = append(o.APIOptions, x.swap)
}

// The names by which the SDK knows its middleware.
const (
	serializer   = "OperationSerializer"
	deserializer = "OperationDeserializer"
	signing      = "Signing"
)

func (x *exchange) swap(stack *middleware.Stack) error {
	for _, id := range []string{"OperationInputValidation", "OperationIdempotencyTokenAutoFill"} {
		stack.Initialize.Remove(id) // not every operation has it
	}
	_, err := stack.Serialize.Swap(serializer, middleware.SerializeMiddlewareFunc(serializer, x.serialize))
	if err != nil {
		return err
	}
	if _, err := stack.Deserialize.Swap(deserializer, middleware.DeserializeMiddlewareFunc(deserializer, x.deserialize)); err != nil {
		return err
	}
	return errors.Join(
		stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("KeepQuery", x.keepQuery), signing, middleware.Before),
		stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("RestoreQuery", x.restoreQuery), signing, middleware.After),
	)
}

// keepQuery and restoreQuery undo the sorting that the signer does in the request.
// The signature does not depend on the order.
func (x *exchange) keepQuery(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	if request, ok := in.Request.(*smithyhttp.Request); ok {
		x.query = request.URL.RawQuery
	}
	return next.HandleFinalize(ctx, in)
}

func (x *exchange) restoreQuery(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	if request, ok := in.Request.(*smithyhttp.Request); ok {
		request.URL.RawQuery = x.query
	}
	return next.HandleFinalize(ctx, in)
}

// largest is the longest answer that is read, in bytes. A page of 25 jobs has
// about 30 thousand.
const largest = 64 << 20

func (x *exchange) deserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if err != nil {
		return out, metadata, err
	}
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok {
		return out, metadata, fmt.Errorf("unknown transport type %T", out.RawResponse)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err != nil {
		return out, metadata, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > largest {
		return out, metadata, x.unreadable("it is too long")
	}
	out.Result = x.output
	return out, metadata, x.receive(response, body)
}
