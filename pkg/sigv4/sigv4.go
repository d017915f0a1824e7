// Package sigv4 checks AWS Signature Version 4 on requests that come in.
//
// A server first asks [Read] what a request says of its signature: who signed, for
// which service, when. Nothing is proven by that, but now the server knows which
// protocol to answer in and how long a body to take. [Verifier.Verify] then proves
// it, and returns what the signature covers.
//
// Signatures are taken from the Authorization header or, of presigned requests,
// from the query. Of bodies in chunks that are signed one by one, as S3 has them,
// the request's own signature is checked, and a [Chain] checks those of the chunks.
//
// A request that changes something is taken once, as far as that can be told from one
// that is meant twice: see [Repeat]. AWS takes it as long as its signature is fresh, and
// so do we what only reads. Older versions of the signature, and the asymmetric version
// 4a, are refused. Who may do what is not decided here.
//
// The requests are put into their canonical form by our own code and not by the
// SDK's signer, which leaves out headers that other clients sign (User-Agent,
// Expect), sorts a query as not all of them do, and never normalizes a path.
//
// The rules are those of "AWS Signature Version 4 for API requests" in the IAM user
// guide, and of "Authenticating Requests" in the S3 API reference.
package sigv4

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Key is an access key, as whoever keeps it knows it.
type Key struct {
	Secret    string    `json:"-"`
	Token     string    `json:"-"` // the session token that goes with the key; "" is none
	Expires   time.Time // when a key with a token ceases to be good; zero is never
	Account   string    // 12 digits
	Principal string    // the ARN of whom the key belongs to
	Active    bool
}

// Format keeps the secrets out of whatever a Key is printed to.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "access key of %s", k.Principal) }

// Secrets are the keys that may call. They may be asked from several goroutines at
// once.
type Secrets interface {
	// Key returns the access key with an id, and whether there is one. An error
	// means that nobody knows at the moment.
	Key(ctx context.Context, id string) (Key, bool, error)
}

// Skew is how far the clocks of the two sides may differ.
const Skew = 15 * time.Minute

// Verifier checks signatures, and remembers those that it has met. Its methods may be
// called concurrently. It must not be copied once it is used.
type Verifier struct {
	Secrets Secrets
	Region  string           // which signatures must be for; "" is any
	Now     func() time.Time // nil: time.Now

	replays replays
}

// Rules are how a service wants its requests signed.
type Rules struct {
	Service string // its name in signatures

	// ObjectStore is S3's way: a path is encoded once and never normalized, and the
	// body's digest is not calculated but declared, in X-Amz-Content-Sha256, or left
	// out. Then the body need not be read first.
	ObjectStore bool
}

// Verified is a request whose signature holds, as it was signed. A server acts on
// this, and not on the parts of the request that it was made from: clients sign a
// path in more than one form, which are not all the same to a server.
type Verified struct {
	KeyID, Account, Principal string

	Path    string  // escaped
	Query   []Param // in the order in which they were sent, which nobody signs
	Payload string  // what the signature says of the body: a digest or, of S3's, a word

	// Chain checks the chunks of a body that Payload says is in signed chunks.
	Chain *Chain
}

// Verify proves the signature that Read found in the request.
//
// The body is read to its end first, so that whoever calls bounds it before; then
// r.Body is what was read. With rules of an ObjectStore the body is left to be
// read, and if its digest was declared, Read returns an error in place of io.EOF
// when another body came.
//
// What is wrong with the request is an *Error. Other errors come from the body or
// the Secrets.
func (v *Verifier) Verify(r *http.Request, s *Signature, rules Rules) (*Verified, error) {
	if err := v.scoped(s, rules); err != nil {
		return nil, err
	}
	if err := v.fresh(s); err != nil {
		return nil, err
	}
	if err := s.coverHeaders(r); err != nil {
		return nil, err
	}
	key, err := v.key(r.Context(), s)
	if err != nil {
		return nil, err
	}
	payload, err := s.payload(r, rules)
	if err != nil {
		return nil, err
	}
	verified, err := s.prove(r, key, payload, rules)
	if err == nil && !v.replays.first(r, s, v.now()) {
		return nil, &Error{Replay, "The request was sent before: sign it again."}
	}
	return verified, err
}

// scoped tells whether the signature is for us and for its own day.
func (v *Verifier) scoped(s *Signature, rules Rules) error {
	var wrong strings.Builder
	if v.Region != "" && s.Region != v.Region {
		fmt.Fprintf(&wrong, "Credential should be scoped to a valid region, not '%s'. ", s.Region)
	}
	if s.Service != rules.Service {
		fmt.Fprintf(&wrong, "Credential should be scoped to correct service: '%s'. ", rules.Service)
	}
	if s.terminator != terminator {
		fmt.Fprintf(&wrong, "Credential should be scoped with a valid terminator: '%s', not '%s'. ", terminator, s.terminator)
	}
	if day := s.stamp[:8]; s.Date != day {
		fmt.Fprintf(&wrong, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", s.Date, day, s.stamp)
	}
	if wrong.Len() > 0 {
		return &Error{Scope, wrong.String()}
	}
	return nil
}

// fresh tells whether the signature was made not long ago, and not in the future.
func (v *Verifier) fresh(s *Signature) error {
	now := v.now()
	if latest := now.Add(Skew); s.Time.After(latest) {
		return &Error{Clock, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)", s.stamp, stamp(latest), stamp(now))}
	}
	age, shown := Skew, "15 min."
	if s.Presigned {
		age, shown = s.Lifetime, fmt.Sprintf("%d sec.", s.Lifetime/time.Second)
	}
	if earliest := now.Add(-age); s.Time.Before(earliest) {
		return &Error{Clock, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s)", s.stamp, stamp(earliest), stamp(now), shown)}
	}
	return nil
}

// now is in whole seconds, as signatures are.
func (v *Verifier) now() time.Time {
	if v.Now == nil {
		return time.Now().UTC().Truncate(time.Second)
	}
	return v.Now().UTC().Truncate(time.Second)
}

func stamp(t time.Time) string { return t.UTC().Format(basic) }

// key finds the key that the request is said to be signed with.
func (v *Verifier) key(ctx context.Context, s *Signature) (Key, error) {
	key, known, err := v.Secrets.Key(ctx, s.KeyID)
	switch {
	case err != nil:
		return Key{}, fmt.Errorf("look up the access key %s: %w", s.KeyID, err)
	case !known, !key.Active, subtle.ConstantTimeCompare([]byte(s.token), []byte(key.Token)) != 1:
		return Key{}, &Error{UnknownKey, "The security token included in the request is invalid."}
	case !key.Expires.IsZero() && !v.now().Before(key.Expires):
		return Key{}, &Error{ExpiredKey, "The security token included in the request is expired"}
	}
	return key, nil
}

// prove signs the request again. It does so in each form in which clients sign the
// same request, and the one that agrees tells what was signed.
func (s *Signature) prove(r *http.Request, key Key, payload string, rules Rules) (*Verified, error) {
	path, query := target(r)
	params := s.params(query)
	headers, err := s.headers(r)
	if err != nil {
		return nil, err
	}
	chain := &Chain{key: s.signingKey(key.Secret), stamp: s.stamp, scope: s.scope()}
	for _, path := range paths(path, rules) {
		for _, query := range queries(params) {
			request := strings.Join([]string{r.Method, path.canonical, query, headers, strings.Join(s.Headers, ";"), payload}, "\n")
			if !chain.signed(algorithm, digest(request), s.value) {
				continue
			}
			chain.last = s.value
			return &Verified{
				KeyID: s.KeyID, Account: key.Account, Principal: key.Principal,
				Path: path.escaped, Query: params, Payload: payload, Chain: chain,
			}, nil
		}
	}
	return nil, &Error{Mismatch, "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
}

// signingKey derives the key of a day, a region and a service from the secret.
func (s *Signature) signingKey(secret string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.Date, s.Region, s.Service, terminator} {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
