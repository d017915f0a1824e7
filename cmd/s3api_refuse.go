package cmd

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/document"
	"signer/pkg/engine"
)

// kept names, per operation, the parameters that the local store does justice to.
// What is not named is refused: a promise that nobody keeps is worse than none.
var kept = map[string]string{
	"CreateBucket":        "Bucket CreateBucketConfiguration",
	"DeleteBucket":        "Bucket ExpectedBucketOwner",
	"DeleteObject":        "Bucket Key VersionId RequestPayer ExpectedBucketOwner IfMatch IfMatchLastModifiedTime IfMatchSize",
	"GetBucketVersioning": "Bucket ExpectedBucketOwner",
	"GetObject":           readKept,
	"HeadObject":          readKept,
	"ListBuckets":         "MaxBuckets ContinuationToken Prefix BucketRegion",
	"ListObjectVersions": "Bucket Delimiter EncodingType KeyMarker MaxKeys Prefix VersionIdMarker ExpectedBucketOwner RequestPayer " +
		"OptionalObjectAttributes",
	"ListObjectsV2": "Bucket Delimiter EncodingType MaxKeys Prefix ContinuationToken FetchOwner StartAfter RequestPayer ExpectedBucketOwner " +
		"OptionalObjectAttributes",
	"PutBucketVersioning": "Bucket VersioningConfiguration ExpectedBucketOwner",
	"PutObject": "Body Bucket CacheControl ContentDisposition ContentEncoding ContentLanguage ContentMD5 ContentType Expires IfMatch IfNoneMatch Key Metadata " +
		"WebsiteRedirectLocation Tagging RequestPayer ExpectedBucketOwner ChecksumAlgorithm ChecksumCRC32 ChecksumCRC32C ChecksumCRC64NVME ChecksumSHA1 " +
		"ChecksumSHA256 ChecksumSHA512 ChecksumMD5 ChecksumXXHASH64 ChecksumXXHASH3 ChecksumXXHASH128",
}

const readKept = "Bucket IfMatch IfModifiedSince IfNoneMatch IfUnmodifiedSince Key Range ResponseCacheControl ResponseContentDisposition " +
	"ResponseContentEncoding ResponseContentLanguage ResponseContentType ResponseExpires VersionId PartNumber RequestPayer ExpectedBucketOwner ChecksumMode"

// anyhow are values of other parameters that say what the local store does anyhow.
var anyhow = map[string]document.Value{
	"ACL": "private", "StorageClass": "STANDARD", "ObjectOwnership": "BucketOwnerEnforced", "BucketNamespace": "global",
	"ObjectLockEnabledForBucket": false, "BypassGovernanceRetention": false, "BucketKeyEnabled": false,
}

// refuseUnkept refuses parameters that the local store would have to ignore.
func refuseUnkept(op *api.Operation, params *document.Object) error {
	honest := strings.Fields(kept[op.Name])
	for name, v := range params.All() {
		if usual, ok := anyhow[name]; !slices.Contains(honest, name) && !(ok && document.Equal(v, usual)) {
			return unkept("--" + api.CLIName(name))
		}
	}
	return nil
}

func unkept(what string) error {
	return s3Error(bucket.NotImplemented, http.StatusNotImplemented,
		"The local store cannot do justice to %s. Leave it out, or use S3 itself with --engine aws.", what)
}

// withStatus gives an error the code that the AWS CLI reads from an answer without
// a body: the status. HEAD never has a body, and neither has "not modified".
func withStatus(op *api.Operation, err error) error {
	status := statusOf(err)
	if status == 0 || op.Method != http.MethodHead && status != http.StatusNotModified {
		return err
	}
	bare := &engine.APIError{Code: strconv.Itoa(status), Message: http.StatusText(status), Status: status, Members: document.New()}
	if status == http.StatusRequestedRangeNotSatisfiable {
		bare.Message = "Range Not Satisfiable" // Python's words
	}
	return errors.Join(bare, err)
}

// statusOf is the status that came with an error of S3, or 0.
func statusOf(err error) int {
	var own *bucket.Error
	var remote *smithyhttp.ResponseError
	switch {
	case errors.As(err, &own):
		return own.Status
	case errors.As(err, &remote):
		return remote.HTTPStatusCode()
	}
	return 0
}
