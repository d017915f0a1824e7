package api

import "sync"

// ACM is AWS Certificate Manager, as far as certificates of one's own need it. It
// is put together on first use, as S3 is.
func ACM() *Service { return acm() }

var acm = sync.OnceValue(func() *Service {
	return &Service{
		Name:  "acm",
		Title: "AWS Certificate Manager",
		Doc:   "AWS Certificate Manager keeps certificates with their private keys for the services that use them; a signing profile for IoT devices signs with one of them.",
		Operations: []*Operation{
			acmAddTags(), acmDeleteCertificate(), acmDescribeCertificate(), acmGetCertificate(), acmImportCertificate(),
			acmListCertificates(), acmListTags(), acmRemoveTags(),
		},
	}
})

// acmErrors are classes of error of ACM; all of them are the caller's.
func acmErrors(names ...string) []*Error {
	classes := make([]*Error, len(names))
	for i, name := range names {
		classes[i] = &Error{name, 400}
	}
	return classes
}

// byARN are the parameters of an operation on one certificate.
func byARN(doc string) Member {
	return Member{Name: "CertificateArn", Shape: acmARN, Required: true, Doc: doc}
}

func acmAddTags() *Operation {
	return &Operation{
		Name: "AddTagsToCertificate", Method: "POST", Path: "/",
		Doc: "Give a certificate tags, or tags that it has other values.",
		Errors: acmErrors("InvalidParameterException", "TagPolicyException", "TooManyTagsException", "InvalidArnException",
			"ThrottlingException", "InvalidTagException", "ResourceNotFoundException"),
		Input: structure("AddTagsToCertificateRequest", byARN("The ARN of the certificate."),
			Member{Name: "Tags", Shape: acmTags(), Required: true, Doc: "The tags."}),
		Output: structure(""),
	}
}

func acmListTags() *Operation {
	return &Operation{
		Name: "ListTagsForCertificate", Method: "POST", Path: "/",
		Doc:    "List the tags of a certificate.",
		Errors: acmErrors("InvalidArnException", "ResourceNotFoundException"),
		Input:  structure("ListTagsForCertificateRequest", byARN("The ARN of the certificate.")),
		Output: structure("ListTagsForCertificateResponse",
			Member{Name: "Tags", Shape: acmTags(), Doc: "The tags."}),
	}
}

func acmRemoveTags() *Operation {
	return &Operation{
		Name: "RemoveTagsFromCertificate", Method: "POST", Path: "/",
		Doc: "Take tags away from a certificate.",
		Errors: acmErrors("InvalidParameterException", "TagPolicyException", "InvalidArnException", "ThrottlingException",
			"InvalidTagException", "ResourceNotFoundException"),
		Input: structure("RemoveTagsFromCertificateRequest", byARN("The ARN of the certificate."),
			Member{Name: "Tags", Shape: acmTags(), Required: true, Doc: "The tags. One with a value is taken away only if the certificate has it with that value."}),
		Output: structure(""),
	}
}

func acmDeleteCertificate() *Operation {
	return &Operation{
		Name: "DeleteCertificate", Method: "POST", Path: "/",
		Doc: "Delete a certificate and its private key, which nothing may use any longer.",
		Errors: acmErrors("ResourceInUseException", "InvalidArnException", "ThrottlingException", "ConflictException",
			"AccessDeniedException", "ResourceNotFoundException"),
		Input:  structure("DeleteCertificateRequest", byARN("The ARN of the certificate to delete.")),
		Output: structure(""),
	}
}

func acmDescribeCertificate() *Operation {
	return &Operation{
		Name: "DescribeCertificate", Method: "POST", Path: "/",
		Doc:    "Tell all about one certificate.",
		Errors: acmErrors("InvalidArnException", "ResourceNotFoundException"),
		Input:  structure("DescribeCertificateRequest", byARN("The certificate's ARN.")),
		Output: structure("DescribeCertificateResponse",
			Member{Name: "Certificate", Shape: acmDetail(), Doc: "The certificate."}),
	}
}

func acmGetCertificate() *Operation {
	return &Operation{
		Name: "GetCertificate", Method: "POST", Path: "/",
		Doc:    "Get a certificate and its chain in PEM, as whoever checks signatures needs them.",
		Errors: acmErrors("InvalidArnException", "RequestInProgressException", "ResourceNotFoundException"),
		Input:  structure("GetCertificateRequest", byARN("The certificate's ARN.")),
		Output: structure("GetCertificateResponse",
			Member{Name: "Certificate", Shape: text("CertificateBody"), Doc: "The certificate."},
			Member{Name: "CertificateChain", Shape: text("CertificateChain"), Doc: "The certificates above it, as they were imported."}),
	}
}

func acmImportCertificate() *Operation {
	return &Operation{
		Name: "ImportCertificate", Method: "POST", Path: "/",
		Doc: "Bring a certificate of your own and its private key. With the ARN of one that is there, the new one takes its place.",
		Errors: acmErrors("InvalidParameterException", "TagPolicyException", "TooManyTagsException", "InvalidArnException",
			"InvalidTagException", "ConflictException", "LimitExceededException", "ResourceNotFoundException"),
		Input: structure("ImportCertificateRequest",
			Member{Name: "CertificateArn", Shape: acmARN, Doc: "The ARN of the certificate to replace."},
			Member{Name: "Certificate", Shape: &Shape{Name: "CertificateBodyBlob", Kind: Blob, Min: 1, Max: 32768}, Required: true, Doc: "The certificate in PEM."},
			Member{Name: "PrivateKey", Shape: &Shape{Name: "PrivateKeyBlob", Kind: Blob, Min: 1, Max: 5120}, Required: true, Doc: "Its private key in PEM, without a passphrase."},
			Member{Name: "CertificateChain", Shape: &Shape{Name: "CertificateChainBlob", Kind: Blob, Min: 1, Max: 2097152}, Doc: "The certificates between it and its root, in PEM, each before the one that issued it."},
			Member{Name: "Tags", Shape: acmTags(), Doc: "The certificate's tags, if it is a new one."}),
		Output: structure("ImportCertificateResponse",
			Member{Name: "CertificateArn", Shape: acmARN, Doc: "The certificate's ARN."}),
	}
}

func acmListCertificates() *Operation {
	return &Operation{
		Name: "ListCertificates", Method: "POST", Path: "/",
		Doc:    "List the certificates of the account.",
		Errors: acmErrors("ValidationException", "InvalidArgsException"),
		Pages:  &Pages{InputToken: "NextToken", OutputToken: "NextToken", Limit: "MaxItems", Result: []string{"CertificateSummaryList"}},
		Input: structure("ListCertificatesRequest",
			Member{Name: "CertificateStatuses", Shape: list("CertificateStatuses", acmStatus), Doc: "Only certificates with one of these statuses."},
			Member{Name: "Includes", Shape: acmFilters(), Doc: "Only certificates that are like this."},
			Member{Name: "NextToken", Shape: acmToken, Doc: "Where to go on: the token of the answer before."},
			Member{Name: "MaxItems", Shape: &Shape{Name: "MaxItems", Kind: Integer, Min: 1, Max: 1000}, Doc: "How many certificates an answer holds at most."},
			Member{Name: "SortBy", Shape: enum("SortBy", "CREATED_AT"), Doc: "What to sort by."},
			Member{Name: "SortOrder", Shape: enum("SortOrder", "ASCENDING", "DESCENDING"), Doc: "Which end comes first."}),
		Output: structure("ListCertificatesResponse",
			Member{Name: "NextToken", Shape: acmToken, Doc: "Where to go on, if there are more."},
			Member{Name: "CertificateSummaryList", Shape: list("CertificateSummaryList", acmSummary()), Doc: "The certificates."}),
	}
}
