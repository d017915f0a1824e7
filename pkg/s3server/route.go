package s3server

import (
	"net/http"
	"slices"
	"strings"

	"signer/pkg/bucket"
)

// scope is what a call is about.
type scope int

const (
	inService scope = iota
	inBucket
	inObject
)

func (t target) scope() scope {
	switch {
	case t.bucket == "" && t.key == "":
		return inService
	case t.key == "":
		return inBucket
	}
	return inObject
}

// call is a call of S3's API. One that a header tells from another comes before that.
type call struct {
	name    string
	method  string
	scope   scope
	param   string // of the query; "" is any
	header  string // of the request; "" is any
	streams bool   // the body may be aws-chunked
	form    bool   // the signature is in the body
	do      func(*exchange) error
}

func calls() []call {
	return []call{
		{name: "ListBuckets", method: "GET", scope: inService, do: (*exchange).listBuckets},

		{name: "CreateBucket", method: "PUT", scope: inBucket, do: (*exchange).createBucket},
		{name: "DeleteBucket", method: "DELETE", scope: inBucket, do: (*exchange).deleteBucket},
		{name: "DeleteBucketTagging", method: "DELETE", scope: inBucket, param: "tagging", do: (*exchange).deleteBucketTags},
		{name: "DeleteObjects", method: "POST", scope: inBucket, param: "delete", do: (*exchange).deleteObjects},
		{name: "GetBucketLocation", method: "GET", scope: inBucket, param: "location", do: (*exchange).bucketLocation},
		{name: "GetBucketTagging", method: "GET", scope: inBucket, param: "tagging", do: (*exchange).bucketTags},
		{name: "GetBucketVersioning", method: "GET", scope: inBucket, param: "versioning", do: (*exchange).bucketVersioning},
		{name: "HeadBucket", method: "HEAD", scope: inBucket, do: (*exchange).headBucket},
		{name: "ListMultipartUploads", method: "GET", scope: inBucket, param: "uploads", do: (*exchange).listUploads},
		{name: "ListObjectVersions", method: "GET", scope: inBucket, param: "versions", do: (*exchange).listVersions},
		{name: "ListObjectsV2", method: "GET", scope: inBucket, param: "list-type", do: (*exchange).listObjectsV2},
		{name: "ListObjects", method: "GET", scope: inBucket, do: (*exchange).listObjects},
		{name: "PostObject", method: "POST", scope: inBucket, form: true, do: (*exchange).postObject},
		{name: "PutBucketTagging", method: "PUT", scope: inBucket, param: "tagging", do: (*exchange).putBucketTags},
		{name: "PutBucketVersioning", method: "PUT", scope: inBucket, param: "versioning", do: (*exchange).putBucketVersioning},

		{name: "AbortMultipartUpload", method: "DELETE", scope: inObject, param: "uploadId", do: (*exchange).abortUpload},
		{name: "CompleteMultipartUpload", method: "POST", scope: inObject, param: "uploadId", do: (*exchange).completeUpload},
		{name: "CreateMultipartUpload", method: "POST", scope: inObject, param: "uploads", do: (*exchange).createUpload},
		{name: "DeleteObject", method: "DELETE", scope: inObject, do: (*exchange).deleteObject},
		{name: "DeleteObjectTagging", method: "DELETE", scope: inObject, param: "tagging", do: (*exchange).deleteObjectTags},
		{name: "GetObjectAttributes", method: "GET", scope: inObject, param: "attributes", do: (*exchange).objectAttributes},
		{name: "GetObjectTagging", method: "GET", scope: inObject, param: "tagging", do: (*exchange).objectTags},
		{name: "PutObjectTagging", method: "PUT", scope: inObject, param: "tagging", do: (*exchange).putObjectTags},
		{name: "ListParts", method: "GET", scope: inObject, param: "uploadId", do: (*exchange).listParts},
		{name: "UploadPartCopy", method: "PUT", scope: inObject, param: "partNumber", header: copySource, do: (*exchange).copyPart},
		{name: "UploadPart", method: "PUT", scope: inObject, param: "partNumber", streams: true, do: (*exchange).putPart},
		{name: "CopyObject", method: "PUT", scope: inObject, header: copySource, do: (*exchange).copyObject},
		{name: "GetObject", method: "GET", scope: inObject, do: (*exchange).getObject},
		{name: "HeadObject", method: "HEAD", scope: inObject, do: (*exchange).headObject},
		{name: "PutObject", method: "PUT", scope: inObject, streams: true, do: (*exchange).putObject},
	}
}

const copySource = "x-amz-copy-source"

// others are the parameters that name what S3 has and this does not.
const others = "abac accelerate acl analytics cors encryption intelligent-tiering inventory legal-hold lifecycle logging " +
	"metadataAnnotationTable metadataConfiguration metadataInventoryTable metadataJournalTable metadataTable metrics notification object-lock " +
	"ownershipControls policy policyStatus publicAccessBlock renameObject replication requestPayment restore retention select session " +
	"torrent website"

// proves finds out who makes the call.
func (c call) proves(x *exchange) error {
	if c.form {
		return x.proveForm()
	}
	return x.prove()
}

// fits tells whether a request makes the call.
func (c call) fits(x *exchange) bool {
	return c.method == x.r.Method && c.scope == x.scope() && (c.param == "" || x.query.has(c.param)) && (c.header == "" || x.header(c.header) != "")
}

// route finds the call that a request makes. What this server does not have is refused
// once it is known who asks.
func (x *exchange) route() (call, error) {
	if err := x.misrouted(); err != nil {
		return call{}, err
	}
	if i := slices.IndexFunc(x.calls, func(c call) bool { return c.param != "" && c.fits(x) }); i >= 0 {
		return x.calls[i], nil
	}
	for other := range strings.FieldsSeq(others) {
		if x.query.has(other) && x.scope() != inService {
			return call{do: unimplemented(other)}, nil
		}
	}
	if i := slices.IndexFunc(x.calls, func(c call) bool { return c.fits(x) }); i >= 0 {
		return x.calls[i], nil
	}
	return call{}, x.noMethod([]string{"SERVICE", "BUCKET", "OBJECT"}[x.scope()])
}

// misrouted says in S3's words what is wrong with some odd requests.
func (x *exchange) misrouted() error {
	source, method := x.header(copySource), x.r.Method
	switch {
	case x.bucket == "" && x.key != "":
		return bucket.NewError(bucket.InvalidBucketName).With("BucketName", "")
	case source != "" && method != http.MethodPut:
		return badArgument(copySource, source, "You can only specify a copy source header for copy requests.")
	case x.scope() != inObject:
		return nil
	case method == http.MethodGet && x.query.has("uploads"):
		return badRequest("Key is not expected for the GET method ?uploads subresource")
	case method == http.MethodGet && x.query.has("versions"):
		return badRequest("There is no such thing as the ?versions sub-resource for a key")
	case method == http.MethodPut && x.query.has("partNumber") && !x.query.has("uploadId"):
		return badArgument("partNumber", "partNumber", "This operation does not accept partNumber without uploadId")
	case method == http.MethodPut && x.query.has("uploadId") && !x.query.has("partNumber"):
		x.set("Allow", "DELETE, POST, GET")
		return x.noMethod("UPLOAD")
	case method == http.MethodPost:
		if !x.query.has("uploadId") && !x.query.has("uploads") && !x.query.has("select") && !x.query.has("restore") {
			return x.noMethod("SERVICE")
		}
	}
	return nil
}

// noMethod refuses a method.
func (x *exchange) noMethod(resource string) error {
	return bucket.NewError(bucket.MethodNotAllowed).With("Method", x.r.Method).With("ResourceType", resource)
}
