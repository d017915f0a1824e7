package bucket

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
)

// Codes of errors, as S3 spells them
// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
const (
	BadDigest               = "BadDigest"
	BucketAlreadyOwnedByYou = "BucketAlreadyOwnedByYou"
	BucketNotEmpty          = "BucketNotEmpty"
	EntityTooLarge          = "EntityTooLarge"
	EntityTooSmall          = "EntityTooSmall"
	InvalidArgument         = "InvalidArgument"
	InvalidBucketName       = "InvalidBucketName"
	InvalidDigest           = "InvalidDigest"
	InvalidPart             = "InvalidPart"
	InvalidPartOrder        = "InvalidPartOrder"
	InvalidRequest          = "InvalidRequest"
	InvalidTag              = "InvalidTag"
	InvalidURI              = "InvalidURI"
	KeyTooLongError         = "KeyTooLongError"
	MalformedXML            = "MalformedXML"
	MetadataTooLarge        = "MetadataTooLarge"
	MethodNotAllowed        = "MethodNotAllowed"
	NoSuchBucket            = "NoSuchBucket"
	NoSuchKey               = "NoSuchKey"
	NoSuchUpload            = "NoSuchUpload"
	NoSuchVersion           = "NoSuchVersion"
	NotImplemented          = "NotImplemented"
	PreconditionFailed      = "PreconditionFailed"
)

// Error is a refusal in S3's words.
type Error struct {
	Code    string
	Message string
	Status  int // of HTTP

	Bucket, Key  string
	VersionID    string // the version it is about, if any
	DeleteMarker bool   // that version is a delete marker
	Details      []Detail

	Err error // what a remote store said, if anything
}

// Detail is what S3 tells of a refusal beside its text: the element's name, and its
// content.
type Detail struct{ Name, Value string }

// With adds a detail to the error, and returns it.
func (e *Error) With(name string, value any) *Error {
	e.Details = append(e.Details, Detail{name, fmt.Sprint(value)})
	return e
}

var _ smithy.APIError = (*Error)(nil)

// NewError returns the error that S3 answers with this code: its text and its
// status. A code that is none of this package's has neither.
func NewError(code string) *Error {
	e := &Error{Code: code}
	e.Message, e.Status = wording(code)
	return e
}

// IsCode tells whether err is, or wraps, an error of a service with this code.
func IsCode(err error, code string) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == code
}

// Error says what was refused and where.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.Code, e.Message)
	if e.Bucket == "" {
		return s
	}
	s += " (s3://" + e.Bucket
	if e.Key != "" {
		s += "/" + e.Key
	}
	if e.VersionID != "" {
		s += " version " + e.VersionID
	}
	return s + ")"
}

// Unwrap returns what a remote store said, or nil.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns S3's code.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage returns S3's text.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault blames the service for a status from 500 up, else the caller.
func (e *Error) ErrorFault() smithy.ErrorFault {
	switch {
	case e.Status >= 500:
		return smithy.FaultServer
	case e.Status >= 400:
		return smithy.FaultClient
	}
	return smithy.FaultUnknown
}

// wording returns the text and the status that go with a code.
func wording(code string) (message string, status int) {
	switch code {
	case BadDigest:
		return "The Content-MD5 you specified did not match what we received.", 400
	case BucketAlreadyOwnedByYou:
		return "Your previous request to create the named bucket succeeded and you already own it.", 409
	case BucketNotEmpty:
		return "The bucket you tried to delete is not empty", 409
	case EntityTooLarge:
		return "Your proposed upload exceeds the maximum allowed size", 400
	case EntityTooSmall:
		return "Your proposed upload is smaller than the minimum allowed size", 400
	case InvalidArgument:
		return "Invalid Argument", 400
	case InvalidBucketName:
		return "The specified bucket is not valid.", 400
	case InvalidDigest:
		return "The Content-MD5 you specified was invalid.", 400
	case InvalidPart:
		return "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.", 400
	case InvalidPartOrder:
		return "The list of parts was not in ascending order. Parts must be ordered by part number.", 400
	case InvalidRequest:
		return "Invalid Request", 400
	case InvalidTag:
		return "The tag provided was not a valid tag.", 400
	case InvalidURI:
		return "Couldn't parse the specified URI.", 400
	case KeyTooLongError:
		return "Your key is too long", 400
	case MalformedXML:
		return "The XML you provided was not well-formed or did not validate against our published schema", 400
	case MetadataTooLarge:
		return "Your metadata headers exceed the maximum allowed metadata size", 400
	case MethodNotAllowed:
		return "The specified method is not allowed against this resource.", 405
	case NoSuchBucket:
		return "The specified bucket does not exist", 404
	case NoSuchKey:
		return "The specified key does not exist.", 404
	case NoSuchUpload:
		return "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", 404
	case NoSuchVersion:
		return "The specified version does not exist.", 404
	case NotImplemented:
		return "A header you provided implies functionality that is not implemented", 501
	case PreconditionFailed:
		return "At least one of the pre-conditions you specified did not hold", 412
	}
	return "", 0
}

// refuse returns the error of a code about a bucket, a key and a version.
func refuse(code, bucket, key, version string) *Error {
	e := NewError(code)
	e.Bucket, e.Key, e.VersionID = bucket, key, version
	return e
}

// invalid returns an InvalidArgument with S3's text for that argument.
func invalid(message, bucket, key, version string) *Error {
	e := refuse(InvalidArgument, bucket, key, version)
	e.Message = message
	return e
}

// mistaken returns an InvalidRequest with S3's text for what is wrong with it.
func mistaken(format string, args ...any) *Error {
	e := NewError(InvalidRequest)
	e.Message = fmt.Sprintf(format, args...)
	return e
}
