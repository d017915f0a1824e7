package api

// The members that several operations of S3 have in common, and the short ways to
// write one.

// header is a text that travels in a header.
func header(name, wire, doc string) Member {
	return Member{Name: name, Shape: text(name), In: Header, Wire: wire, Doc: doc}
}

// headerOf is a value of another shape that travels in a header.
func headerOf(name, wire string, shape *Shape, doc string) Member {
	return Member{Name: name, Shape: shape, In: Header, Wire: wire, Doc: doc}
}

// query is a value that travels in the query.
func query(name, wire string, shape *Shape, doc string) Member {
	return Member{Name: name, Shape: shape, In: Query, Wire: wire, Doc: doc}
}

// inBucket names the bucket of a request.
func inBucket(doc string) Member {
	return Member{Name: "Bucket", Shape: s3BucketName, Required: true, In: Path, Doc: doc}
}

// atKey names the object of a request.
func atKey(doc string) Member {
	return Member{Name: "Key", Shape: s3Key, Required: true, In: Path, Doc: doc}
}

// atVersion picks one version of an object.
func atVersion(doc string) Member {
	return query("VersionId", "versionId", s3VersionID, doc)
}

// ofVersion tells which version an answer is about.
func ofVersion(doc string) Member {
	return headerOf("VersionId", "x-amz-version-id", s3VersionID, doc)
}

func expectedOwner() Member {
	return headerOf("ExpectedBucketOwner", "x-amz-expected-bucket-owner", text("AccountId"), "The account that must own the bucket for the request to succeed.")
}

func requestPayer() Member {
	return headerOf("RequestPayer", "x-amz-request-payer", s3RequestPayer, "Agrees that the requester pays for the request.")
}

func requestCharged() Member {
	return headerOf("RequestCharged", "x-amz-request-charged", s3RequestCharged, "Whether the requester paid for the request.")
}

func mfa() Member {
	return header("MFA", "x-amz-mfa", "The serial number of a device for multi-factor authentication, a blank, and the code it shows.")
}

func contentMD5() Member {
	return header("ContentMD5", "Content-MD5", "The MD5 of the body in base64; the request fails if it differs.")
}

func checksumAlgorithm() Member {
	return headerOf("ChecksumAlgorithm", "x-amz-sdk-checksum-algorithm", s3ChecksumAlgorithm, "The algorithm of the checksum that goes with the body.")
}

// ifMatch and ifNoneMatch are conditions on the ETag of what is there.
func ifMatch(doc string) Member { return header("IfMatch", "If-Match", doc) }

func ifNoneMatch(doc string) Member { return header("IfNoneMatch", "If-None-Match", doc) }

// checksums are the checksums of an object, one for each algorithm.
func checksums() []Member {
	sum := func(algorithm, wire string) Member {
		return header("Checksum"+algorithm, "x-amz-checksum-"+wire, "The "+algorithm+" checksum of the object in base64.")
	}
	return []Member{
		sum("CRC32", "crc32"), sum("CRC32C", "crc32c"), sum("CRC64NVME", "crc64nvme"), sum("SHA1", "sha1"), sum("SHA256", "sha256"),
		sum("SHA512", "sha512"), sum("MD5", "md5"), sum("XXHASH64", "xxhash64"), sum("XXHASH3", "xxhash3"), sum("XXHASH128", "xxhash128"),
	}
}

// checksumsTold are the checksums in an answer, which says besides how they were made.
func checksumsTold() []Member {
	return append(checksums(), headerOf("ChecksumType", "x-amz-checksum-type", s3ChecksumType, "Whether the checksum is of the whole object or of the checksums of its parts."))
}

func serverSideEncryption() Member {
	return headerOf("ServerSideEncryption", "x-amz-server-side-encryption", s3Encryption, "How the object is encrypted where it is stored.")
}

// customerKey is a key that encrypts an object and that S3 does not keep.
func customerKey() []Member {
	return []Member{
		customerAlgorithm(),
		header("SSECustomerKey", "x-amz-server-side-encryption-customer-key", "Your own key that encrypts the object, which the service does not keep."),
		customerKeyMD5(),
	}
}

func customerAlgorithm() Member {
	return header("SSECustomerAlgorithm", "x-amz-server-side-encryption-customer-algorithm", "The algorithm that goes with your own key, AES256.")
}

func customerKeyMD5() Member {
	return header("SSECustomerKeyMD5", "x-amz-server-side-encryption-customer-key-MD5", "The MD5 of your own key in base64.")
}

func kmsKey() Member {
	return header("SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id", "The key of KMS that encrypts the object.")
}

func kmsContext() Member {
	return header("SSEKMSEncryptionContext", "x-amz-server-side-encryption-context", "The encryption context for KMS: JSON in base64.")
}

func bucketKey() Member {
	return headerOf("BucketKeyEnabled", "x-amz-server-side-encryption-bucket-key-enabled", boolean("BucketKeyEnabled"), "Whether a key of the bucket stands between the object and KMS.")
}

func storageClass() Member {
	return headerOf("StorageClass", "x-amz-storage-class", s3StorageClass, "The storage class of the object.")
}

func redirect() Member {
	return header("WebsiteRedirectLocation", "x-amz-website-redirect-location", "Where a website made of the bucket sends those who ask for the object.")
}

func userMetadata() Member {
	return headerOf("Metadata", "x-amz-meta-", s3Metadata, "Names and values of your own that are kept with the object.")
}

func expires() Member {
	return headerOf("Expires", "Expires", timestamp("Expires"), "When caches should ask for the object anew.")
}

// objectLock says how long an object cannot be deleted.
func objectLock() []Member {
	until := timestamp("ObjectLockRetainUntilDate")
	return []Member{
		headerOf("ObjectLockMode", "x-amz-object-lock-mode", s3LockMode, "How strictly the object is kept from being deleted."),
		headerOf("ObjectLockRetainUntilDate", "x-amz-object-lock-retain-until-date", until, "Until when the object cannot be deleted."),
		headerOf("ObjectLockLegalHoldStatus", "x-amz-object-lock-legal-hold", s3LegalHold, "Whether a legal hold keeps the object from being deleted."),
	}
}

// grants give rights on a bucket or an object to others; these are the three that
// both have in the same place.
func grants(what string) []Member {
	return []Member{
		header("GrantFullControl", "x-amz-grant-full-control", "Who may do all with the "+what+" and its access control list."),
		header("GrantRead", "x-amz-grant-read", "Who may read the "+what+"."),
		header("GrantReadACP", "x-amz-grant-read-acp", "Who may read the access control list of the "+what+"."),
	}
}

func grantWriteACP(what string) Member {
	return header("GrantWriteACP", "x-amz-grant-write-acp", "Who may change the access control list of the "+what+".")
}

// boolean makes a Boolean.
func boolean(name string) *Shape { return &Shape{Name: name, Kind: Boolean} }

// integer makes an Integer without bounds.
func integer(name string) *Shape { return &Shape{Name: name, Kind: Integer} }

// long makes a Long.
func long(name string) *Shape { return &Shape{Name: name, Kind: Long} }

// timestamp makes a Timestamp.
func timestamp(name string) *Shape { return &Shape{Name: name, Kind: Timestamp} }
