//go:build pkcs11

package pkcs11

import (
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"
)

// library is a PKCS #11 library. Once it is loaded it stays: some have threads of
// their own, or are others than before when they are asked for their functions again.
type library struct {
	*pkcs11.Ctx
	started bool // by us
}

func load(file string) (*library, error) {
	ctx := pkcs11.New(file)
	if ctx == nil {
		return nil, fmt.Errorf("its library %s cannot be loaded: it is not there, or not for this machine, or lacks another library, or is none of PKCS #11", file)
	}
	return &library{Ctx: ctx}, nil
}

// start makes the library ready, unless somebody else in this process has.
func (l *library) start() error {
	err := l.Initialize()
	if l.started = err == nil; l.started || is(err, pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return nil
	}
	if is(err, pkcs11.CKR_ARGUMENTS_BAD) {
		return fmt.Errorf("start its library: %w; if it is one that wants words of its own, as NSS's does, let p11-kit's proxy be the library, and give it them", err)
	}
	return fmt.Errorf("start its library: %w", err)
}

// stop lets the library forget all that it knows of tokens, if we have started it.
func (l *library) stop() {
	if l.started {
		_ = l.Finalize() // it may have stopped by itself
		l.started = false
	}
}

func is(err error, codes ...uint) bool {
	var code pkcs11.Error
	return errors.As(err, &code) && slices.Contains(codes, uint(code))
}

// isRefused tells whether an error says that the token does not do such things.
func isRefused(err error) bool {
	return is(err, pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID, pkcs11.CKR_FUNCTION_NOT_SUPPORTED, pkcs11.CKR_CURVE_NOT_SUPPORTED, pkcs11.CKR_DOMAIN_PARAMS_INVALID,
		pkcs11.CKR_ATTRIBUTE_TYPE_INVALID, pkcs11.CKR_ATTRIBUTE_VALUE_INVALID, pkcs11.CKR_ATTRIBUTE_READ_ONLY, pkcs11.CKR_TEMPLATE_INCONSISTENT, pkcs11.CKR_TEMPLATE_INCOMPLETE,
		pkcs11.CKR_KEY_SIZE_RANGE, pkcs11.CKR_ACTION_PROHIBITED, pkcs11.CKR_TOKEN_WRITE_PROTECTED, pkcs11.CKR_SESSION_READ_ONLY)
}

// isLost tells whether an error says that sessions are gone, or who was logged in, or
// the token itself: things that another start may mend. Some libraries say no more than
// that something went wrong, when what they talk to is gone.
func isLost(err error) bool {
	return is(err, pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID,
		pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED, pkcs11.CKR_SLOT_ID_INVALID,
		pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED)
}

func isPIN(err error) bool {
	return is(err, pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_PIN_EXPIRED)
}
