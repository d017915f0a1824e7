package s3server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"signer/pkg/accesslog"
	"signer/pkg/bucket"
	"signer/pkg/sigv4"
)

// refused returns an error in S3's words.
func refused(code string, status int, format string, args ...any) *bucket.Error {
	return &bucket.Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

// badRequest returns an InvalidRequest.
func badRequest(format string, args ...any) *bucket.Error {
	return refused(bucket.InvalidRequest, http.StatusBadRequest, format, args...)
}

// badArgument returns an InvalidArgument about a parameter or a header.
func badArgument(name, value, format string, args ...any) *bucket.Error {
	return refused(bucket.InvalidArgument, http.StatusBadRequest, format, args...).With("ArgumentName", name).With("ArgumentValue", value)
}

// notImplemented refuses what S3 has and this does not. S3 has a text of its own for
// headers; which it is goes into that, too, since most clients show nothing else.
func notImplemented(what, header string) *bucket.Error {
	if header != "" {
		text := strings.TrimSuffix(texts[bucket.NotImplemented], ".")
		return refused(bucket.NotImplemented, http.StatusNotImplemented, "%s: %s.", text, header).With("Header", header)
	}
	return refused(bucket.NotImplemented, http.StatusNotImplemented, "This server does not implement %s of S3.", what)
}

func accessDenied(text string) *bucket.Error {
	return refused("AccessDenied", http.StatusForbidden, "%s", text)
}

// texts are those that S3 answers where a store has others: the API reference ends
// them with a full stop.
var texts = map[string]string{
	bucket.BucketNotEmpty:     "The bucket you tried to delete is not empty.",
	bucket.EntityTooLarge:     "Your proposed upload exceeds the maximum allowed object size.",
	bucket.InvalidDigest:      "The Content-Md5 you specified is not valid.",
	bucket.InvalidURI:         "The specified URI couldn't be parsed.",
	bucket.KeyTooLongError:    "Your key is too long.",
	bucket.MalformedXML:       "The XML you provided was not well-formed or did not validate against our published schema.",
	bucket.NoSuchBucket:       "The specified bucket does not exist.",
	bucket.NotImplemented:     "A header you provided implies functionality that is not implemented.",
	bucket.PreconditionFailed: "At least one of the pre-conditions you specified did not hold.",
}

// text is the text of a refusal.
func text(e *bucket.Error) string {
	if usual := bucket.NewError(e.Code); e.Message == usual.Message && texts[e.Code] != "" {
		return texts[e.Code]
	}
	return e.Message
}

// refuse answers an error.
func (x *exchange) refuse(err error) {
	e := x.refusal(err)
	accesslog.Of(x.r.Context()).Error = e.Code
	if x.begun {
		x.writeError(e) // behind a status that said otherwise
		return
	}
	if e.DeleteMarker {
		x.set("x-amz-delete-marker", "true")
		x.setSome("x-amz-version-id", e.VersionID)
	}
	if e.Status == http.StatusNotModified || x.r.Method == http.MethodHead {
		x.w.WriteHeader(e.Status)
		return
	}
	x.set("Content-Type", "application/xml")
	x.w.WriteHeader(e.Status)
	x.writeError(e)
}

// refusal is an error as the caller may see it. What is none of the caller's business
// goes to the log.
func (x *exchange) refusal(err error) *bucket.Error {
	var own *bucket.Error
	var signature *sigv4.Error
	var timed net.Error
	switch {
	case errors.As(err, &signature):
		return x.badSignature(signature)
	case errors.As(err, &own) && own.Status >= 300 && own.Status <= 599:
		return own
	case errors.Is(err, io.ErrUnexpectedEOF):
		return incompleteBody()
	case errors.As(err, &timed) && timed.Timeout():
		return refused("RequestTimeout", http.StatusBadRequest, "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.")
	case errors.Is(err, context.Canceled):
		return refused("RequestTimeout", http.StatusBadRequest, "The client went away.") // which nobody will read
	}
	x.Log.ErrorContext(x.r.Context(), "request failed", "requestId", x.id, "method", x.r.Method, "bucket", x.bucket, "key", x.key, "error", err)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return refused("InsufficientStorage", http.StatusInsufficientStorage, "The server has no room left. Nothing of the request was kept.")
	}
	return refused("InternalError", http.StatusInternalServerError, "We encountered an internal error, please try again.")
}

func incompleteBody() *bucket.Error {
	return refused("IncompleteBody", http.StatusBadRequest, "The request body terminated unexpectedly")
}

// wrongLength returns what S3 says of a body that is longer or shorter than its
// headers say.
func wrongLength() *bucket.Error {
	return refused("IncompleteBody", http.StatusBadRequest, "You did not provide the number of bytes specified by the Content-Length HTTP header")
}
