package verify

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"signer/pkg/sign"
)

// Names in the header of an envelope.
const (
	headerScheme        = "io.cncf.notary.signingScheme"
	headerSigningTime   = "io.cncf.notary.signingTime"
	headerAuthenticTime = "io.cncf.notary.authenticSigningTime"
	headerExpiry        = "io.cncf.notary.expiry"
	headerPlugin        = "io.cncf.notary.verificationPlugin"
	headerVersion       = "com.amazonaws.signer.signingProfileVersion"
	headerJob           = "com.amazonaws.signer.signingJob"

	schemeX509      = "notary.x509"
	schemeAuthority = "notary.x509.signingAuthority"

	// awsPlugin is the verifier of AWS Signer, whose work this package does.
	awsPlugin = "com.amazonaws.signer.notation.plugin"
)

// header is the one of an envelope that is signed.
type header struct {
	has        map[string]bool
	text       map[string]string // the values that are text
	critical   []string
	claims     sign.Claims
	attributes []Attribute
}

// parseHeader reads the header, and holds it to Notary Project's rules (signature
// envelope in JWS, "Protected Headers") and those of RFC 7515, 4.1.11.
func parseHeader(ctx context.Context, text []byte) (header, error) {
	h := header{has: map[string]bool{}, text: map[string]string{}}
	s := scan(ctx, bytes.NewReader(text))
	err := s.object(func(name string) error { return h.member(s, name) })
	if err == nil {
		err = s.end()
	}
	for _, check := range [...]func(*header) error{(*header).checkCritical, (*header).checkScheme, (*header).readTimes, (*header).readARNs} {
		if err == nil {
			err = check(&h)
		}
	}
	for i, a := range h.attributes {
		h.attributes[i].Critical = slices.Contains(h.critical, a.Name)
	}
	return h, err
}

// member reads the value of a member. What is no text is of no use here.
func (h *header) member(s *scanner, name string) error {
	h.has[name] = true
	c, err := s.peek()
	if err != nil {
		return err
	}
	var value string
	switch {
	case name == "crit":
		h.critical, err = s.texts(maxMembers)
		value = strings.Join(h.critical, ", ")
	case c == '"':
		value, err = s.text(maxText)
		h.text[name] = value
	default:
		err = s.skip()
	}
	h.attributes = append(h.attributes, Attribute{Name: Printable(name), Value: Printable(value)})
	return err
}

// checkCritical holds the list of what must be understood to what there is and what
// is understood here.
func (h *header) checkCritical() error {
	known := []string{headerScheme, headerAuthenticTime, headerExpiry, headerPlugin, headerVersion, headerJob}
	for i, name := range h.critical {
		switch {
		case slices.Contains(h.critical[:i], name):
			return corrupt("Its header says twice that %.100q is critical.", name)
		case !slices.Contains(known, name):
			return corrupt("Its header says that %.100q is critical, which nobody here understands.", name)
		case !h.has[name]:
			return corrupt("Its header says that %.100q is critical, which is not there.", name)
		}
	}
	for _, name := range [...]string{headerScheme, headerAuthenticTime, headerExpiry} {
		if h.has[name] && !slices.Contains(h.critical, name) {
			return corrupt("Its header does not say that %.100q is critical.", name)
		}
	}
	return nil
}

// checkScheme holds the header to what its scheme of signing wants.
func (h *header) checkScheme() error {
	if h.text["cty"] != sign.NotationPayload {
		return corrupt("It signs something else than an image of Notary Project: %.100q.", h.text["cty"])
	}
	want, other := headerAuthenticTime, headerSigningTime
	switch h.text[headerScheme] {
	case schemeAuthority:
	case schemeX509:
		want, other = other, want
	default:
		return corrupt("Its signing scheme is unknown: %.100q.", h.text[headerScheme])
	}
	if !h.has[want] || h.has[other] {
		return corrupt("Its header has not the signing time that its scheme wants.")
	}
	return nil
}

// readTimes reads when the envelope was signed and when that expires.
func (h *header) readTimes() error {
	for name, t := range map[string]*time.Time{headerAuthenticTime: &h.claims.SignedAt, headerSigningTime: &h.claims.SignedAt, headerExpiry: &h.claims.ExpiresAt} {
		if h.has[name] && t.UnmarshalText([]byte(h.text[name])) != nil {
			return corrupt("Its header %q is not a time: %.100q.", name, h.text[name])
		}
	}
	if h.has[headerExpiry] && !h.claims.ExpiresAt.After(h.claims.SignedAt) {
		return corrupt("Its signature expires before it is made.")
	}
	return nil
}

// readARNs reads which job signed with which profile. AWS's envelopes have both, or
// they are not AWS's.
func (h *header) readARNs() error {
	h.claims.Job, h.claims.ProfileVersion = h.text[headerJob], h.text[headerVersion]
	if !h.has[headerJob] && !h.has[headerVersion] && h.text[headerPlugin] != awsPlugin {
		return nil
	}
	return checkClaims(h.claims)
}
