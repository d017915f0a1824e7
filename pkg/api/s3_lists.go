package api

import "slices"

func s3ListObjectsV2() *Operation {
	return &Operation{
		Name: "ListObjectsV2", Method: "GET", Path: "/{Bucket}?list-type=2",
		Doc:    "List the objects of a bucket in the order of their keys.",
		Errors: []*Error{{"NoSuchBucket", 404}},
		Pages: &Pages{InputToken: "ContinuationToken", OutputToken: "NextContinuationToken", More: "IsTruncated", Limit: "MaxKeys",
			Result: []string{"Contents", "CommonPrefixes"}, Beside: []string{"RequestCharged", "Prefix"}},
		Input: structure("ListObjectsV2Request",
			inBucket("The bucket to list."), askDelimiter(), askEncoding(), askMaxKeys(), askPrefix(),
			query("ContinuationToken", "continuation-token", s3Token, "Where to go on: the token of the answer before."),
			query("FetchOwner", "fetch-owner", boolean("FetchOwner"), "Whether to tell the owner of each object."),
			query("StartAfter", "start-after", text("StartAfter"), "Only keys that come after this one."),
			requestPayer(), expectedOwner(), askOptional()),
		Output: structure("ListObjectsV2Output",
			truncated(),
			Member{Name: "Contents", Shape: list("ObjectList", s3ListedObject()), Doc: "The objects."},
			listedBucket(), toldPrefix(), toldDelimiter(), toldMaxKeys(), commonPrefixes(), toldEncoding(),
			Member{Name: "KeyCount", Shape: integer("KeyCount"), Doc: "The number of keys and common prefixes in the answer."},
			Member{Name: "ContinuationToken", Shape: s3Token, Doc: "The token that was asked with."},
			Member{Name: "NextContinuationToken", Shape: text("NextToken"), Doc: "Where to go on, if there are more."},
			Member{Name: "StartAfter", Shape: text("StartAfter"), Doc: "The key that the listing was asked to begin after."},
			requestCharged()),
	}
}

func s3ListObjectVersions() *Operation {
	return &Operation{
		Name: "ListObjectVersions", Method: "GET", Path: "/{Bucket}?versions",
		Doc: "List all versions of the objects of a bucket, the delete markers among them.",
		Pages: &Pages{InputToken: "KeyMarker", OutputToken: "NextKeyMarker", SecondInput: "VersionIdMarker", SecondOutput: "NextVersionIdMarker",
			More: "IsTruncated", Limit: "MaxKeys",
			Result: []string{"Versions", "DeleteMarkers", "CommonPrefixes"}, Beside: []string{"RequestCharged", "Prefix"}},
		Input: structure("ListObjectVersionsRequest",
			inBucket("The bucket to list."), askDelimiter(), askEncoding(),
			query("KeyMarker", "key-marker", text("KeyMarker"), "The key to begin after, or in the middle of."),
			askMaxKeys(), askPrefix(),
			query("VersionIdMarker", "version-id-marker", text("VersionIdMarker"), "The version of that key to begin after."),
			expectedOwner(), requestPayer(), askOptional()),
		Output: structure("ListObjectVersionsOutput",
			truncated(),
			Member{Name: "KeyMarker", Shape: text("KeyMarker"), Doc: "The key that the listing was asked to begin at."},
			Member{Name: "VersionIdMarker", Shape: text("VersionIdMarker"), Doc: "The version that the listing was asked to begin after."},
			Member{Name: "NextKeyMarker", Shape: text("NextKeyMarker"), Doc: "The key to go on at, if there is more."},
			Member{Name: "NextVersionIdMarker", Shape: text("NextVersionIdMarker"), Doc: "The version to go on after, if there is more."},
			Member{Name: "Versions", Shape: list("ObjectVersionList", s3ListedVersion()), Wire: "Version", Doc: "The versions."},
			Member{Name: "DeleteMarkers", Shape: list("DeleteMarkers", s3ListedMarker()), Wire: "DeleteMarker", Doc: "The delete markers."},
			listedBucket(), toldPrefix(), toldDelimiter(), toldMaxKeys(), commonPrefixes(), toldEncoding(), requestCharged()),
	}
}

func s3ListedObject() *Shape {
	sum, kept := listed(s3ListedClass)
	return structure("Object", slices.Concat(
		[]Member{
			{Name: "Key", Shape: s3Key, Doc: "The object's key."},
			{Name: "LastModified", Shape: s3Modified, Doc: "When the object was put."},
		}, sum, kept)...)
}

func s3ListedVersion() *Shape {
	sum, kept := listed(s3VersionClass)
	return structure("ObjectVersion", slices.Concat(sum, versioned(), kept)...)
}

func s3ListedMarker() *Shape {
	return structure("DeleteMarkerEntry", slices.Concat(
		[]Member{{Name: "Owner", Shape: s3Owner(), Doc: "Who deleted the object."}}, versioned())...)
}

// The parameters that both listings share ...

func askDelimiter() Member {
	return query("Delimiter", "delimiter", s3Delimiter, "A text up to which keys count as one common prefix, most often a slash.")
}

func askEncoding() Member {
	return query("EncodingType", "encoding-type", s3EncodingType, "How keys are written in the answer, so that any character can stand in XML.")
}

func askMaxKeys() Member {
	return query("MaxKeys", "max-keys", integer("MaxKeys"), "How many entries an answer holds at most.")
}

func askPrefix() Member {
	return query("Prefix", "prefix", s3Prefix, "Only keys that begin with this.")
}

func askOptional() Member {
	shape := list("OptionalObjectAttributesList", enum("OptionalObjectAttributes", "RestoreStatus"))
	return headerOf("OptionalObjectAttributes", "x-amz-optional-object-attributes", shape, "What else to tell of each object.")
}

// ... and what both answer.

func truncated() Member {
	return Member{Name: "IsTruncated", Shape: boolean("IsTruncated"), Doc: "Whether there is more than the answer holds."}
}

func listedBucket() Member {
	return Member{Name: "Name", Shape: s3BucketName, Doc: "The bucket's name."}
}

func toldPrefix() Member {
	return Member{Name: "Prefix", Shape: s3Prefix, Doc: "The prefix that was asked for."}
}

func toldDelimiter() Member {
	return Member{Name: "Delimiter", Shape: s3Delimiter, Doc: "The delimiter that was asked for."}
}

func toldMaxKeys() Member {
	return Member{Name: "MaxKeys", Shape: integer("MaxKeys"), Doc: "How many entries the answer could hold."}
}

func toldEncoding() Member {
	return Member{Name: "EncodingType", Shape: s3EncodingType, Doc: "How keys are written in the answer."}
}

func commonPrefixes() Member {
	return Member{Name: "CommonPrefixes", Doc: "What keys have in common up to the delimiter.", Shape: list("CommonPrefixList", structure("CommonPrefix",
		Member{Name: "Prefix", Shape: s3Prefix, Doc: "The beginning that the keys share, with the delimiter."}))}
}
