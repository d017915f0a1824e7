package cmd

import (
	"bytes"
	"errors"
	"fmt"

	"signer/pkg/keys"
)

// The passphrases that private keys are encrypted with come from the environment
// alone: what stands in a command line everybody can see.
const (
	passphraseEnv    = "SIGNER_KEY_PASSPHRASE"
	passphraseFile   = "SIGNER_KEY_PASSPHRASE_FILE"
	newPassphraseEnv = "SIGNER_NEW_KEY_PASSPHRASE"
	newPassphraseIn  = "SIGNER_NEW_KEY_PASSPHRASE_FILE"
)

// passphrase is what the private keys are encrypted with; "" if they are not to be.
func (s *session) passphrase() (keys.Secret, error) {
	return s.secretFrom(passphraseEnv, passphraseFile)
}

// secretFrom reads a variable, or the file that another one names, without the line
// end that editors put behind everything.
func (s *session) secretFrom(name, fileName string) (keys.Secret, error) {
	if text := s.env.getenv(name); text != "" {
		return keys.Secret(text), nil
	}
	file := s.env.getenv(fileName)
	if file == "" {
		return nil, nil
	}
	text, err := s.env.ReadFile(file)
	if err != nil {
		return nil, &configError{keyPassphrase, fmt.Sprintf("%s: %v", fileName, err)}
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if len(text) == 0 {
		return nil, &configError{keyPassphrase, fmt.Sprintf("%s: %s is empty.", fileName, file)}
	}
	return keys.Secret(text), nil
}

// keyPassphrase is the class of errors about passphrases.
const keyPassphrase = "KeyPassphrase"

// keyComplaint words what is wrong with a passphrase, or with the place of keys, and
// says what to do.
func keyComplaint(err error) (complaint, bool) {
	advice := ""
	switch {
	case errors.Is(err, keys.ErrLocked), errors.Is(err, keys.ErrNoPassphrase):
		advice = fmt.Sprintf("set %s, or %s to the name of a file that holds it", passphraseEnv, passphraseFile)
	case errors.Is(err, keys.ErrPassphrase):
		advice = fmt.Sprintf("look what %s or %s says; where \"keys rotate\" was interrupted, it is the new one", passphraseEnv, passphraseFile)
	case errors.Is(err, keys.ErrElsewhere):
		return complaint{code: exitConfig, class: keysElsewhere, text: fmt.Sprintf("%v: set %s to where that is", err, keysEnv)}, true
	case errors.Is(err, keys.ErrNotCopied):
		return complaint{code: exitConfig, class: "Configuration", text: err.Error() + ": copy them with \"signer migrate\" from the home that has them; " +
			"or begin anew, with a new database, and with no directory keys in the home"}, true
	default:
		return complaint{}, false
	}
	return complaint{code: exitConfig, class: keyPassphrase, text: err.Error() + ": " + advice}, true
}
