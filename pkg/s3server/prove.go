package s3server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/sigv4"
)

// prove finds out who sent the request, and has its body held to what was signed.
func (x *exchange) prove() error {
	s, err := sigv4.Read(x.r)
	if err != nil {
		return err
	}
	if err := x.scoped(s); err != nil {
		return err
	}
	v, err := x.verifier.Verify(x.r, s, sigv4.Rules{Service: "s3", ObjectStore: true})
	if err != nil {
		return err
	}
	x.payload, x.chain = v.Payload, v.Chain
	x.caller = Caller{Account: v.Account, Principal: v.Principal, KeyID: v.KeyID, Region: s.Region}
	return nil
}

// scoped says in S3's words what is wrong with the scope of a signature. What it lets
// pass is checked all the same.
func (x *exchange) scoped(s *sigv4.Signature) error {
	if err := x.badCredential(s.Presigned); err != nil {
		return err
	}
	if s.Presigned && x.query["X-Amz-Expires"] == "" {
		return missingParameters()
	}
	switch {
	case s.Service != "s3":
		return x.malformed(s.Presigned, "incorrect service %q. This endpoint belongs to \"s3\".", s.Service)
	case x.Region != "" && s.Region != x.Region:
		e := x.malformed(s.Presigned, "the region %q is wrong; expecting %q", s.Region, x.Region)
		if !s.Presigned {
			e.With("Region", x.Region)
		}
		return e
	}
	if _, err := time.Parse("20060102", s.Date); err != nil {
		return x.malformed(s.Presigned, "incorrect date format %q. This date in the credential must be in the format \"yyyyMMdd\".", s.Date)
	}
	return nil
}

// malformed returns what S3 says of a signature that it does not understand.
func (x *exchange) malformed(presigned bool, format string, args ...any) *bucket.Error {
	if presigned {
		return refused("AuthorizationQueryParametersError", http.StatusBadRequest, "Error parsing the X-Amz-Credential parameter; "+format, args...)
	}
	return refused("AuthorizationHeaderMalformed", http.StatusBadRequest, "The authorization header is malformed; "+format, args...)
}

// badSignature is what S3 says of a signature that does not hold.
func (x *exchange) badSignature(e *sigv4.Error) *bucket.Error {
	switch e.Problem {
	case sigv4.NoSignature:
		if x.query.has("AWSAccessKeyId") && x.query.has("Signature") {
			return oldSignature()
		}
		return accessDenied("Access Denied.")
	case sigv4.Malformed, sigv4.Scope:
		return x.misunderstood(e)
	case sigv4.Clock:
		return x.ill(e)
	case sigv4.Unsigned:
		return accessDenied("There were headers present in the request which were not signed").With("HeadersNotSigned", x.unsigned())
	case sigv4.UnknownKey:
		return x.unknownKey()
	case sigv4.Replay:
		return accessDenied(e.Message)
	case sigv4.ExpiredKey:
		return refused("ExpiredToken", http.StatusBadRequest, "The provided token has expired.")
	case sigv4.Mismatch:
		return refused("SignatureDoesNotMatch", http.StatusForbidden, "The request signature we calculated does not match the signature you provided. Check your key and signing method.").
			With("AWSAccessKeyId", x.keyID()).With("SignatureProvided", x.credential("Signature"))
	}
	return x.badPayload(e)
}

// unknownKey tells a key that does not exist from a session token that is none of
// the key's.
func (x *exchange) unknownKey() *bucket.Error {
	if x.header("X-Amz-Security-Token") != "" || x.query["X-Amz-Security-Token"] != "" {
		return refused("InvalidToken", http.StatusBadRequest, "The provided token is malformed or otherwise invalid.")
	}
	return refused("InvalidAccessKeyId", http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records.").With("AWSAccessKeyId", x.keyID())
}

// badPayload is what S3 says of X-Amz-Content-Sha256.
func (x *exchange) badPayload(e *sigv4.Error) *bucket.Error {
	value := x.header("X-Amz-Content-Sha256")
	switch {
	case value == "":
		return badRequest("Missing required header for this request: x-amz-content-sha256")
	case !strings.HasPrefix(e.Message, "The provided"):
		return badArgument("x-amz-content-sha256", value, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "+
			"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, "+
			"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.")
	}
	mismatch := refused("XAmzContentSHA256Mismatch", http.StatusBadRequest, "The provided 'x-amz-content-sha256' header does not match what was computed.").With("ClientComputedContentSHA256", value)
	if x.r.ContentLength == 0 {
		sum := sha256.Sum256(nil)
		mismatch.With("S3ComputedContentSHA256", hex.EncodeToString(sum[:]))
	}
	return mismatch
}

// ill is what S3 says of a time that is not now.
func (x *exchange) ill(e *sigv4.Error) *bucket.Error {
	now := time.Now
	if x.Now != nil {
		now = x.Now
	}
	server := now().UTC().Format(time.RFC3339)
	s, err := sigv4.Read(x.r)
	if err != nil || !s.Presigned {
		skewed := refused("RequestTimeTooSkewed", http.StatusForbidden, "The difference between the request time and the current time is too large.")
		return skewed.With("RequestTime", x.header("X-Amz-Date")).With("ServerTime", server).With("MaxAllowedSkewMilliseconds", sigv4.Skew.Milliseconds())
	}
	if strings.HasPrefix(e.Message, "Signature not yet current") {
		return accessDenied("Request is not valid yet.")
	}
	return accessDenied("Request has expired.").With("X-Amz-Expires", int(s.Lifetime/time.Second)).
		With("Expires", s.Time.Add(s.Lifetime).Format(time.RFC3339)).With("ServerTime", server)
}

// unsigned are the headers that should have been signed.
func (x *exchange) unsigned() string {
	s, err := sigv4.Read(x.r)
	if err != nil {
		return ""
	}
	signed := map[string]bool{}
	for _, name := range s.Headers {
		signed[name] = true
	}
	var missing []string
	if !s.CoversHost() {
		missing = append(missing, "host")
	}
	for _, name := range sortedNames(x.r.Header) {
		if strings.HasPrefix(name, "x-amz-") && !signed[name] {
			missing = append(missing, name)
		}
	}
	return strings.Join(missing, ", ")
}

// keyID is the id of the key that the request is said to be signed with.
func (x *exchange) keyID() string {
	id, _, _ := strings.Cut(x.credential("Credential"), "/")
	return id
}

// credential returns a part of the signature, wherever it is.
func (x *exchange) credential(part string) string {
	if value := x.query["X-Amz-"+part]; value != "" {
		return value
	}
	for _, field := range strings.FieldsFunc(x.header("Authorization"), func(c rune) bool { return c == ',' || c == ' ' }) {
		if value, ok := strings.CutPrefix(field, part+"="); ok {
			return value
		}
	}
	return ""
}

// misunderstood finds S3's words for what is wrong with the form of a signature.
func (x *exchange) misunderstood(e *sigv4.Error) *bucket.Error {
	if x.header("Authorization") == "" {
		return x.misunderstoodQuery(e)
	}
	scheme, rest, _ := strings.Cut(x.header("Authorization"), " ")
	switch {
	case strings.Contains(strings.TrimSpace(rest), "  ") || rest == "":
		return badArgument("Authorization", x.header("Authorization"), "Authorization header is invalid -- one and only one ' ' (space) required.")
	case scheme == "AWS":
		return oldSignature()
	case scheme != "AWS4-HMAC-SHA256":
		return badArgument("Authorization", scheme, "Unsupported Authorization Type")
	}
	parts := strings.Split(rest, ",")
	if len(parts) != 3 {
		return x.malformed(false, "the authorization header requires three components: Credential, SignedHeaders, and Signature.")
	}
	for _, part := range parts {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); !ok || name == "" || value == "" && !ok {
			return x.malformed(false, "the authorization component %q is malformed.", strings.TrimSpace(part))
		}
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if x.credential(name) == "" {
			return x.malformed(false, "missing %s.", name)
		}
	}
	if err := x.badCredential(false); err != nil {
		return err
	}
	if date := x.header("X-Amz-Date"); date == "" && x.header("Date") == "" || !isStamp(date) && date != "" {
		return accessDenied("AWS authentication requires a valid Date or x-amz-date header.")
	}
	if e.Problem == sigv4.Scope {
		return x.malformed(false, "The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date.")
	}
	return x.malformed(false, "%s", e.Message)
}

// oldSignature refuses version 2 of the signature.
func oldSignature() *bucket.Error {
	return badRequest("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
}

func missingParameters() *bucket.Error {
	return refused("AuthorizationQueryParametersError", http.StatusBadRequest, "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
}

func isStamp(date string) bool {
	_, err := time.Parse("20060102T150405Z", date)
	return err == nil
}

// badCredential finds S3's words for what is wrong with the scope.
func (x *exchange) badCredential(presigned bool) *bucket.Error {
	elements := strings.Split(x.credential("Credential"), "/")
	if len(elements) != 5 {
		return x.malformed(presigned, `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	if elements[4] != "aws4_request" {
		return x.malformed(presigned, `incorrect terminal %q. This endpoint uses "aws4_request".`, elements[4])
	}
	return nil
}

// misunderstoodQuery is misunderstood for a presigned request.
func (x *exchange) misunderstoodQuery(e *sigv4.Error) *bucket.Error {
	wrong := func(format string, args ...any) *bucket.Error {
		return refused("AuthorizationQueryParametersError", http.StatusBadRequest, format, args...)
	}
	for _, name := range []string{"Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires"} {
		if x.query["X-Amz-"+name] == "" {
			return missingParameters()
		}
	}
	switch algorithm := x.query["X-Amz-Algorithm"]; {
	case strings.HasPrefix(algorithm, "AWS4-ECDSA"):
		return wrong(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"`)
	case algorithm != "AWS4-HMAC-SHA256":
		return wrong(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`)
	}
	if seconds, err := strconv.Atoi(x.query["X-Amz-Expires"]); err != nil || seconds < 0 || seconds > 604800 {
		return wrong("%s", e.Message)
	}
	if err := x.badCredential(true); err != nil {
		return err
	}
	date := x.query["X-Amz-Date"]
	if !isStamp(date) {
		return wrong(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	if elements := strings.Split(x.credential("Credential"), "/"); e.Problem == sigv4.Scope {
		return wrong(`Invalid credential date %q. This date is not the same as X-Amz-Date: %q.`, elements[1], date[:8])
	}
	return wrong("%s", e.Message)
}
