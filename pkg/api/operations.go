package api

// Signer is AWS Signer: everything it can do.
var Signer = &Service{
	Name:  "signer",
	Title: "AWS Signer",
	Doc: "AWS Signer signs code: zip archives for Lambda, firmware images for IoT devices, and container images. " +
		"A signing profile says for which platform and with which key; a signing job signs one version of an object in a bucket " +
		"and keeps the result in another.",
	Operations: []*Operation{
		addProfilePermission, cancelSigningProfile, describeSigningJob, getRevocationStatus, getSigningPlatform,
		getSigningProfile, listProfilePermissions, listSigningJobs, listSigningPlatforms, listSigningProfiles,
		listTagsForResource, putSigningProfile, removeProfilePermission, revokeSignature, revokeSigningProfile,
		signPayload, startSigningJob, tagResource, untagResource,
	},
	Waiters: []*Waiter{{
		Name:        "SuccessfulSigningJob",
		Doc:         "Wait until a signing job has succeeded. It looks every 20 seconds, 25 times at most, and fails when the job fails or is not there.",
		Operation:   describeSigningJob,
		Delay:       20,
		MaxAttempts: 25,
		Acceptors: []Acceptor{
			{Success: true, Member: "status", Value: "Succeeded"},
			{Member: "status", Value: "Failed"},
			{Error: "ResourceNotFoundException"},
		},
	}},
}

// The classes of error of AWS Signer.
var (
	accessDenied         = &Error{"AccessDeniedException", 403}
	badRequest           = &Error{"BadRequestException", 400}
	conflict             = &Error{"ConflictException", 409}
	internalError        = &Error{"InternalServiceErrorException", 500}
	notFound             = &Error{"NotFoundException", 404}
	resourceNotFound     = &Error{"ResourceNotFoundException", 404}
	serviceLimitExceeded = &Error{"ServiceLimitExceededException", 402}
	throttling           = &Error{"ThrottlingException", 429}
	tooManyRequests      = &Error{"TooManyRequestsException", 429}
	validation           = &Error{"ValidationException", 400}
)

// everywhere are the errors that every operation on profiles and jobs may answer.
func everywhere(also ...*Error) []*Error {
	return append(also, accessDenied, tooManyRequests, internalError)
}

// tagging are the errors of the operations on tags.
var tagging = []*Error{internalError, badRequest, notFound, tooManyRequests}

// pages is how every listing of AWS Signer follows on.
func pages(result string) *Pages {
	return &Pages{InputToken: "nextToken", OutputToken: "nextToken", Limit: "maxResults", Result: []string{result}}
}

var addProfilePermission = &Operation{
	Name: "AddProfilePermission", Method: "POST", Path: "/signing-profiles/{profileName}/permissions",
	Doc:    "Allow another account or role an action on a signing profile.",
	Errors: everywhere(validation, resourceNotFound, serviceLimitExceeded, conflict),
	Input: asked(structure("AddProfilePermissionRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, In: Path, Doc: "The profile that the permission is for."},
		Member{Name: "profileVersion", Shape: profileVersion, Doc: "The version of the profile that the permission is limited to."},
		Member{Name: "action", Shape: stringShape, Required: true, Doc: "What is allowed: signer:StartSigningJob, signer:SignPayload, signer:GetSigningProfile or signer:RevokeSignature."},
		Member{Name: "principal", Shape: stringShape, Required: true, Doc: "Who is allowed: an account's 12 digits or a role's ARN."},
		Member{Name: "revisionId", Shape: stringShape, Doc: "The revision of the permissions that the change is based on; needed once there are any."},
		Member{Name: "statementId", Shape: stringShape, Required: true, Doc: "A name for the permission, unique within the profile."}), "action", "principal", "statementId", "profileName"),
	Output: structure("AddProfilePermissionResponse",
		Member{Name: "revisionId", Shape: stringShape, Doc: "The revision of the permissions after the change."}),
}

var cancelSigningProfile = &Operation{
	Name: "CancelSigningProfile", Method: "DELETE", Path: "/signing-profiles/{profileName}",
	Doc:    "Cancel a signing profile: it signs nothing more, and what it signed stays valid. It cannot be undone, and the name stays taken.",
	Errors: everywhere(resourceNotFound),
	Input: structure("CancelSigningProfileRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, In: Path, Doc: "The profile to cancel."}),
	Output: structure(""),
}

var describeSigningJob = &Operation{
	Name: "DescribeSigningJob", Method: "GET", Path: "/signing-jobs/{jobId}",
	Doc:    "Tell all about one signing job.",
	Errors: everywhere(resourceNotFound),
	Input: structure("DescribeSigningJobRequest",
		Member{Name: "jobId", Shape: jobID, Required: true, In: Path, Doc: "The job's id."}),
	Output: structure("DescribeSigningJobResponse",
		Member{Name: "jobId", Shape: jobID, Doc: "The job's id."},
		Member{Name: "source", Shape: source, Doc: "The object that was to be signed."},
		Member{Name: "signingMaterial", Shape: signingMaterial, Doc: "The certificate that signed."},
		Member{Name: "platformId", Shape: platformID, Doc: "The platform that the job signed for."},
		Member{Name: "platformDisplayName", Shape: displayName, Doc: "The platform's name as people read it."},
		Member{Name: "profileName", Shape: profileName, Doc: "The profile that the job used."},
		Member{Name: "profileVersion", Shape: profileVersion, Doc: "The version of that profile."},
		Member{Name: "overrides", Shape: overrides, Doc: "What the profile sets in place of the platform's own."},
		Member{Name: "signingParameters", Shape: parameters, Doc: "Names and values that go with the signature."},
		Member{Name: "createdAt", Shape: timestampShape, Doc: "When the job was started."},
		Member{Name: "completedAt", Shape: timestampShape, Doc: "When the job ended."},
		Member{Name: "signatureExpiresAt", Shape: timestampShape, Doc: "When the signature ceases to be valid."},
		Member{Name: "requestedBy", Shape: requestedBy, Doc: "The ARN of the principal that started the job."},
		Member{Name: "status", Shape: signingStatus, Doc: "How far the job is."},
		Member{Name: "statusReason", Shape: text("StatusReason"), Doc: "Why the job has this status."},
		Member{Name: "revocationRecord", Shape: jobRevocation, Doc: "When, why and by whom the signature was revoked."},
		Member{Name: "signedObject", Shape: signedObject, Doc: "The signed object."},
		Member{Name: "jobOwner", Shape: accountID, Doc: "The account that owns the job."},
		Member{Name: "jobInvoker", Shape: accountID, Doc: "The account that started the job."}),
}

var getRevocationStatus = &Operation{
	Name: "GetRevocationStatus", Method: "GET", Path: "/revocations", HostPrefix: "data-",
	Doc:    "Tell which of a profile, a job and certificates were revoked as far as a signature is concerned.",
	Errors: everywhere(validation),
	Input: structure("GetRevocationStatusRequest",
		Member{Name: "signatureTimestamp", Shape: timestampShape, Required: true, In: Query, Doc: "When the signature was made."},
		Member{Name: "platformId", Shape: platformID, Required: true, In: Query, Doc: "The platform that it was made for."},
		Member{Name: "profileVersionArn", Shape: arn, Required: true, In: Query, Doc: "The ARN of the profile version that made it."},
		Member{Name: "jobArn", Shape: arn, Required: true, In: Query, Doc: "The ARN of the job that made it."},
		Member{Name: "certificateHashes", Shape: certificateHashes, Required: true, In: Query, Doc: "For each certificate of the chain, its SHA-384 followed by its issuer's."}),
	Output: structure("GetRevocationStatusResponse",
		Member{Name: "revokedEntities", Shape: list("RevokedEntities", stringShape), Doc: "Those of the given ARNs and hashes that are revoked."}),
}

var getSigningPlatform = &Operation{
	Name: "GetSigningPlatform", Method: "GET", Path: "/signing-platforms/{platformId}",
	Doc:    "Tell all about one signing platform.",
	Errors: everywhere(resourceNotFound),
	Input: structure("GetSigningPlatformRequest",
		Member{Name: "platformId", Shape: platformID, Required: true, In: Path, Doc: "The platform's id."}),
	Output: structure("GetSigningPlatformResponse", platformMembers(platformID, displayName)...),
}

var getSigningProfile = &Operation{
	Name: "GetSigningProfile", Method: "GET", Path: "/signing-profiles/{profileName}",
	Doc:    "Tell all about one signing profile.",
	Errors: everywhere(resourceNotFound),
	Input: structure("GetSigningProfileRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, In: Path, Doc: "The profile's name."},
		Member{Name: "profileOwner", Shape: accountID, In: Query, Doc: "The account that owns the profile, if it is another one."}),
	Output: structure("GetSigningProfileResponse",
		Member{Name: "profileName", Shape: profileName, Doc: "The profile's name."},
		Member{Name: "profileVersion", Shape: profileVersion, Doc: "The profile's version."},
		Member{Name: "profileVersionArn", Shape: arn, Doc: "The ARN of the profile and its version."},
		Member{Name: "revocationRecord", Shape: profileRevocation, Doc: "When and by whom the profile was revoked."},
		Member{Name: "signingMaterial", Shape: signingMaterial, Doc: "The certificate that signs."},
		Member{Name: "platformId", Shape: platformID, Doc: "The platform that the profile signs for."},
		Member{Name: "platformDisplayName", Shape: displayName, Doc: "The platform's name as people read it."},
		Member{Name: "signatureValidityPeriod", Shape: validityPeriod, Doc: "How long signatures are valid."},
		Member{Name: "overrides", Shape: overrides, Doc: "What the profile sets in place of the platform's own."},
		Member{Name: "signingParameters", Shape: parameters, Doc: "Names and values that go with the signature."},
		Member{Name: "status", Shape: profileStatus, Doc: "Whether the profile can sign."},
		Member{Name: "statusReason", Shape: stringShape, Doc: "Why the profile has this status."},
		Member{Name: "arn", Shape: lowerString, Doc: "The ARN of the profile."},
		Member{Name: "tags", Shape: tagMap, Doc: "The profile's tags."}),
}

var listProfilePermissions = &Operation{
	Name: "ListProfilePermissions", Method: "GET", Path: "/signing-profiles/{profileName}/permissions",
	Doc:    "List who else may use a signing profile.",
	Errors: everywhere(validation, resourceNotFound),
	Input: structure("ListProfilePermissionsRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, In: Path, Doc: "The profile's name."},
		Member{Name: "nextToken", Shape: stringShape, In: Query, Doc: "The token that the page before ended with."}),
	Output: structure("ListProfilePermissionsResponse",
		Member{Name: "revisionId", Shape: stringShape, Doc: "The revision of the permissions."},
		Member{Name: "policySizeBytes", Shape: policySize, Doc: "How much room the permissions take."},
		Member{Name: "permissions", Shape: list("Permissions", permission), Doc: "The permissions."},
		Member{Name: "nextToken", Shape: stringShape, Doc: "Present when there is more."}),
}

var listSigningJobs = &Operation{
	Name: "ListSigningJobs", Method: "GET", Path: "/signing-jobs",
	Doc:    "List signing jobs, all or those that meet every condition given.",
	Errors: everywhere(validation),
	Pages:  pages("jobs"),
	Input: structure("ListSigningJobsRequest",
		Member{Name: "status", Shape: signingStatus, In: Query, Doc: "Only jobs with this status."},
		Member{Name: "platformId", Shape: platformID, In: Query, Doc: "Only jobs for this platform."},
		Member{Name: "requestedBy", Shape: requestedBy, In: Query, Doc: "Only jobs that this principal started."},
		Member{Name: "maxResults", Shape: maxResults, In: Query, Doc: "How many jobs a page holds at most."},
		Member{Name: "nextToken", Shape: nextToken, In: Query, Doc: "The token that the page before ended with."},
		Member{Name: "isRevoked", Shape: boolShape, In: Query, Doc: "Only jobs whose signatures were revoked, or were not."},
		Member{Name: "signatureExpiresBefore", Shape: timestampShape, In: Query, Doc: "Only jobs whose signatures expire before this time."},
		Member{Name: "signatureExpiresAfter", Shape: timestampShape, In: Query, Doc: "Only jobs whose signatures expire after this time."},
		Member{Name: "jobInvoker", Shape: accountID, In: Query, Doc: "Only jobs that this account started."}),
	Output: structure("ListSigningJobsResponse",
		Member{Name: "jobs", Shape: list("SigningJobs", signingJob), Doc: "The jobs."},
		Member{Name: "nextToken", Shape: nextToken, Doc: "Present when there is more."}),
}

var listSigningPlatforms = &Operation{
	Name: "ListSigningPlatforms", Method: "GET", Path: "/signing-platforms",
	Doc:    "List the platforms that can be signed for.",
	Errors: everywhere(validation),
	Pages:  pages("platforms"),
	Input: structure("ListSigningPlatformsRequest",
		Member{Name: "category", Shape: stringShape, In: Query, Doc: "Only platforms of this group."},
		Member{Name: "partner", Shape: stringShape, In: Query, Doc: "Only platforms of this partner."},
		Member{Name: "target", Shape: stringShape, In: Query, Doc: "Only platforms for this target."},
		Member{Name: "maxResults", Shape: maxResults, In: Query, Doc: "How many platforms a page holds at most."},
		Member{Name: "nextToken", Shape: stringShape, In: Query, Doc: "The token that the page before ended with."}),
	Output: structure("ListSigningPlatformsResponse",
		Member{Name: "platforms", Shape: list("SigningPlatforms", signingPlatform), Doc: "The platforms."},
		Member{Name: "nextToken", Shape: stringShape, Doc: "Present when there is more."}),
}

var listSigningProfiles = &Operation{
	Name: "ListSigningProfiles", Method: "GET", Path: "/signing-profiles",
	Doc:    "List signing profiles; those that can sign, unless other conditions are given.",
	Errors: everywhere(),
	Pages:  pages("profiles"),
	Input: structure("ListSigningProfilesRequest",
		Member{Name: "includeCanceled", Shape: boolShape, In: Query, Doc: "List canceled profiles, too."},
		Member{Name: "maxResults", Shape: maxResults, In: Query, Doc: "How many profiles a page holds at most."},
		Member{Name: "nextToken", Shape: nextToken, In: Query, Doc: "The token that the page before ended with."},
		Member{Name: "platformId", Shape: platformID, In: Query, Doc: "Only profiles for this platform."},
		Member{Name: "statuses", Shape: statuses, In: Query, Doc: "Only profiles with one of these statuses."}),
	Output: structure("ListSigningProfilesResponse",
		Member{Name: "profiles", Shape: list("SigningProfiles", signingProfile), Doc: "The profiles."},
		Member{Name: "nextToken", Shape: nextToken, Doc: "Present when there is more."}),
}

var listTagsForResource = &Operation{
	Name: "ListTagsForResource", Method: "GET", Path: "/tags/{resourceArn}",
	Doc:    "List the tags of a signing profile.",
	Errors: tagging,
	Input: structure("ListTagsForResourceRequest",
		Member{Name: "resourceArn", Shape: stringShape, Required: true, In: Path, Doc: "The ARN of the signing profile."}),
	Output: structure("ListTagsForResourceResponse",
		Member{Name: "tags", Shape: tagMap, Doc: "The profile's tags."}),
}

var putSigningProfile = &Operation{
	Name: "PutSigningProfile", Method: "PUT", Path: "/signing-profiles/{profileName}",
	Doc:    "Make a signing profile. Its name is taken for good, even after it is canceled.",
	Errors: everywhere(resourceNotFound, validation),
	Input: structure("PutSigningProfileRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, In: Path, Doc: "The profile's name: letters, digits and underscores."},
		Member{Name: "signingMaterial", Shape: signingMaterial, Doc: "The certificate that signs; for the IoT and FreeRTOS platforms."},
		Member{Name: "signatureValidityPeriod", Shape: validityPeriod, Doc: "How long signatures are valid; 135 months when not given."},
		Member{Name: "platformId", Shape: platformID, Required: true, Doc: "The platform to sign for."},
		Member{Name: "overrides", Shape: overrides, Doc: "What the profile sets in place of the platform's own."},
		Member{Name: "signingParameters", Shape: parameters, Doc: "Names and values that go with the signature."},
		Member{Name: "tags", Shape: tagMap, Doc: "Tags for the profile."}),
	Output: structure("PutSigningProfileResponse",
		Member{Name: "arn", Shape: lowerString, Doc: "The ARN of the profile."},
		Member{Name: "profileVersion", Shape: profileVersion, Doc: "The profile's version."},
		Member{Name: "profileVersionArn", Shape: arn, Doc: "The ARN of the profile and its version."}),
}

var removeProfilePermission = &Operation{
	Name: "RemoveProfilePermission", Method: "DELETE", Path: "/signing-profiles/{profileName}/permissions/{statementId}",
	Doc:    "Take a permission on a signing profile back.",
	Errors: everywhere(validation, resourceNotFound, conflict),
	Input: asked(structure("RemoveProfilePermissionRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, In: Path, Doc: "The profile that the permission is for."},
		Member{Name: "revisionId", Shape: stringShape, Required: true, In: Query, Doc: "The revision of the permissions that the change is based on."},
		Member{Name: "statementId", Shape: stringShape, Required: true, In: Path, Doc: "The name of the permission."}), "revisionId", "profileName", "statementId"),
	Output: structure("RemoveProfilePermissionResponse",
		Member{Name: "revisionId", Shape: stringShape, Doc: "The revision of the permissions after the change."}),
}

var revokeSignature = &Operation{
	Name: "RevokeSignature", Method: "PUT", Path: "/signing-jobs/{jobId}/revoke",
	Doc:    "Revoke the signature that a job made. It cannot be undone.",
	Errors: everywhere(validation, resourceNotFound),
	Input: asked(structure("RevokeSignatureRequest",
		Member{Name: "jobId", Shape: jobID, Required: true, In: Path, Doc: "The job that made the signature."},
		Member{Name: "jobOwner", Shape: accountID, Doc: "The account that owns the job, if it is another one."},
		Member{Name: "reason", Shape: reason, Required: true, Doc: "Why the signature is revoked."}), "reason", "jobId"),
	Output: structure(""),
}

var revokeSigningProfile = &Operation{
	Name: "RevokeSigningProfile", Method: "PUT", Path: "/signing-profiles/{profileName}/revoke",
	Doc:    "Revoke a signing profile: what it signed since a given time is not valid, and it signs nothing more. It cannot be undone.",
	Errors: everywhere(validation, resourceNotFound),
	Input: asked(structure("RevokeSigningProfileRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, In: Path, Doc: "The profile to revoke."},
		Member{Name: "profileVersion", Shape: profileVersion, Required: true, Doc: "The version of the profile."},
		Member{Name: "reason", Shape: reason, Required: true, Doc: "Why the profile is revoked."},
		Member{Name: "effectiveTime", Shape: timestampShape, Required: true, Doc: "Signatures made from this time on are not valid; it may lie in the past."}), "profileVersion", "reason", "effectiveTime", "profileName"),
	Output: structure(""),
}

var signPayload = &Operation{
	Name: "SignPayload", Method: "POST", Path: "/signing-jobs/with-payload",
	Doc:    "Sign a small payload, such as the description of a container image, and answer the signature.",
	Errors: everywhere(validation, resourceNotFound),
	Input: structure("SignPayloadRequest",
		Member{Name: "profileName", Shape: profileName, Required: true, Doc: "The profile to sign with."},
		Member{Name: "profileOwner", Shape: accountID, Doc: "The account that owns the profile, if it is another one."},
		Member{Name: "payload", Shape: payload, Required: true, Doc: "What to sign."},
		Member{Name: "payloadFormat", Shape: stringShape, Required: true, Doc: "The media type of the payload."}),
	Output: structure("SignPayloadResponse",
		Member{Name: "jobId", Shape: jobID, Doc: "The id of the job."},
		Member{Name: "jobOwner", Shape: accountID, Doc: "The account that owns the job."},
		Member{Name: "metadata", Shape: metadata, Doc: "Names and values that go with the signature."},
		Member{Name: "signature", Shape: blobShape, Doc: "The signature."}),
}

var startSigningJob = &Operation{
	Name: "StartSigningJob", Method: "POST", Path: "/signing-jobs",
	Doc:    "Sign one version of an object and keep the result in another bucket.",
	Errors: everywhere(validation, resourceNotFound, throttling),
	Input: structure("StartSigningJobRequest",
		Member{Name: "source", Shape: source, Required: true, Doc: "The object to sign."},
		Member{Name: "destination", Shape: destination, Required: true, Doc: "Where to put the signed object."},
		Member{Name: "profileName", Shape: profileName, Required: true, Doc: "The profile to sign with."},
		Member{Name: "clientRequestToken", Shape: text("ClientRequestToken"), Required: true, Token: true, Doc: "A token of your choice: calls with the same token start one job."},
		Member{Name: "profileOwner", Shape: accountID, Doc: "The account that owns the profile, if it is another one."}),
	Output: structure("StartSigningJobResponse",
		Member{Name: "jobId", Shape: jobID, Doc: "The id of the job."},
		Member{Name: "jobOwner", Shape: accountID, Doc: "The account that owns the job."}),
}

var tagResource = &Operation{
	Name: "TagResource", Method: "POST", Path: "/tags/{resourceArn}",
	Doc:    "Add tags to a signing profile, or change their values.",
	Errors: tagging,
	Input: structure("TagResourceRequest",
		Member{Name: "resourceArn", Shape: stringShape, Required: true, In: Path, Doc: "The ARN of the signing profile."},
		Member{Name: "tags", Shape: tagMap, Required: true, Doc: "The tags."}),
	Output: structure("TagResourceResponse"),
}

var untagResource = &Operation{
	Name: "UntagResource", Method: "DELETE", Path: "/tags/{resourceArn}",
	Doc:    "Remove tags from a signing profile.",
	Errors: tagging,
	Input: structure("UntagResourceRequest",
		Member{Name: "resourceArn", Shape: stringShape, Required: true, In: Path, Doc: "The ARN of the signing profile."},
		Member{Name: "tagKeys", Shape: tagKeys, Required: true, In: Query, Doc: "The keys of the tags to remove."}),
	Output: structure("UntagResourceResponse"),
}
