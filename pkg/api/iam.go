package api

import "sync"

// IAM is AWS Identity and Access Management, as far as access keys need it. It is
// put together on first use, as S3 is.
func IAM() *Service { return iam() }

var iam = sync.OnceValue(func() *Service {
	return &Service{
		Name:  "iam",
		Title: "AWS Identity and Access Management",
		Doc: "AWS Identity and Access Management keeps the access keys that requests to a service are signed with. " +
			"A key is a user's, and so is what is done with it.",
		Operations: []*Operation{
			iamCreateAccessKey(), iamDeleteAccessKey(), iamListAccessKeys(), iamUpdateAccessKey(),
		},
	}
})

// The shapes of IAM that more than one operation uses.
var (
	iamUser     = &Shape{Name: "existingUserNameType", Kind: String, Min: 1, Max: 128, Pattern: `[\w+=,.@-]+`}
	iamUserName = &Shape{Name: "userNameType", Kind: String, Min: 1, Max: 64, Pattern: `[\w+=,.@-]+`}
	iamKeyID    = &Shape{Name: "accessKeyIdType", Kind: String, Min: 16, Max: 128, Pattern: `[\w]+`}
	iamStatus   = enum("statusType", "Active", "Inactive", "Expired")
	iamTime     = timestamp("dateType")
)

// The classes of error of IAM.
var (
	iamNoSuchEntity  = &Error{"NoSuchEntity", 404}
	iamLimitExceeded = &Error{"LimitExceeded", 409}
	iamInvalidInput  = &Error{"InvalidInput", 400}
	iamFailure       = &Error{"ServiceFailure", 500}
)

// whose is the user that an operation is about.
func whose(doc string) Member {
	return Member{Name: "UserName", Shape: iamUser, Doc: doc + " Without a name it is who makes the request."}
}

func iamCreateAccessKey() *Operation {
	return &Operation{
		Name: "CreateAccessKey", Method: "POST", Path: "/",
		Doc: "Make an access key for a user. The answer is the only one that tells its secret: keep it. " +
			"A user has two keys at most.",
		Errors: []*Error{iamNoSuchEntity, iamLimitExceeded, iamFailure},
		Input:  structure("CreateAccessKeyRequest", whose("The user that the key is for.")),
		Output: structure("CreateAccessKeyResponse",
			Member{Name: "AccessKey", Required: true, Doc: "The key, with its secret.", Shape: structure("AccessKey",
				Member{Name: "UserName", Shape: iamUserName, Required: true, Doc: "The user that the key is for."},
				Member{Name: "AccessKeyId", Shape: iamKeyID, Required: true, Doc: "The key's id, which is no secret."},
				Member{Name: "Status", Shape: iamStatus, Required: true, Doc: "Whether requests may be signed with the key."},
				Member{Name: "SecretAccessKey", Shape: text("accessKeySecretType"), Required: true, Doc: "The secret that requests are signed with."},
				Member{Name: "CreateDate", Shape: iamTime, Doc: "When the key was made."})}),
	}
}

func iamDeleteAccessKey() *Operation {
	return &Operation{
		Name: "DeleteAccessKey", Method: "POST", Path: "/",
		Doc:    "Delete an access key. Requests that are signed with it are refused from then on.",
		Errors: []*Error{iamNoSuchEntity, iamLimitExceeded, iamFailure},
		Input: structure("DeleteAccessKeyRequest", whose("The user that the key is for."),
			Member{Name: "AccessKeyId", Shape: iamKeyID, Required: true, Doc: "The id of the key to delete."}),
		Output: structure(""),
	}
}

func iamListAccessKeys() *Operation {
	return &Operation{
		Name: "ListAccessKeys", Method: "POST", Path: "/",
		Doc:    "List the access keys of a user, without their secrets.",
		Errors: []*Error{iamNoSuchEntity, iamFailure},
		Pages:  &Pages{InputToken: "Marker", OutputToken: "Marker", More: "IsTruncated", Limit: "MaxItems", Result: []string{"AccessKeyMetadata"}},
		Input: structure("ListAccessKeysRequest", whose("The user whose keys are listed."),
			Member{Name: "Marker", Shape: &Shape{Name: "markerType", Kind: String, Min: 1, Max: 320, Pattern: `[\u0020-\u00FF]+`}, Doc: "Where to go on: the marker of the answer before."},
			Member{Name: "MaxItems", Shape: &Shape{Name: "maxItemsType", Kind: Integer, Min: 1, Max: 1000}, Doc: "How many keys an answer holds at most."}),
		Output: structure("ListAccessKeysResponse",
			Member{Name: "AccessKeyMetadata", Required: true, Doc: "The keys.", Shape: list("accessKeyMetadataListType", structure("AccessKeyMetadata",
				Member{Name: "UserName", Shape: iamUserName, Doc: "The user that the key is for."},
				Member{Name: "AccessKeyId", Shape: iamKeyID, Doc: "The key's id."},
				Member{Name: "Status", Shape: iamStatus, Doc: "Whether requests may be signed with the key."},
				Member{Name: "CreateDate", Shape: iamTime, Doc: "When the key was made."}))},
			Member{Name: "IsTruncated", Shape: boolean("booleanType"), Doc: "Whether there are more."},
			Member{Name: "Marker", Shape: text("responseMarkerType"), Doc: "Where to go on, if there are more."}),
	}
}

func iamUpdateAccessKey() *Operation {
	return &Operation{
		Name: "UpdateAccessKey", Method: "POST", Path: "/",
		Doc:    "Say whether an access key may be used. An Inactive one is kept, and can be made Active again.",
		Errors: []*Error{iamNoSuchEntity, iamLimitExceeded, iamFailure, iamInvalidInput},
		Input: structure("UpdateAccessKeyRequest", whose("The user that the key is for."),
			Member{Name: "AccessKeyId", Shape: iamKeyID, Required: true, Doc: "The key's id."},
			Member{Name: "Status", Shape: iamStatus, Required: true, Doc: "Active, or Inactive. No key can be made Expired by hand."}),
		Output: structure(""),
	}
}
