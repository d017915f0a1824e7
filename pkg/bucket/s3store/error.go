package s3store

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"signer/pkg/bucket"
)

// place is what a request is about.
type place struct{ bucket, key, version string }

// explain returns a refusal of the service as a [bucket.Error], and any other
// failure with what was being done. Both wrap what the client said.
func explain(err error, doing string, at place) error {
	if err == nil {
		return nil
	}
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		return fmt.Errorf("%s s3://%s%s: %w", doing, at.bucket, slashed(at.key), err)
	}
	e := bucket.NewError(codeOf(refusal))
	if said := refusal.ErrorMessage(); said != "" && said != unsaid {
		e.Message = said
	}
	e.Message = cmp.Or(e.Message, "The object store gives no reason.")
	e.Bucket, e.Key, e.VersionID, e.Err = at.bucket, at.key, at.version, err
	if r := answer(err); r != nil {
		e.Status = r.StatusCode
		e.DeleteMarker = r.Header.Get("x-amz-delete-marker") == "true"
		if id := r.Header.Get("x-amz-version-id"); id != "" {
			e.VersionID = id
		}
	}
	return e
}

// codeOf is S3's code, where a server has another one for it.
func codeOf(refusal smithy.APIError) string {
	if code := refusal.ErrorCode(); code != "XAmzContentChecksumMismatch" { // MinIO's
		return code
	}
	return bucket.BadDigest
}

// unsaid is the text that the client has for a refusal which came without one.
const unsaid = "UnknownError"

// missingVersion is the code that S3 has for a version that is missing. Some servers have
// that of a key.
func missingVersion(err error, at place) error {
	var e *bucket.Error
	if at.version == "" || !errors.As(err, &e) || e.Code != bucket.NoSuchKey {
		return err
	}
	return reword(e, bucket.NoSuchVersion)
}

func slashed(key string) string {
	if key == "" {
		return ""
	}
	return "/" + key
}

// answer returns the service's answer, if there was one.
func answer(err error) *http.Response {
	var r *smithyhttp.ResponseError
	if !errors.As(err, &r) || r.Response == nil {
		return nil
	}
	return r.Response.Response
}

// reword gives the answer to a HEAD request, which has a status and no words,
// the code and the text that a GET would have had.
func reword(e *bucket.Error, code string) *bucket.Error {
	worded := *e
	worded.Code, worded.Message = code, bucket.NewError(code).Message
	return &worded
}
