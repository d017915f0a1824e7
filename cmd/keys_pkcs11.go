//go:build pkcs11

package cmd

import (
	"signer/pkg/keys"
	"signer/pkg/keys/pkcs11"
)

// openPKCS11 returns the keys in a token.
func (s *session) openPKCS11(u pkcs11.URI) (keys.Elsewhere, error) {
	return pkcs11.Open(pkcs11.Config{URI: u, PIN: s.pin, ReadFile: s.env.ReadFile})
}

const (
	pinEnv  = "SIGNER_PKCS11_PIN"
	pinFile = "SIGNER_PKCS11_PIN_FILE"
)

// pin is what logs in to a token whose URI does not say it.
func (s *session) pin() (string, error) {
	pin, err := s.secretFrom(pinEnv, pinFile)
	return string(pin), err
}
