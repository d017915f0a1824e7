package cmd

import (
	"errors"
	"fmt"
	"strings"

	"signer/pkg/keys"
	"signer/pkg/keys/pkcs11"
)

// The private keys of the root and of imported certificates can be elsewhere than in
// the home: keysEnv says where.
const (
	keysEnv       = "SIGNER_KEYS"
	keysElsewhere = "KeysElsewhere" // the class of errors about it
	kmsScheme     = "awskms:"       // what the URIs of keys in AWS KMS begin with
)

// openElsewhere returns where private keys are; nil if they are in the home.
func (s *session) openElsewhere() (far keys.Elsewhere, err error) {
	uri := s.env.getenv(keysEnv)
	switch {
	case uri == "":
		return nil, nil
	case strings.HasPrefix(uri, pkcs11.Scheme):
		far, err = s.openToken(uri)
	case strings.HasPrefix(uri, kmsScheme):
		far, err = s.openKMS(uri)
	default:
		err = errors.New("it begins neither with pkcs11: nor with awskms:///")
	}
	if err != nil {
		return nil, &configError{keysElsewhere, fmt.Sprintf("%s does not say where private keys are: %v.", keysEnv, err)}
	}
	return far, nil
}

// openToken returns the keys in the token of a URI.
func (s *session) openToken(text string) (keys.Elsewhere, error) {
	u, err := pkcs11.Parse(text)
	if err != nil {
		return nil, err
	}
	return s.openPKCS11(u)
}

// nameOfKey returns the name of a key elsewhere, if a text is one.
func nameOfKey(text string) (string, bool) {
	text = strings.TrimSpace(text)
	return text, strings.HasPrefix(text, pkcs11.Scheme) || strings.HasPrefix(text, kmsScheme)
}
