package api

import "slices"

func s3PutObject() *Operation {
	return &Operation{
		Name: "PutObject", Method: "PUT", Path: "/{Bucket}/{Key+}",
		Doc: "Put an object into a bucket. In a bucket that keeps versions it becomes the newest version of its key; in others it takes the place of the one that was there.",
		Errors: []*Error{{"InvalidRequest", 400}, {"InvalidWriteOffset", 400}, {"TooManyParts", 400},
			{"EncryptionTypeMismatch", 400}},
		Input: structure("PutObjectRequest", slices.Concat(
			[]Member{
				headerOf("ACL", "x-amz-acl", s3ObjectACL, "A ready-made access control list for the object."),
				{Name: "Body", Shape: &Shape{Name: "Body", Kind: Blob}, Stream: true, In: Payload, Doc: "The file that holds the object's content."},
				inBucket("The bucket to put the object into."),
			},
			putContent(), checksums(), putConditions(), grants("object"), putKept(), customerKey(),
			[]Member{
				kmsKey(), kmsContext(), bucketKey(), requestPayer(),
				headerOf("Tagging", "x-amz-tagging", text("TaggingHeader"), "The object's tags, written like the query of a URL."),
			},
			objectLock(),
			[]Member{expectedOwner()})...),
		Output: structure("PutObjectOutput", slices.Concat(
			[]Member{expiration(), eTag()},
			checksumsTold(),
			[]Member{
				serverSideEncryption(),
				ofVersion("The id of the new version."),
				customerAlgorithm(), customerKeyMD5(), kmsKey(), kmsContext(), bucketKey(),
				headerOf("Size", "x-amz-object-size", long("Size"), "The number of bytes of an object that was appended to."),
				requestCharged(),
			})...),
	}
}

// putContent says what the content of a new object is.
func putContent() []Member {
	return []Member{
		cacheControl(), contentDisposition(), contentEncoding(), contentLanguage(),
		headerOf("ContentLength", "Content-Length", long("ContentLength"), "The number of bytes of the body, where that cannot be seen."),
		contentMD5(), contentType(), checksumAlgorithm(),
	}
}

// putConditions must be met for a new object to be written.
func putConditions() []Member {
	return []Member{
		expires(),
		ifMatch("Only if the key's newest version has this ETag."),
		ifNoneMatch("Only if the key is not there yet; the value is an asterisk."),
	}
}

// putKept says under which key and how a new object is kept.
func putKept() []Member {
	return []Member{
		grantWriteACP("object"),
		atKey("The object's key."),
		headerOf("WriteOffsetBytes", "x-amz-write-offset-bytes", long("WriteOffsetBytes"), "Where in an object of a directory bucket the body is appended."),
		userMetadata(), serverSideEncryption(), storageClass(), redirect(),
	}
}

func s3GetObject() *Operation {
	return &Operation{
		Name: "GetObject", Method: "GET", Path: "/{Bucket}/{Key+}",
		Doc:    "Fetch an object and what is kept with it.",
		Errors: []*Error{{"NoSuchKey", 404}, {"InvalidObjectState", 403}},
		Input:  structure("GetObjectRequest", readObject()...),
		Output: structure("GetObjectOutput", slices.Concat(
			[]Member{{Name: "Body", Shape: &Shape{Name: "Body", Kind: Blob}, Stream: true, In: Payload, Doc: "The object's content."}},
			found(),
			[]Member{lastModified(), contentLength(), eTag()},
			checksumsTold(), content(),
			[]Member{contentRange(), contentType()},
			kept())...),
	}
}

func s3HeadObject() *Operation {
	return &Operation{
		Name: "HeadObject", Method: "HEAD", Path: "/{Bucket}/{Key+}",
		Doc:    "Tell all that is kept with an object, without its content.",
		Errors: []*Error{{"NoSuchKey", 404}},
		Input:  structure("HeadObjectRequest", readObject()...),
		Output: structure("HeadObjectOutput", slices.Concat(
			found(),
			[]Member{
				headerOf("ArchiveStatus", "x-amz-archive-status", s3Archive, "The archive that the object is in."),
				lastModified(), contentLength(),
			},
			checksumsTold(),
			[]Member{eTag()},
			content(),
			[]Member{contentType(), contentRange()},
			kept())...),
	}
}

// readObject are the parameters of GetObject and HeadObject.
func readObject() []Member {
	return slices.Concat(
		[]Member{
			inBucket("The bucket that holds the object."),
			ifMatch("Only if the object has this ETag."),
			headerOf("IfModifiedSince", "If-Modified-Since", timestamp("IfModifiedSince"), "Only if the object was modified after this time."),
			ifNoneMatch("Only if the object has another ETag than this."),
			headerOf("IfUnmodifiedSince", "If-Unmodified-Since", timestamp("IfUnmodifiedSince"), "Only if the object was not modified after this time."),
			atKey("The object's key."),
			header("Range", "Range", "The part of the content to fetch, such as bytes=0-99."),
		},
		answered(),
		[]Member{atVersion("The version to fetch; the newest if left out.")},
		customerKey(),
		[]Member{
			requestPayer(),
			query("PartNumber", "partNumber", integer("PartNumber"), "The part of a multipart upload to fetch."),
			expectedOwner(),
			headerOf("ChecksumMode", "x-amz-checksum-mode", s3ChecksumMode, "Whether to tell the object's checksums."),
		})
}

// answered are headers of the answer that a request may choose.
func answered() []Member {
	chosen := func(name, wire, what string) Member {
		return query(name, wire, text(name), "What the answer tells as the object's "+what+".")
	}
	return []Member{
		chosen("ResponseCacheControl", "response-cache-control", "caching"),
		chosen("ResponseContentDisposition", "response-content-disposition", "disposition"),
		chosen("ResponseContentEncoding", "response-content-encoding", "encoding"),
		chosen("ResponseContentLanguage", "response-content-language", "language"),
		chosen("ResponseContentType", "response-content-type", "media type"),
		query("ResponseExpires", "response-expires", timestamp("ResponseExpires"), "What the answer tells as the end of the object's caching."),
	}
}

// found begins what is told of an object.
func found() []Member {
	return []Member{
		headerOf("DeleteMarker", "x-amz-delete-marker", boolean("DeleteMarker"), "Whether what was found is the mark of a deletion."),
		header("AcceptRanges", "accept-ranges", "The unit in which parts of the content can be asked for."),
		expiration(),
		header("Restore", "x-amz-restore", "Whether a copy is back from the archive, and until when."),
	}
}

// content says what an object's content is.
func content() []Member {
	return []Member{
		headerOf("MissingMeta", "x-amz-missing-meta", integer("MissingMeta"), "How many metadata entries cannot be told in headers."),
		ofVersion("The version's id."),
		cacheControl(), contentDisposition(), contentEncoding(), contentLanguage(),
	}
}

// kept ends what is told of an object.
func kept() []Member {
	return slices.Concat(
		[]Member{
			expires(), redirect(), serverSideEncryption(), userMetadata(), customerAlgorithm(), customerKeyMD5(), kmsKey(), bucketKey(),
			storageClass(), requestCharged(),
			headerOf("ReplicationStatus", "x-amz-replication-status", s3Replication, "How far the copying to other buckets is."),
			headerOf("PartsCount", "x-amz-mp-parts-count", integer("PartsCount"), "The number of parts of a multipart upload."),
			headerOf("TagCount", "x-amz-tagging-count", integer("TagCount"), "The number of the object's tags."),
		},
		objectLock())
}

func s3DeleteObject() *Operation {
	return &Operation{
		Name: "DeleteObject", Method: "DELETE", Path: "/{Bucket}/{Key+}",
		Doc: "Delete an object, or one version of it. In a bucket that keeps versions, deleting without a version's id hides the object behind a delete marker.",
		Input: structure("DeleteObjectRequest",
			inBucket("The bucket that holds the object."), atKey("The object's key."), mfa(),
			atVersion("The version to delete for good."), requestPayer(),
			headerOf("BypassGovernanceRetention", "x-amz-bypass-governance-retention", boolean("BypassGovernanceRetention"), "Whether to delete in spite of a lock in governance mode."),
			expectedOwner(), ifMatch("Only if the object has this ETag."),
			headerOf("IfMatchLastModifiedTime", "x-amz-if-match-last-modified-time", timestamp("IfMatchLastModifiedTime"), "Only if the object was modified at this time."),
			headerOf("IfMatchSize", "x-amz-if-match-size", long("IfMatchSize"), "Only if the object has this number of bytes.")),
		Output: structure("DeleteObjectOutput",
			headerOf("DeleteMarker", "x-amz-delete-marker", boolean("DeleteMarker"), "Whether a delete marker was made or deleted."),
			ofVersion("The id of the version that was made or deleted."), requestCharged()),
	}
}

func expiration() Member {
	return header("Expiration", "x-amz-expiration", "When a rule of the bucket will delete the object.")
}

func eTag() Member {
	return header("ETag", "ETag", "A tag of the content, in double quotes.")
}

func lastModified() Member {
	return headerOf("LastModified", "Last-Modified", s3Modified, "When the object was put.")
}

func contentLength() Member {
	return headerOf("ContentLength", "Content-Length", long("ContentLength"), "The number of bytes of the answer's body.")
}

func contentType() Member {
	return header("ContentType", "Content-Type", "The media type of the content.")
}

func contentRange() Member {
	return header("ContentRange", "Content-Range", "Which part of the content the answer holds.")
}

func cacheControl() Member {
	return header("CacheControl", "Cache-Control", "How caches may keep the object.")
}

func contentDisposition() Member {
	return header("ContentDisposition", "Content-Disposition", "How programs should present the object, such as the file name to save it under.")
}

func contentEncoding() Member {
	return header("ContentEncoding", "Content-Encoding", "How the content is packed, such as gzip.")
}

func contentLanguage() Member {
	return header("ContentLanguage", "Content-Language", "The language of the content.")
}
