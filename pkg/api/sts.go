package api

import "sync"

// STS is AWS Security Token Service, as far as it tells whoever asks who they are. It
// is put together on first use, as S3 is.
func STS() *Service { return sts() }

var sts = sync.OnceValue(func() *Service {
	return &Service{
		Name:       "sts",
		Title:      "AWS Security Token Service",
		Doc:        "AWS Security Token Service tells callers who they are.",
		Operations: []*Operation{stsGetCallerIdentity()},
	}
})

func stsGetCallerIdentity() *Operation {
	return &Operation{
		Name: "GetCallerIdentity", Method: "POST", Path: "/",
		Doc:   "Tell whose access key a request is signed with.",
		Input: structure("GetCallerIdentityRequest"),
		Output: structure("GetCallerIdentityResponse",
			Member{Name: "UserId", Shape: text("userIdType"), Doc: "The caller's id: a user's own, or the account's."},
			Member{Name: "Account", Shape: text("accountType"), Doc: "The account."},
			Member{Name: "Arn", Shape: text("arnType"), Doc: "The caller's ARN."}),
	}
}
