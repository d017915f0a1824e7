package s3server

import (
	"cmp"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/sigv4"
)

// form is what a browser posts: fields and, behind them, a file
// (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html).
type form struct {
	fields map[string]string // by their names in lower case
	file   *multipart.Part
}

// maxFields is how many bytes of fields S3 takes before the file. With what is around
// them they may have maxForm bytes.
const (
	maxFields = 20 << 10
	maxForm   = 64 << 10
)

// gate is a body of which so many bytes are let through before it is opened.
type gate struct {
	io.Reader
	left int
	open bool
}

func (g *gate) Read(p []byte) (int, error) {
	if g.open {
		return g.Reader.Read(p)
	}
	if g.left <= 0 {
		return 0, tooManyFields()
	}
	n, err := g.Reader.Read(p[:min(len(p), g.left)])
	g.left -= n
	return n, err
}

func tooManyFields() *bucket.Error {
	return refused("MaxPostPreDataLengthExceeded", http.StatusBadRequest, "Your POST request fields preceding the upload file were too large.")
}

// readForm reads a form up to the content of its file.
func (x *exchange) readForm() (form, error) {
	kind, params, err := mime.ParseMediaType(x.header("Content-Type"))
	if kind != "multipart/form-data" {
		return form{}, failed("Bucket POST must be of the enclosure-type multipart/form-data")
	}
	if err != nil || params["boundary"] == "" {
		return form{}, malformedForm()
	}
	f := form{fields: map[string]string{}}
	body := &gate{Reader: x.r.Body, left: maxForm}
	for r, left := multipart.NewReader(body, params["boundary"]), maxFields; ; {
		part, err := r.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return form{}, badArgument("file", "0", "POST requires exactly one file upload per request.")
		case err != nil:
			return form{}, orBroken(err)
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			f.file, body.open = part, true
			return f, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
		if err != nil {
			return form{}, orBroken(err)
		}
		if left -= len(name) + len(value); left < 0 {
			return form{}, tooManyFields()
		}
		if name != "" {
			f.fields[name] = string(value)
		}
	}
}

func malformedForm() *bucket.Error {
	return refused("MalformedPOSTRequest", http.StatusBadRequest, "The body of your POST request is not well-formed multipart/form-data.")
}

// orBroken is the error of the line, if it is one.
func orBroken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(*bucket.Error)) || errors.As(err, new(interface{ Timeout() bool })) {
		return err
	}
	return malformedForm()
}

// proveForm finds out who made the policy of a form.
func (x *exchange) proveForm() error {
	var err error
	if x.form, err = x.readForm(); err != nil {
		return err
	}
	fields, missing := x.form.fields, []string{}
	signed := []string{"policy", "x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm"}
	for _, name := range signed {
		if _, ok := fields[name]; !ok {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == len(signed):
		return accessDenied("Access Denied.")
	case len(missing) > 0:
		return missingField(missing[0])
	case fields["x-amz-algorithm"] != "AWS4-HMAC-SHA256":
		return badArgument("X-Amz-Algorithm", fields["x-amz-algorithm"], "Only AWS4-HMAC-SHA256 is supported")
	case !isStamp(fields["x-amz-date"]):
		return badArgument("X-Amz-Date", fields["x-amz-date"], "X-Amz-Date must be formated via ISO8601 Long format")
	}
	return x.provePolicy(fields)
}

func missingField(name string) *bucket.Error {
	return badArgument(name, "", "Bucket POST must contain a field named '%s'.  If it is specified, please check the order of the fields.", name)
}

func (x *exchange) provePolicy(fields map[string]string) error {
	credential := fields["x-amz-credential"]
	scope := strings.Split(credential, "/")
	wrong := func(format string, args ...any) error {
		return badArgument("x-amz-credential", credential, format, args...)
	}
	switch {
	case len(scope) != 5:
		return wrong(`the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	case scope[4] != "aws4_request":
		return wrong(`incorrect terminal %q. This endpoint uses "aws4_request".`, scope[4])
	case scope[3] != "s3":
		return wrong(`incorrect service %q. This endpoint belongs to "s3".`, scope[3])
	case x.Region != "" && scope[2] != x.Region:
		return wrong("the region %q is wrong; expecting %q", scope[2], x.Region)
	}
	v, err := x.verifier.VerifyForm(x.r.Context(), sigv4.Form{Credential: credential, Date: fields["x-amz-date"], Token: fields["x-amz-security-token"],
		Policy: fields["policy"], Signature: fields["x-amz-signature"]})
	var e *sigv4.Error
	if errors.As(err, &e) {
		return x.badForm(e, scope[0])
	}
	if err != nil {
		return err
	}
	x.caller = Caller{Account: v.Account, Principal: v.Principal, KeyID: v.KeyID, Region: scope[2]}
	return nil
}

// badForm is what S3 says of a form's signature that does not hold.
func (x *exchange) badForm(e *sigv4.Error, keyID string) *bucket.Error {
	fields := x.form.fields
	switch e.Problem {
	case sigv4.Clock:
		return againstPolicy("Policy expired.")
	case sigv4.UnknownKey:
		return refused("InvalidAccessKeyId", http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records.").With("AWSAccessKeyId", keyID)
	case sigv4.Mismatch:
		return refused("SignatureDoesNotMatch", http.StatusForbidden, "%s", e.Message).With("AWSAccessKeyId", keyID).With("StringToSign", fields["policy"]).
			With("SignatureProvided", fields["x-amz-signature"]).With("StringToSignBytes", spaced(fields["policy"]))
	case sigv4.ExpiredKey:
		return refused("ExpiredToken", http.StatusBadRequest, "The provided token has expired.")
	}
	return badArgument("x-amz-credential", fields["x-amz-credential"], "%s", e.Message)
}

// spaced writes bytes in hex, as S3 does.
func spaced(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(hex.EncodeToString([]byte{text[i]}))
	}
	return b.String()
}

// postObject makes an object of the form's file, if the form is as its policy has it.
func (x *exchange) postObject() error {
	fields := x.form.fields
	if fields["key"] == "" {
		return missingField("key")
	}
	fields["key"] = strings.ReplaceAll(fields["key"], "${filename}", x.form.file.FileName())
	p, err := parsePolicy(fields["policy"])
	if err != nil {
		return err
	}
	now := time.Now
	if x.Now != nil {
		now = x.Now
	}
	_, told := fields["bucket"]
	fields["bucket"] = x.bucket
	if !told {
		p.conditions = append(p.conditions, condition{field: "bucket", value: x.bucket})
	}
	if err := p.holds(fields, now()); err != nil {
		return err
	}
	x.key = fields["key"]
	opts, err := x.formOptions()
	if err != nil {
		return err
	}
	stored, err := x.store.Put(x.r.Context(), x.bucket, x.key, &bounds{Reader: x.form.file, least: p.least, most: min(p.most, maxBody)}, opts)
	if err != nil {
		return err
	}
	return x.posted(stored)
}

// formOptions reads from the fields what goes with the object. They are named as the
// headers of a PUT are, but for three.
func (x *exchange) formOptions() (opts bucket.PutOptions, err error) {
	x.r.Header = http.Header{}
	for name, value := range x.form.fields {
		switch {
		case name == "acl":
			name = "x-amz-acl"
		case name == "tagging", name == taggingHeader:
			continue
		}
		if value != "" {
			x.r.Header.Set(name, value)
		}
	}
	if err := checkNewKey(x.key); err != nil {
		return opts, err
	}
	if err := x.unkept(); err != nil {
		return opts, err
	}
	opts = bucket.PutOptions{ContentType: x.header("Content-Type"), Metadata: x.metadata()}
	if opts.Headers, err = x.kept(); err != nil {
		return opts, err
	}
	if opts.Tags, err = x.formTags(); err != nil {
		return opts, err
	}
	if opts.ContentMD5, err = x.contentMD5(); err != nil {
		return opts, err
	}
	if opts.Checksum, err = x.headerChecksum(); err != nil {
		return opts, err
	}
	if err := valid(opts.Checksum); err != nil {
		return opts, err
	}
	opts.Checksum.Algorithm = cmp.Or(opts.Checksum.Algorithm, usualChecksum)
	return opts, nil
}

// formTags reads the tags of the object, which are a document here.
func (x *exchange) formTags() ([]bucket.Tag, error) {
	text, ok := x.form.fields["tagging"]
	if !ok {
		return nil, nil
	}
	if _, err := x.tagger(); err != nil {
		return nil, err
	}
	var in taggingXML
	if err := parseXML([]byte(text), &in); err != nil {
		return nil, err
	}
	return in.TagSet.tags(), nil
}

// bounds is a file that may have so many bytes.
type bounds struct {
	io.Reader
	least, most, done int64
}

func (b *bounds) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.done += int64(n)
	switch {
	case b.done > b.most:
		rest, _ := io.CopyN(io.Discard, b.Reader, 64<<10) // to say how many there are
		return 0, bucket.NewError(bucket.EntityTooLarge).With("ProposedSize", b.done+rest).With("MaxSizeAllowed", b.most)
	case err == io.EOF && b.done < b.least:
		return 0, bucket.NewError(bucket.EntityTooSmall).With("ProposedSize", b.done).With("MinSizeAllowed", b.least)
	}
	return n, err
}

type postXML struct{ Location, Bucket, Key, ETag string }

// posted answers as the form wants it: by leading the browser elsewhere, or with a status.
func (x *exchange) posted(stored bucket.Stored) error {
	x.set("ETag", stored.ETag)
	x.set("Location", x.location())
	x.setSome("x-amz-version-id", stored.VersionID)
	x.tellChecksum(stored.Checksum)
	fields := x.form.fields
	to, err := url.Parse(cmp.Or(fields["success_action_redirect"], fields["redirect"]))
	if err == nil && (to.Scheme == "http" || to.Scheme == "https") {
		q := to.Query()
		q.Set("bucket", x.bucket)
		q.Set("key", x.key)
		q.Set("etag", stored.ETag)
		to.RawQuery = q.Encode()
		x.set("Location", to.String())
		return x.nothing(http.StatusSeeOther)
	}
	switch fields["success_action_status"] {
	case "200":
		return x.nothing(http.StatusOK)
	case "201":
		return x.answerWith(http.StatusCreated, "PostResponse", postXML{x.location(), x.bucket, x.key, stored.ETag})
	}
	return x.nothing(http.StatusNoContent)
}
