package s3server

import (
	"net/http"

	"signer/pkg/bucket"
)

// What S3 can keep of a bucket and this server cannot is not there, which may be asked,
// and which is all that it takes to delete it. Only putting it is refused.

// absentCalls are the calls that ask for it and delete it.
func absentCalls() []call {
	return []call{
		{name: "GetBucketAcl", method: "GET", scope: inBucket, param: "acl", do: (*exchange).bucketACL},
		{name: "GetBucketOwnershipControls", method: "GET", scope: inBucket, param: "ownershipControls", do: (*exchange).ownership},

		{name: "GetBucketAccelerateConfiguration", method: "GET", scope: inBucket, param: "accelerate", do: nothingIn("AccelerateConfiguration")},
		{name: "GetBucketLogging", method: "GET", scope: inBucket, param: "logging", do: nothingIn("BucketLoggingStatus")},
		{name: "GetBucketNotificationConfiguration", method: "GET", scope: inBucket, param: "notification", do: nothingIn("NotificationConfiguration")},
		{name: "GetBucketRequestPayment", method: "GET", scope: inBucket, param: "requestPayment", do: (*exchange).requestPayment},

		{name: "DeleteBucketCors", method: "DELETE", scope: inBucket, param: "cors", do: (*exchange).deleteNothing},
		{name: "DeleteBucketEncryption", method: "DELETE", scope: inBucket, param: "encryption", do: (*exchange).deleteNothing},
		{name: "DeleteBucketLifecycle", method: "DELETE", scope: inBucket, param: "lifecycle", do: (*exchange).deleteNothing},
		{name: "DeleteBucketPolicy", method: "DELETE", scope: inBucket, param: "policy", do: (*exchange).deleteNothing},
		{name: "DeleteBucketReplication", method: "DELETE", scope: inBucket, param: "replication", do: (*exchange).deleteNothing},
		{name: "DeleteBucketWebsite", method: "DELETE", scope: inBucket, param: "website", do: (*exchange).deleteNothing},
		{name: "DeletePublicAccessBlock", method: "DELETE", scope: inBucket, param: "publicAccessBlock", do: (*exchange).deleteNothing},
		{name: "GetBucketCors", method: "GET", scope: inBucket, param: "cors",
			do: noneOf("NoSuchCORSConfiguration", http.StatusNotFound, "The CORS configuration does not exist")},
		{name: "GetBucketEncryption", method: "GET", scope: inBucket, param: "encryption",
			do: noneOf("ServerSideEncryptionConfigurationNotFoundError", http.StatusNotFound, "The server side encryption configuration was not found")},
		{name: "GetBucketLifecycleConfiguration", method: "GET", scope: inBucket, param: "lifecycle",
			do: noneOf("NoSuchLifecycleConfiguration", http.StatusNotFound, "The lifecycle configuration does not exist")},
		{name: "GetBucketPolicy", method: "GET", scope: inBucket, param: "policy",
			do: noneOf("NoSuchBucketPolicy", http.StatusNotFound, "The bucket policy does not exist.")},
		{name: "GetBucketPolicyStatus", method: "GET", scope: inBucket, param: "policyStatus",
			do: noneOf("NoSuchBucketPolicy", http.StatusNotFound, "The bucket policy does not exist.")},
		{name: "GetBucketReplication", method: "GET", scope: inBucket, param: "replication",
			do: noneOf("ReplicationConfigurationNotFoundError", http.StatusNotFound, "The replication configuration was not found")},
		{name: "GetBucketWebsite", method: "GET", scope: inBucket, param: "website",
			do: noneOf("NoSuchWebsiteConfiguration", http.StatusNotFound, "The specified bucket does not have a website configuration")},
		{name: "GetPublicAccessBlock", method: "GET", scope: inBucket, param: "publicAccessBlock",
			do: noneOf("NoSuchPublicAccessBlockConfiguration", http.StatusNotFound, "The public access block configuration was not found")},
		{name: "GetObjectLockConfiguration", method: "GET", scope: inBucket, param: "object-lock",
			do: noneOf("ObjectLockConfigurationNotFoundError", http.StatusNotFound, "Object Lock configuration does not exist for this bucket.")},
		{name: "GetObjectAcl", method: "GET", scope: inObject, param: "acl", do: (*exchange).objectACL},
		{name: "GetObjectLegalHold", method: "GET", scope: inObject, param: "legal-hold", do: (*exchange).unlocked},
		{name: "GetObjectRetention", method: "GET", scope: inObject, param: "retention", do: (*exchange).unlocked},
	}
}

// noneOf makes a call that tells of a bucket that exists that it does not have something.
func noneOf(code string, status int, text string) func(*exchange) error {
	return func(x *exchange) error {
		if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
			return err
		}
		return refused(code, status, "%s", text).With("BucketName", x.bucket)
	}
}

// deleteNothing deletes what is not there.
func (x *exchange) deleteNothing() error {
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	return x.nothing(http.StatusNoContent)
}

// nothingIn makes a call that tells with an empty element, as S3 does, that a bucket
// that exists does not have something.
func nothingIn(root string) func(*exchange) error {
	return func(x *exchange) error {
		if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
			return err
		}
		return x.answer(root, struct{}{})
	}
}

// requestPayment tells that a bucket's owner pays, as everywhere unless told otherwise.
func (x *exchange) requestPayment() error {
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	return x.answer("RequestPaymentConfiguration", struct{ Payer string }{"BucketOwner"})
}

// unlocked tells that an object is not locked.
func (x *exchange) unlocked() error {
	if _, err := x.store.Head(x.r.Context(), x.bucket, x.key, x.query["versionId"]); err != nil {
		return err
	}
	return badRequest("Bucket is missing Object Lock Configuration")
}

type ownershipXML struct {
	Rule struct{ ObjectOwnership string }
}

// ownership tells that all objects are the bucket's owner's.
func (x *exchange) ownership() error {
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	var out ownershipXML
	out.Rule.ObjectOwnership = "BucketOwnerEnforced"
	return x.answer("OwnershipControls", out)
}

type aclXML struct {
	Owner  *owner
	Grants []grantXML `xml:"AccessControlList>Grant"`
}

type grantXML struct {
	Grantee    granteeXML
	Permission string
}

type granteeXML struct {
	Namespace string `xml:"xmlns:xsi,attr"`
	Type      string `xml:"xsi:type,attr"`
	ID        string
}

// bucketACL tells that the owner may do everything, and others nothing.
func (x *exchange) bucketACL() error {
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	return x.mine()
}

// objectACL tells the same of an object, or of one of its versions.
func (x *exchange) objectACL() error {
	info, err := x.store.Head(x.r.Context(), x.bucket, x.key, x.query["versionId"])
	if err != nil {
		return err
	}
	x.setSome("x-amz-version-id", info.VersionID)
	return x.mine()
}

// mine answers the access list of everything that there is.
func (x *exchange) mine() error {
	me := x.owner()
	grantee := granteeXML{"http://www.w3.org/2001/XMLSchema-instance", "CanonicalUser", me.ID}
	return x.answer("AccessControlPolicy", aclXML{me, []grantXML{{grantee, "FULL_CONTROL"}}})
}

// unimplemented refuses what this server cannot keep, of a bucket that exists.
func unimplemented(subresource string) func(*exchange) error {
	return func(x *exchange) error {
		if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); bucket.IsCode(err, bucket.NoSuchBucket) {
			return err
		}
		return notImplemented("the subresource "+subresource, "")
	}
}
