package api

import (
	"slices"
	"sync"
)

// S3 is Amazon S3, as far as buckets with versioned objects need it. It is put
// together on first use, since most commands have no use for it.
func S3() *Service { return s3() }

var s3 = sync.OnceValue(func() *Service {
	return &Service{
		Name:  "s3api",
		Title: "Amazon S3",
		Doc: "Amazon S3 keeps objects in buckets. An object has a key, which is its name, and content of any length; " +
			"a bucket that keeps versions forgets nothing that was put into it until it is told to.",
		Operations: []*Operation{
			s3CreateBucket(), s3DeleteBucket(), s3DeleteObject(), s3GetBucketVersioning(), s3GetObject(), s3HeadObject(),
			s3ListBuckets(), s3ListObjectVersions(), s3ListObjectsV2(), s3PutBucketVersioning(), s3PutObject(),
		},
	}
})

func s3CreateBucket() *Operation {
	return &Operation{
		Name: "CreateBucket", Method: "PUT", Path: "/{Bucket}",
		Doc:    "Make a bucket.",
		Errors: []*Error{{"BucketAlreadyExists", 409}, {"BucketAlreadyOwnedByYou", 409}},
		Input: structure("CreateBucketRequest", slices.Concat(
			[]Member{
				headerOf("ACL", "x-amz-acl", s3BucketACL, "A ready-made access control list for the bucket."),
				inBucket("The name of the bucket."),
				{Name: "CreateBucketConfiguration", Shape: s3BucketConfiguration(), In: Payload, Doc: "Where and how the bucket is kept."},
			},
			grants("bucket"),
			[]Member{
				header("GrantWrite", "x-amz-grant-write", "Who may put objects into the bucket."),
				grantWriteACP("bucket"),
				headerOf("ObjectLockEnabledForBucket", "x-amz-bucket-object-lock-enabled", boolean("ObjectLockEnabledForBucket"), "Whether objects of the bucket can be kept from being deleted."),
				headerOf("ObjectOwnership", "x-amz-object-ownership", s3Ownership, "Who owns the objects that others put into the bucket."),
				headerOf("BucketNamespace", "x-amz-bucket-namespace", s3Namespace, "Among which names the bucket's must be unique."),
			})...),
		Output: structure("CreateBucketOutput",
			header("Location", "Location", "The path or the address of the bucket."),
			headerOf("BucketArn", "x-amz-bucket-arn", s3BucketARN, "The ARN of the bucket.")),
	}
}

func s3DeleteBucket() *Operation {
	return &Operation{
		Name: "DeleteBucket", Method: "DELETE", Path: "/{Bucket}",
		Doc:    "Delete a bucket, in which nothing may be left.",
		Input:  structure("DeleteBucketRequest", inBucket("The bucket to delete."), expectedOwner()),
		Output: structure(""),
	}
}

func s3ListBuckets() *Operation {
	return &Operation{
		Name: "ListBuckets", Method: "GET", Path: "/",
		Doc: "List the buckets of the account.",
		Pages: &Pages{InputToken: "ContinuationToken", OutputToken: "ContinuationToken", Limit: "MaxBuckets",
			Result: []string{"Buckets"}, Beside: []string{"Owner", "Prefix"}},
		Input: structure("ListBucketsRequest",
			query("MaxBuckets", "max-buckets", &Shape{Name: "MaxBuckets", Kind: Integer, Min: 1, Max: 10000}, "How many buckets an answer holds at most."),
			query("ContinuationToken", "continuation-token", s3Token, "Where to go on: the token of the answer before."),
			query("Prefix", "prefix", s3Prefix, "Only buckets whose names begin with this."),
			query("BucketRegion", "bucket-region", s3Region, "Only buckets of this region.")),
		Output: structure("ListBucketsOutput",
			Member{Name: "Buckets", Shape: list("Buckets", s3Bucket()), Doc: "The buckets."},
			Member{Name: "Owner", Shape: s3Owner(), Doc: "Who owns the buckets."},
			Member{Name: "ContinuationToken", Shape: text("NextToken"), Doc: "Where to go on, if there are more."},
			Member{Name: "Prefix", Shape: s3Prefix, Doc: "The prefix that was asked for."}),
	}
}

func s3GetBucketVersioning() *Operation {
	return &Operation{
		Name: "GetBucketVersioning", Method: "GET", Path: "/{Bucket}?versioning",
		Doc:   "Tell whether a bucket keeps every version of its objects.",
		Input: structure("GetBucketVersioningRequest", inBucket("The bucket's name."), expectedOwner()),
		Output: structure("GetBucketVersioningOutput",
			Member{Name: "Status", Shape: s3VersioningStatus, Doc: "Whether versions are kept; absent if they never were."},
			Member{Name: "MFADelete", Shape: enum("MFADeleteStatus", "Enabled", "Disabled"), Wire: "MfaDelete", Doc: "Whether versions are deleted only with multi-factor authentication."}),
	}
}

func s3PutBucketVersioning() *Operation {
	return &Operation{
		Name: "PutBucketVersioning", Method: "PUT", Path: "/{Bucket}?versioning",
		Doc: "Make a bucket keep every version of its objects, or stop it from keeping new ones.",
		Input: structure("PutBucketVersioningRequest",
			inBucket("The bucket's name."), contentMD5(), checksumAlgorithm(), mfa(),
			Member{Name: "VersioningConfiguration", Shape: s3VersioningConfiguration(), Required: true, In: Payload, Doc: "Whether versions are kept."},
			expectedOwner()),
		Output: structure(""),
	}
}
