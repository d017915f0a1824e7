package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/server"
)

// callSTS is AWS Security Token Service for a caller: it has one operation.
func (d *daemon) callSTS(_ context.Context, by server.Caller, _ *api.Operation, _ *document.Object) (*document.Object, error) {
	return document.New(
		member{Name: "UserId", Value: userID(by)},
		member{Name: "Account", Value: by.Account},
		member{Name: "Arn", Value: by.Principal},
	), nil
}

// userID is the id of a user, which is made of the ARN since nobody keeps users; that
// of an account's root is the account (IAM User Guide, "Unique identifiers").
func userID(by server.Caller) string {
	if !strings.Contains(by.Principal, ":user/") {
		return by.Account
	}
	sum := sha256.Sum256([]byte(by.Principal))
	return "AIDA" + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
