package api

// The shapes of S3 that more than one operation uses, and those that nest.

var (
	s3BucketName = text("BucketName")
	s3Key        = &Shape{Name: "ObjectKey", Kind: String, Min: 1}
	s3VersionID  = text("ObjectVersionId")
	s3Prefix     = text("Prefix")
	s3Delimiter  = text("Delimiter")
	s3Token      = text("Token")
	s3Region     = text("BucketRegion")
	s3Modified   = timestamp("LastModified")
	s3BucketARN  = &Shape{Name: "S3RegionalOrS3ExpressBucketArnString", Kind: String, Min: 1, Max: 128, Pattern: `^arn:[^:]+:(s3|s3express):.*`}
	s3Metadata   = &Shape{Name: "Metadata", Kind: Map, Key: text("MetadataKey"), Elem: text("MetadataValue")}
)

var (
	s3BucketACL         = enum("BucketCannedACL", "private", "public-read", "public-read-write", "authenticated-read")
	s3ObjectACL         = enum("ObjectCannedACL", "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control")
	s3Ownership         = enum("ObjectOwnership", "BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
	s3Namespace         = enum("BucketNamespace", "account-regional", "global")
	s3VersioningStatus  = enum("BucketVersioningStatus", "Enabled", "Suspended")
	s3RequestPayer      = enum("RequestPayer", "requester")
	s3RequestCharged    = enum("RequestCharged", "requester")
	s3EncodingType      = enum("EncodingType", "url")
	s3ChecksumMode      = enum("ChecksumMode", "ENABLED")
	s3ChecksumType      = enum("ChecksumType", "COMPOSITE", "FULL_OBJECT")
	s3ChecksumAlgorithm = enum("ChecksumAlgorithm", "CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128")
	s3Encryption        = enum("ServerSideEncryption", "AES256", "aws:fsx", "aws:kms", "aws:kms:dsse")
	s3LockMode          = enum("ObjectLockMode", "GOVERNANCE", "COMPLIANCE")
	s3LegalHold         = enum("ObjectLockLegalHoldStatus", "ON", "OFF")
	s3Replication       = enum("ReplicationStatus", "COMPLETE", "PENDING", "FAILED", "REPLICA", "COMPLETED")
	s3Archive           = enum("ArchiveStatus", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS")
	s3StorageClass      = enum("StorageClass", "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
		"DEEP_ARCHIVE", "OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP")
	s3ListedClass = enum("ObjectStorageClass", "STANDARD", "REDUCED_REDUNDANCY", "GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
		"DEEP_ARCHIVE", "OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP")
	s3VersionClass = enum("ObjectVersionStorageClass", "STANDARD")
	s3Location     = enum("BucketLocationConstraint", "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
		"ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6",
		"ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "EU", "eu-central-1", "eu-central-2", "eu-north-1",
		"eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
		"sa-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2")
)

func s3Owner() *Shape {
	return structure("Owner",
		Member{Name: "DisplayName", Shape: text("DisplayName"), Doc: "The owner's name as people read it."},
		Member{Name: "ID", Shape: text("ID"), Doc: "The owner's id."})
}

func s3Restore() *Shape {
	return structure("RestoreStatus",
		Member{Name: "IsRestoreInProgress", Shape: boolean("IsRestoreInProgress"), Doc: "Whether a copy is being brought back from the archive."},
		Member{Name: "RestoreExpiryDate", Shape: timestamp("RestoreExpiryDate"), Doc: "Until when the copy is there."})
}

func s3BucketConfiguration() *Shape {
	return structure("CreateBucketConfiguration",
		Member{Name: "LocationConstraint", Shape: s3Location, Doc: "The region that keeps the bucket; left out for us-east-1."},
		Member{Name: "Location", Doc: "The zone that keeps a directory bucket.", Shape: structure("LocationInfo",
			Member{Name: "Type", Shape: enum("LocationType", "AvailabilityZone", "LocalZone"), Doc: "The kind of zone."},
			Member{Name: "Name", Shape: text("LocationNameAsString"), Doc: "The id of the zone."})},
		Member{Name: "Bucket", Doc: "What a directory bucket is like.", Shape: structure("BucketInfo",
			Member{Name: "DataRedundancy", Shape: enum("DataRedundancy", "SingleAvailabilityZone", "SingleLocalZone"), Doc: "How many zones keep the data."},
			Member{Name: "Type", Shape: enum("BucketType", "Directory"), Doc: "The kind of bucket."})},
		Member{Name: "Tags", Doc: "The bucket's tags.", Shape: list("TagSet", structure("Tag",
			Member{Name: "Key", Shape: s3Key, Required: true, Doc: "The tag's name."},
			Member{Name: "Value", Shape: text("Value"), Required: true, Doc: "The tag's value."}))})
}

func s3VersioningConfiguration() *Shape {
	return structure("VersioningConfiguration",
		Member{Name: "MFADelete", Shape: enum("MFADelete", "Enabled", "Disabled"), Wire: "MfaDelete", Doc: "Whether versions are deleted only with multi-factor authentication."},
		Member{Name: "Status", Shape: s3VersioningStatus, Doc: "Whether the bucket keeps every version of its objects."})
}

func s3Bucket() *Shape {
	return structure("Bucket",
		Member{Name: "Name", Shape: s3BucketName, Doc: "The bucket's name."},
		Member{Name: "CreationDate", Shape: timestamp("CreationDate"), Doc: "When the bucket was made or last changed."},
		Member{Name: "BucketRegion", Shape: s3Region, Doc: "The region that keeps the bucket."},
		Member{Name: "BucketArn", Shape: s3BucketARN, Doc: "The ARN of the bucket."})
}

// listed are what a listing tells of the content of an object or of a version.
func listed(class *Shape) (sum, kept []Member) {
	sum = []Member{
		{Name: "ETag", Shape: text("ETag"), Doc: "A tag of the content, in double quotes."},
		{Name: "ChecksumAlgorithm", Shape: list("ChecksumAlgorithmList", s3ChecksumAlgorithm), Doc: "The algorithms of the object's checksums."},
		{Name: "ChecksumType", Shape: s3ChecksumType, Doc: "Whether the checksum is of the whole object or of the checksums of its parts."},
		{Name: "Size", Shape: long("Size"), Doc: "The number of bytes."},
		{Name: "StorageClass", Shape: class, Doc: "The storage class of the object."},
	}
	kept = []Member{
		{Name: "Owner", Shape: s3Owner(), Doc: "Who owns the object."},
		{Name: "RestoreStatus", Shape: s3Restore(), Doc: "Whether the object is back from the archive."},
	}
	return sum, kept
}

// versioned are what a listing of versions tells of where an entry stands.
func versioned() []Member {
	return []Member{
		{Name: "Key", Shape: s3Key, Doc: "The object's key."},
		{Name: "VersionId", Shape: s3VersionID, Doc: "The version's id."},
		{Name: "IsLatest", Shape: boolean("IsLatest"), Doc: "Whether it is the newest of its key."},
		{Name: "LastModified", Shape: s3Modified, Doc: "When it was made."},
	}
}
