package sigv4

// Problem is a kind of thing that is wrong with a signature. Services call them by
// different names.
type Problem int

// The problems.
const (
	NoSignature Problem = iota // the request has none
	Malformed                  // it cannot be understood
	Scope                      // it is for another day, region or service
	Clock                      // it is too old, or of the future
	Unsigned                   // it leaves out what has to be signed
	UnknownKey                 // the key is unknown or inactive, or has another session token
	ExpiredKey                 // the key's time is over
	Mismatch                   // it is not the signature of this request
	Replay                     // it was used before
	Payload                    // what is declared of the body is not possible, or not true
)

// Error is a request whose signature does not hold. Its text is the message that
// AWS answers.
type Error struct {
	Problem Problem
	Message string
}

func (e *Error) Error() string { return e.Message }

// Class is the class of error by which services with JSON protocols refuse the
// request. Those with a rest protocol do it with status 403.
func (e *Error) Class() string {
	switch e.Problem {
	case NoSignature:
		return "MissingAuthenticationTokenException"
	case Malformed:
		return "IncompleteSignatureException"
	case UnknownKey:
		return "UnrecognizedClientException"
	case ExpiredKey:
		return "ExpiredTokenException"
	}
	return "InvalidSignatureException"
}
