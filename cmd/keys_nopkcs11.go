//go:build !pkcs11

package cmd

import (
	"errors"

	"signer/pkg/keys"
	"signer/pkg/keys/pkcs11"
)

// openPKCS11 says that this program has no tokens: their libraries are C's, and with
// them it would not be one file that runs everywhere.
func (s *session) openPKCS11(pkcs11.URI) (keys.Elsewhere, error) {
	return nil, errors.New("this program was built without PKCS #11: build it with CGO_ENABLED=1 and -tags pkcs11")
}
