package api

// The shapes of ACM that more than one operation uses, and those that nest.

var (
	acmString = text("String")
	acmTime   = timestamp("TStamp")
	acmFlag   = boolean("NullableBoolean")
	acmARN    = &Shape{Name: "Arn", Kind: String, Min: 20, Max: 2048, Pattern: `^arn:[\w+=/,.@-]+:acm:[\w+=/,.@-]*:[0-9]+:[\w+=,.@-]+(/[\w+=,.@-]+)*$`}
	acmToken  = &Shape{Name: "NextToken", Kind: String, Min: 1, Max: 10000, Pattern: `^[\u0009\u000A\u000D\u0020-\u00FF]*$`}
	acmDomain = &Shape{Name: "DomainNameString", Kind: String, Min: 1, Max: 253,
		Pattern: `^(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])$`}
	acmDomains = &Shape{Name: "DomainList", Kind: List, Elem: acmDomain, Min: 1, Max: 100}
)

var (
	acmStatus       = enum("CertificateStatus", "PENDING_VALIDATION", "ISSUED", "INACTIVE", "EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED", "FAILED")
	acmType         = enum("CertificateType", "IMPORTED", "AMAZON_ISSUED", "PRIVATE")
	acmExport       = enum("CertificateExport", "ENABLED", "DISABLED")
	acmManagedBy    = enum("CertificateManagedBy", "CLOUDFRONT")
	acmEligibility  = enum("RenewalEligibility", "ELIGIBLE", "INELIGIBLE")
	acmKeyAlgorithm = enum("KeyAlgorithm", "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
	acmKeyUsage     = enum("KeyUsageName", "DIGITAL_SIGNATURE", "NON_REPUDIATION", "KEY_ENCIPHERMENT", "DATA_ENCIPHERMENT", "KEY_AGREEMENT",
		"CERTIFICATE_SIGNING", "CRL_SIGNING", "ENCIPHER_ONLY", "DECIPHER_ONLY", "ANY", "CUSTOM")
	acmExtendedUsage = enum("ExtendedKeyUsageName", "TLS_WEB_SERVER_AUTHENTICATION", "TLS_WEB_CLIENT_AUTHENTICATION", "CODE_SIGNING",
		"EMAIL_PROTECTION", "TIME_STAMPING", "OCSP_SIGNING", "IPSEC_END_SYSTEM", "IPSEC_TUNNEL", "IPSEC_USER", "ANY", "NONE", "CUSTOM")
	acmRevocation = enum("RevocationReason", "UNSPECIFIED", "KEY_COMPROMISE", "CA_COMPROMISE", "AFFILIATION_CHANGED", "SUPERCEDED", "SUPERSEDED",
		"CESSATION_OF_OPERATION", "CERTIFICATE_HOLD", "REMOVE_FROM_CRL", "PRIVILEGE_WITHDRAWN", "A_A_COMPROMISE")
	acmFailure = enum("FailureReason", "NO_AVAILABLE_CONTACTS", "ADDITIONAL_VERIFICATION_REQUIRED", "DOMAIN_NOT_ALLOWED", "INVALID_PUBLIC_DOMAIN",
		"DOMAIN_VALIDATION_DENIED", "CAA_ERROR", "PCA_LIMIT_EXCEEDED", "PCA_INVALID_ARN", "PCA_INVALID_STATE", "PCA_REQUEST_FAILED",
		"PCA_NAME_CONSTRAINTS_VALIDATION", "PCA_RESOURCE_NOT_FOUND", "PCA_INVALID_ARGS", "PCA_INVALID_DURATION", "PCA_ACCESS_DENIED",
		"SLR_NOT_FOUND", "OTHER")
)

func acmTags() *Shape {
	const allowed = `^[\p{L}\p{Z}\p{N}_.:\/=+\-@]*$`
	return &Shape{Name: "TagList", Kind: List, Min: 1, Max: 50, Elem: structure("Tag",
		Member{Name: "Key", Shape: &Shape{Name: "TagKey", Kind: String, Min: 1, Max: 128, Pattern: allowed}, Required: true, Doc: "The tag's name."},
		Member{Name: "Value", Shape: &Shape{Name: "TagValue", Kind: String, Max: 256, Pattern: allowed}, Doc: "The tag's value."})}
}

func acmFilters() *Shape {
	return structure("Filters",
		Member{Name: "extendedKeyUsage", Shape: list("ExtendedKeyUsageFilterList", acmExtendedUsage), Doc: "Only certificates whose extended key usage is among these."},
		Member{Name: "keyUsage", Shape: list("KeyUsageFilterList", acmKeyUsage), Doc: "Only certificates whose key usage is among these."},
		Member{Name: "keyTypes", Shape: list("KeyAlgorithmList", acmKeyAlgorithm), Doc: "Only certificates whose kind of key is among these."},
		Member{Name: "exportOption", Shape: acmExport, Doc: "Only certificates that can or cannot be exported."},
		Member{Name: "managedBy", Shape: acmManagedBy, Doc: "Only certificates that this service manages."})
}

func acmSummary() *Shape {
	return structure("CertificateSummary",
		Member{Name: "CertificateArn", Shape: acmARN, Doc: "The certificate's ARN."},
		Member{Name: "DomainName", Shape: acmDomain, Doc: "The name that the certificate is for."},
		Member{Name: "SubjectAlternativeNameSummaries", Shape: acmDomains, Doc: "The first hundred of the names that the certificate is for."},
		Member{Name: "HasAdditionalSubjectAlternativeNames", Shape: acmFlag, Doc: "Whether it is for more names than that."},
		Member{Name: "Status", Shape: acmStatus, Doc: "Whether the certificate can be used."},
		Member{Name: "Type", Shape: acmType, Doc: "Where the certificate comes from."},
		Member{Name: "KeyAlgorithm", Shape: acmKeyAlgorithm, Doc: "The kind of key."},
		Member{Name: "KeyUsages", Shape: list("KeyUsageNames", acmKeyUsage), Doc: "What the key is for."},
		Member{Name: "ExtendedKeyUsages", Shape: list("ExtendedKeyUsageNames", acmExtendedUsage), Doc: "What the certificate is for."},
		Member{Name: "ExportOption", Shape: acmExport, Doc: "Whether the certificate can be exported."},
		Member{Name: "InUse", Shape: acmFlag, Doc: "Whether something uses the certificate."},
		Member{Name: "Exported", Shape: acmFlag, Doc: "Whether the certificate was exported."},
		Member{Name: "RenewalEligibility", Shape: acmEligibility, Doc: "Whether the service can renew the certificate."},
		Member{Name: "NotBefore", Shape: acmTime, Doc: "From when the certificate is valid."},
		Member{Name: "NotAfter", Shape: acmTime, Doc: "Until when the certificate is valid."},
		Member{Name: "CreatedAt", Shape: acmTime, Doc: "When the certificate was asked for."},
		Member{Name: "IssuedAt", Shape: acmTime, Doc: "When the certificate was issued."},
		Member{Name: "ImportedAt", Shape: acmTime, Doc: "When the certificate was imported."},
		Member{Name: "RevokedAt", Shape: acmTime, Doc: "When the certificate was revoked."},
		Member{Name: "ManagedBy", Shape: acmManagedBy, Doc: "The service that manages the certificate."})
}

func acmDetail() *Shape {
	return structure("CertificateDetail",
		Member{Name: "CertificateArn", Shape: acmARN, Doc: "The certificate's ARN."},
		Member{Name: "DomainName", Shape: acmDomain, Doc: "The name that the certificate is for."},
		Member{Name: "SubjectAlternativeNames", Shape: acmDomains, Doc: "All names that the certificate is for."},
		Member{Name: "ManagedBy", Shape: acmManagedBy, Doc: "The service that manages the certificate."},
		Member{Name: "DomainValidationOptions", Shape: acmValidations(), Doc: "How each name was shown to be the owner's."},
		Member{Name: "Serial", Shape: acmString, Doc: "The serial number, in pairs of hexadecimal digits with colons between them."},
		Member{Name: "Subject", Shape: acmString, Doc: "The name of the holder."},
		Member{Name: "Issuer", Shape: acmString, Doc: "The name of the issuer."},
		Member{Name: "CreatedAt", Shape: acmTime, Doc: "When the certificate was asked for."},
		Member{Name: "IssuedAt", Shape: acmTime, Doc: "When the certificate was issued."},
		Member{Name: "ImportedAt", Shape: acmTime, Doc: "When the certificate was imported."},
		Member{Name: "Status", Shape: acmStatus, Doc: "Whether the certificate can be used."},
		Member{Name: "RevokedAt", Shape: acmTime, Doc: "When the certificate was revoked."},
		Member{Name: "RevocationReason", Shape: acmRevocation, Doc: "Why the certificate was revoked."},
		Member{Name: "NotBefore", Shape: acmTime, Doc: "From when the certificate is valid."},
		Member{Name: "NotAfter", Shape: acmTime, Doc: "Until when the certificate is valid."},
		Member{Name: "KeyAlgorithm", Shape: acmKeyAlgorithm, Doc: "The kind of key."},
		Member{Name: "SignatureAlgorithm", Shape: acmString, Doc: "The algorithm that the issuer signed with."},
		Member{Name: "InUseBy", Shape: list("InUseList", acmString), Doc: "The ARNs of what uses the certificate."},
		Member{Name: "FailureReason", Shape: acmFailure, Doc: "Why the certificate was not issued."},
		Member{Name: "Type", Shape: acmType, Doc: "Where the certificate comes from."},
		Member{Name: "RenewalSummary", Shape: acmRenewal(), Doc: "How far the renewal is."},
		Member{Name: "KeyUsages", Doc: "What the key is for.", Shape: list("KeyUsageList", structure("KeyUsage",
			Member{Name: "Name", Shape: acmKeyUsage, Doc: "One use of the key."}))},
		Member{Name: "ExtendedKeyUsages", Doc: "What the certificate is for.", Shape: list("ExtendedKeyUsageList", structure("ExtendedKeyUsage",
			Member{Name: "Name", Shape: acmExtendedUsage, Doc: "One use of the certificate."},
			Member{Name: "OID", Shape: acmString, Doc: "The object identifier of the use."}))},
		Member{Name: "CertificateAuthorityArn", Shape: acmARN, Doc: "The ARN of the private authority that issued the certificate."},
		Member{Name: "RenewalEligibility", Shape: acmEligibility, Doc: "Whether the service can renew the certificate."},
		Member{Name: "Options", Doc: "What was chosen for the certificate.", Shape: structure("CertificateOptions",
			Member{Name: "CertificateTransparencyLoggingPreference", Doc: "Whether the certificate is in public logs.",
				Shape: enum("CertificateTransparencyLoggingPreference", "ENABLED", "DISABLED")},
			Member{Name: "Export", Shape: acmExport, Doc: "Whether the certificate can be exported."})})
}

func acmRenewal() *Shape {
	return structure("RenewalSummary",
		Member{Name: "RenewalStatus", Shape: enum("RenewalStatus", "PENDING_AUTO_RENEWAL", "PENDING_VALIDATION", "SUCCESS", "FAILED"), Required: true, Doc: "How far it is."},
		Member{Name: "DomainValidationOptions", Shape: acmValidations(), Required: true, Doc: "How each name is shown to be the owner's."},
		Member{Name: "RenewalStatusReason", Shape: acmFailure, Doc: "Why the renewal failed."},
		Member{Name: "UpdatedAt", Shape: acmTime, Required: true, Doc: "When this was last changed."})
}

func acmValidations() *Shape {
	return &Shape{Name: "DomainValidationList", Kind: List, Min: 1, Max: 1000, Elem: structure("DomainValidation",
		Member{Name: "DomainName", Shape: acmDomain, Required: true, Doc: "The name."},
		Member{Name: "ValidationEmails", Shape: list("ValidationEmailList", acmString), Doc: "The addresses that were asked."},
		Member{Name: "ValidationDomain", Shape: acmDomain, Doc: "The domain of those addresses."},
		Member{Name: "ValidationStatus", Shape: enum("DomainStatus", "PENDING_VALIDATION", "SUCCESS", "FAILED"), Doc: "How far it is."},
		Member{Name: "ResourceRecord", Doc: "The DNS record that shows it.", Shape: structure("ResourceRecord",
			Member{Name: "Name", Shape: acmString, Required: true, Doc: "The record's name."},
			Member{Name: "Type", Shape: enum("RecordType", "CNAME"), Required: true, Doc: "The record's type."},
			Member{Name: "Value", Shape: acmString, Required: true, Doc: "The record's value."})},
		Member{Name: "HttpRedirect", Doc: "The redirection of a web address that shows it.", Shape: structure("HttpRedirect",
			Member{Name: "RedirectFrom", Shape: acmString, Doc: "The address."},
			Member{Name: "RedirectTo", Shape: acmString, Doc: "Where it must lead."})},
		Member{Name: "ValidationMethod", Shape: enum("ValidationMethod", "EMAIL", "DNS", "HTTP"), Doc: "How it is shown."})}
}
