package s3server

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

type uploadXML struct {
	Bucket   string
	Key      string
	UploadID string `xml:"UploadId"`
}

func (x *exchange) createUpload() error {
	if err := checkNewKey(x.key); err != nil {
		return err
	}
	if err := x.unkept(); err != nil {
		return err
	}
	headers, err := x.kept()
	if err != nil {
		return err
	}
	tags, err := x.tags()
	if err != nil {
		return err
	}
	sum, implied, err := x.uploadChecksum()
	if err != nil {
		return err
	}
	u, err := x.store.CreateUpload(x.r.Context(), x.bucket, x.key, bucket.UploadOptions{
		ContentType: x.header("Content-Type"), Metadata: x.metadata(), Headers: headers, Tags: tags, Checksum: sum, Implied: implied,
	})
	if err != nil {
		return err
	}
	if !implied {
		x.set("x-amz-checksum-algorithm", string(sum.Algorithm))
		x.set("x-amz-checksum-type", string(sum.Type))
	}
	return x.answer("InitiateMultipartUploadResult", uploadXML{x.bucket, x.key, u.ID})
}

// uploadChecksum is the checksum that the object of an upload will have. If none was
// asked for, S3 gives it one all the same.
func (x *exchange) uploadChecksum() (sum bucket.Checksum, implied bool, err error) {
	a, err := x.chosenChecksum()
	if err != nil {
		return sum, false, err
	}
	t, err := x.checksumType()
	switch {
	case err != nil:
		return sum, false, err
	case a == "" && t != "":
		return sum, false, badRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case a == "":
		return bucket.Checksum{Algorithm: usualChecksum, Type: bucket.FullObject}, true, nil
	case t == "" && a == checksum.CRC64NVME:
		t = bucket.FullObject
	case t == "":
		t = bucket.Composite
	}
	return bucket.Checksum{Algorithm: a, Type: t}, false, nil
}

// checksumType reads the header that says what the checksum of parts is of.
func (x *exchange) checksumType() (bucket.ChecksumType, error) {
	switch t := bucket.ChecksumType(strings.ToUpper(x.header("x-amz-checksum-type"))); t {
	case "", bucket.FullObject, bucket.Composite:
		return t, nil
	}
	return "", badRequest("Value for x-amz-checksum-type header is invalid.")
}

func (x *exchange) putPart() error {
	if err := x.unkept(); err != nil {
		return err
	}
	number, err := partNumber(x.query["partNumber"])
	if err != nil {
		return err
	}
	u, err := x.upload()
	if err != nil {
		return err
	}
	if u.trailer == nil {
		if err := valid(u.checksum); err != nil {
			return err
		}
	}
	part, err := x.store.PutPart(x.r.Context(), x.bucket, x.key, x.query["uploadId"], number, u, bucket.PartOptions{ContentMD5: u.md5, Checksum: u.checksum, Trailer: u.trailer})
	if err != nil {
		return err
	}
	x.set("ETag", part.ETag)
	if part.Checksum.Value != "" {
		x.set(checksumHeader(part.Checksum.Algorithm), part.Checksum.Value)
	}
	return x.nothing(http.StatusOK)
}

type completeXML struct {
	XMLName xml.Name       `xml:"CompleteMultipartUpload"`
	Parts   []completePart `xml:"Part"`
}

type completePart struct {
	PartNumber *int
	ETag       *string
	Others     []element `xml:",any"`
}

type completedXML struct {
	Location string
	Bucket   string
	Key      string
	ETag     string
	Checksum []element
}

func (x *exchange) completeUpload() error {
	if err := x.unkept(); err != nil {
		return err
	}
	var in completeXML
	if err := x.readXML(&in); err != nil {
		return err
	}
	parts, err := in.parts()
	if err != nil {
		return err
	}
	opts, err := x.completeOptions()
	if err != nil {
		return err
	}
	return x.slowly("CompleteMultipartUploadResult", func() (any, string, error) {
		stored, err := x.store.CompleteUpload(x.r.Context(), x.bucket, x.key, x.query["uploadId"], parts, opts)
		return completedXML{x.location(), x.bucket, x.key, stored.ETag, told(stored.Checksum)}, stored.VersionID, err
	})
}

// location is where the object is, by the host that the request names.
func (x *exchange) location() string {
	scheme, path := "http", x.bucket+"/"+x.key
	if x.r.TLS != nil {
		scheme = "https"
	}
	if _, ok := x.hosted(x.r.Host); ok {
		path = x.key
	}
	return scheme + "://" + x.r.Host + "/" + urlEncoded(path)
}

func (c completeXML) parts() ([]bucket.Part, error) {
	if len(c.Parts) == 0 || len(c.Parts) > bucket.MaxParts {
		return nil, bucket.NewError(bucket.MalformedXML)
	}
	parts := make([]bucket.Part, len(c.Parts))
	for i, p := range c.Parts {
		if p.PartNumber == nil || p.ETag == nil {
			return nil, bucket.NewError(bucket.MalformedXML)
		}
		if *p.PartNumber < 1 {
			return nil, badArgument("PartNumber", strconv.Itoa(*p.PartNumber), "PartNumber must be >= 1")
		}
		sum, err := partChecksum(p.Others)
		if err != nil {
			return nil, err
		}
		parts[i] = bucket.Part{Number: *p.PartNumber, ETag: *p.ETag, Checksum: sum}
	}
	return parts, nil
}

// partChecksum is the one checksum among the elements of a part.
func partChecksum(others []element) (sum bucket.Checksum, err error) {
	var all strings.Builder
	count, bad := 0, false
	for _, e := range others {
		name, ok := strings.CutPrefix(e.XMLName.Local, "Checksum")
		a, known := checksum.Find(name)
		if !ok || !known {
			continue
		}
		count++
		sum = bucket.Checksum{Algorithm: a, Value: e.Text}
		_, fine := a.Decode(e.Text)
		bad = bad || !fine
		all.WriteString(string(a) + ":" + e.Text + ";")
	}
	value := all.String()
	if count == 1 {
		value = sum.Value
	}
	if bad || count > 1 {
		return sum, badArgument("Checksum", value, "Invalid Base64 or multiple checksums present in request")
	}
	return sum, nil
}

// completeOptions are what the whole has to be like.
func (x *exchange) completeOptions() (opts bucket.CompleteOptions, err error) {
	opts = bucket.CompleteOptions{IfMatch: x.header("If-Match"), IfNoneMatch: x.header("If-None-Match")}
	if opts.Checksum, err = x.headerChecksum(); err != nil {
		return opts, err
	}
	if opts.Checksum.Type, err = x.checksumType(); err != nil {
		return opts, err
	}
	if err := validWhole(opts.Checksum); err != nil {
		return opts, err
	}
	if size := x.header("x-amz-mp-object-size"); size != "" {
		n, err := strconv.ParseInt(size, 10, 64)
		switch {
		case err != nil:
			return opts, badRequest("Value for x-amz-mp-object-size header is invalid: '%s'", size)
		case n < 0:
			return opts, badRequest("Value for x-amz-mp-object-size header is less than zero: '%d'", n)
		}
		opts.Size = &n
	}
	return opts, nil
}

// validWhole tells whether the value of a checksum can be that of a whole: one of
// checksums ends with how many these are.
func validWhole(sum bucket.Checksum) error {
	value, count, composite := strings.Cut(sum.Value, "-")
	if _, err := strconv.ParseUint(count, 10, 16); composite && err != nil {
		value = ""
	}
	sum.Value = value
	return valid(sum)
}

func (x *exchange) abortUpload() error {
	if at := x.header("x-amz-if-match-initiated-time"); at != "" {
		if err := x.initiated(at); err != nil {
			return err
		}
	}
	if err := x.store.AbortUpload(x.r.Context(), x.bucket, x.key, x.query["uploadId"]); err != nil {
		return err
	}
	return x.nothing(http.StatusNoContent)
}

// initiated fails unless the upload began at this time. One in the future is ignored.
func (x *exchange) initiated(at string) error {
	page, err := x.store.ListParts(x.r.Context(), x.bucket, x.key, x.query["uploadId"], bucket.PartListOptions{Max: 1})
	if err != nil {
		return err
	}
	if t, ok := httpTime(at); ok && t.Before(page.Upload.Initiated) {
		return failed("x-amz-if-match-initiated-time")
	}
	return nil
}
