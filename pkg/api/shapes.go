package api

// The shapes that more than one operation uses, and those that nest.

var (
	stringShape    = text("String")
	lowerString    = text("string")
	boolShape      = &Shape{Name: "bool", Kind: Boolean}
	timestampShape = &Shape{Name: "Timestamp", Kind: Timestamp}
	blobShape      = &Shape{Name: "Blob", Kind: Blob}
	integerShape   = &Shape{Name: "Integer", Kind: Integer}
	maxSize        = &Shape{Name: "MaxSizeInMB", Kind: Integer}
	policySize     = &Shape{Name: "PolicySizeBytes", Kind: Integer}

	accountID      = &Shape{Name: "AccountId", Kind: String, Min: 12, Max: 12, Pattern: `^[0-9]{12}$`}
	arn            = &Shape{Name: "Arn", Kind: String, Min: 20, Max: 2048}
	profileName    = &Shape{Name: "ProfileName", Kind: String, Min: 2, Max: 64, Pattern: `^[a-zA-Z0-9_]{2,}`}
	profileVersion = &Shape{Name: "ProfileVersion", Kind: String, Min: 10, Max: 10, Pattern: `^[a-zA-Z0-9]{10}$`}
	reason         = &Shape{Name: "RevocationReasonString", Kind: String, Min: 1, Max: 500}
	maxResults     = &Shape{Name: "MaxResults", Kind: Integer, Min: 1, Max: 25}
	payload        = &Shape{Name: "Payload", Kind: Blob, Max: 4096}
	tagKey         = &Shape{Name: "TagKey", Kind: String, Min: 1, Max: 128, Pattern: `^(?!aws:)[a-zA-Z+-=._:/]+$`}
	tagValue       = &Shape{Name: "TagValue", Kind: String, Max: 256}
	jobID          = text("JobId")
	platformID     = text("PlatformId")
	displayName    = text("DisplayName")
	nextToken      = text("NextToken")
	requestedBy    = text("RequestedBy")
	bucketName     = text("BucketName")
	objectKey      = text("Key")
)

var (
	signingStatus = enum("SigningStatus", "InProgress", "Failed", "Succeeded")
	profileStatus = enum("SigningProfileStatus", "Active", "Canceled", "Revoked")
	validityType  = enum("ValidityType", "DAYS", "MONTHS", "YEARS")
	encryption    = enum("EncryptionAlgorithm", "RSA", "ECDSA")
	imageFormat   = enum("ImageFormat", "JSON", "JSONEmbedded", "JSONDetached")
	hash          = &Shape{Name: "HashAlgorithm", Kind: String, Enum: []string{"SHA1", "SHA256"}, Also: []string{"SHA384"}}
	category      = &Shape{Name: "Category", Kind: String, Enum: []string{"AWSIoT"}, Also: []string{"AWS"}}
)

var (
	statuses          = list("Statuses", profileStatus)
	certificateHashes = list("CertificateHashes", stringShape)
	tagKeys           = &Shape{Name: "TagKeyList", Kind: List, Elem: tagKey, Min: 1, Max: 200}
	tagMap            = &Shape{Name: "TagMap", Kind: Map, Key: tagKey, Elem: tagValue, Max: 200}
	metadata          = &Shape{Name: "Metadata", Kind: Map, Key: stringShape, Elem: stringShape}
	parameters        = &Shape{Name: "SigningParameters", Kind: Map, Key: text("SigningParameterKey"), Elem: text("SigningParameterValue")}
)

var source = structure("Source",
	Member{Name: "s3", Doc: "The object in a bucket.", Shape: structure("S3Source",
		Member{Name: "bucketName", Shape: bucketName, Required: true, Doc: "The bucket that holds the object to sign."},
		Member{Name: "key", Shape: objectKey, Required: true, Doc: "The key of the object to sign."},
		Member{Name: "version", Shape: text("Version"), Required: true, Doc: "The version of the object to sign."})})

var destination = structure("Destination",
	Member{Name: "s3", Doc: "The bucket that takes the signed object.", Shape: structure("S3Destination",
		Member{Name: "bucketName", Shape: bucketName, Doc: "The bucket that the signed object is written to."},
		Member{Name: "prefix", Shape: text("Prefix"), Doc: "What the signed object's key begins with; the job's id follows it."})})

var signedObject = structure("SignedObject",
	Member{Name: "s3", Doc: "Where the signed object is.", Shape: structure("S3SignedObject",
		Member{Name: "bucketName", Shape: bucketName, Doc: "The bucket that holds the signed object."},
		Member{Name: "key", Shape: objectKey, Doc: "The key of the signed object."})})

var signingMaterial = structure("SigningMaterial",
	Member{Name: "certificateArn", Shape: text("CertificateArn"), Required: true, Doc: "The ARN of the certificate whose key signs."})

var validityPeriod = structure("SignatureValidityPeriod",
	Member{Name: "value", Shape: integerShape, Doc: "How many days, months or years a signature is valid."},
	Member{Name: "type", Shape: validityType, Doc: "The unit of the value."})

var overrides = structure("SigningPlatformOverrides",
	Member{Name: "signingConfiguration", Doc: "Algorithms in place of the platform's own.", Shape: structure("SigningConfigurationOverrides",
		Member{Name: "encryptionAlgorithm", Shape: encryption, Doc: "The signature algorithm in place of the platform's own."},
		Member{Name: "hashAlgorithm", Shape: hash, Doc: "The hash algorithm in place of the platform's own."})},
	Member{Name: "signingImageFormat", Shape: imageFormat, Doc: "The form of the signed object: JSONEmbedded carries the payload, JSONDetached the signature alone."})

var signingConfiguration = structure("SigningConfiguration",
	Member{Name: "encryptionAlgorithmOptions", Required: true, Doc: "The signature algorithms of the platform.", Shape: structure("EncryptionAlgorithmOptions",
		Member{Name: "allowedValues", Shape: list("EncryptionAlgorithms", encryption), Required: true, Doc: "Those a profile may choose from."},
		Member{Name: "defaultValue", Shape: encryption, Required: true, Doc: "The one used when a profile chooses none."})},
	Member{Name: "hashAlgorithmOptions", Required: true, Doc: "The hash algorithms of the platform.", Shape: structure("HashAlgorithmOptions",
		Member{Name: "allowedValues", Shape: list("HashAlgorithms", hash), Required: true, Doc: "Those a profile may choose from."},
		Member{Name: "defaultValue", Shape: hash, Required: true, Doc: "The one used when a profile chooses none."})})

var signingImageFormat = structure("SigningImageFormat",
	Member{Name: "supportedFormats", Shape: list("ImageFormats", imageFormat), Required: true, Doc: "Those a profile may choose from."},
	Member{Name: "defaultFormat", Shape: imageFormat, Required: true, Doc: "The one used when a profile chooses none."})

var jobRevocation = structure("SigningJobRevocationRecord",
	Member{Name: "reason", Shape: stringShape, Doc: "Why the signature was revoked."},
	Member{Name: "revokedAt", Shape: timestampShape, Doc: "When it was revoked."},
	Member{Name: "revokedBy", Shape: stringShape, Doc: "Who revoked it."})

var profileRevocation = structure("SigningProfileRevocationRecord",
	Member{Name: "revocationEffectiveFrom", Shape: timestampShape, Doc: "Signatures made from this time on are not valid."},
	Member{Name: "revokedAt", Shape: timestampShape, Doc: "When the profile was revoked."},
	Member{Name: "revokedBy", Shape: stringShape, Doc: "Who revoked it."})

var permission = structure("Permission",
	Member{Name: "action", Shape: stringShape, Doc: "The operation that is allowed."},
	Member{Name: "principal", Shape: stringShape, Doc: "The account or role that it is allowed to."},
	Member{Name: "statementId", Shape: stringShape, Doc: "The name of the statement."},
	Member{Name: "profileVersion", Shape: profileVersion, Doc: "The version of the profile that it is limited to."})

// platformMembers are what GetSigningPlatform and ListSigningPlatforms tell of a
// platform; the model gives the first few different shape names in the two.
func platformMembers(id, name *Shape) []Member {
	return []Member{
		{Name: "platformId", Shape: id, Doc: "The platform's id."},
		{Name: "displayName", Shape: name, Doc: "The platform's name as people read it."},
		{Name: "partner", Shape: stringShape, Doc: "The partner whose products the platform signs for."},
		{Name: "target", Shape: stringShape, Doc: "What the platform signs for."},
		{Name: "category", Shape: category, Doc: "The group the platform belongs to."},
		{Name: "signingConfiguration", Shape: signingConfiguration, Doc: "The algorithms of the platform."},
		{Name: "signingImageFormat", Shape: signingImageFormat, Doc: "The forms a signed object may have."},
		{Name: "maxSizeInMB", Shape: maxSize, Doc: "The largest object that can be signed, in MB."},
		{Name: "revocationSupported", Shape: boolShape, Doc: "Whether signatures of the platform can be revoked."},
	}
}

var signingPlatform = structure("SigningPlatform", platformMembers(stringShape, stringShape)...)

var signingProfile = structure("SigningProfile",
	Member{Name: "profileName", Shape: profileName, Doc: "The profile's name."},
	Member{Name: "profileVersion", Shape: profileVersion, Doc: "The profile's version."},
	Member{Name: "profileVersionArn", Shape: arn, Doc: "The ARN of the profile and its version."},
	Member{Name: "signingMaterial", Shape: signingMaterial, Doc: "The certificate that signs."},
	Member{Name: "signatureValidityPeriod", Shape: validityPeriod, Doc: "How long signatures are valid."},
	Member{Name: "platformId", Shape: platformID, Doc: "The platform that the profile signs for."},
	Member{Name: "platformDisplayName", Shape: displayName, Doc: "The platform's name as people read it."},
	Member{Name: "signingParameters", Shape: parameters, Doc: "Names and values that go with the signature."},
	Member{Name: "status", Shape: profileStatus, Doc: "Whether the profile can sign."},
	Member{Name: "arn", Shape: lowerString, Doc: "The ARN of the profile."},
	Member{Name: "tags", Shape: tagMap, Doc: "The profile's tags."})

var signingJob = structure("SigningJob",
	Member{Name: "jobId", Shape: jobID, Doc: "The job's id."},
	Member{Name: "source", Shape: source, Doc: "The object that was to be signed."},
	Member{Name: "signedObject", Shape: signedObject, Doc: "The signed object."},
	Member{Name: "signingMaterial", Shape: signingMaterial, Doc: "The certificate that signed."},
	Member{Name: "createdAt", Shape: timestampShape, Doc: "When the job was started."},
	Member{Name: "status", Shape: signingStatus, Doc: "How far the job is."},
	Member{Name: "isRevoked", Shape: boolShape, Doc: "Whether the signature was revoked."},
	Member{Name: "profileName", Shape: profileName, Doc: "The profile that the job used."},
	Member{Name: "profileVersion", Shape: profileVersion, Doc: "The version of that profile."},
	Member{Name: "platformId", Shape: platformID, Doc: "The platform that the job signed for."},
	Member{Name: "platformDisplayName", Shape: displayName, Doc: "The platform's name as people read it."},
	Member{Name: "signatureExpiresAt", Shape: timestampShape, Doc: "When the signature ceases to be valid."},
	Member{Name: "jobOwner", Shape: accountID, Doc: "The account that owns the job."},
	Member{Name: "jobInvoker", Shape: accountID, Doc: "The account that started the job."})
