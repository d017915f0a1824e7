package s3server

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
	"signer/pkg/sigv4"
)

// maxBody is the most bytes that S3 takes in one request.
const maxBody = 5 << 30

// upload is the body of a request that becomes an object or a part of one, and what
// it has to have.
type upload struct {
	io.Reader
	md5      string
	checksum bucket.Checksum
	trailer  func() string
}

// upload returns the body, decoded. Whatever is wrong with its end, reading it says.
func (x *exchange) upload() (upload, error) {
	sum, behind, err := x.declaredChecksum()
	if err != nil {
		return upload{}, err
	}
	size, err := x.bodySize()
	if err != nil {
		return upload{}, err
	}
	md5, err := x.contentMD5()
	if err != nil {
		return upload{}, err
	}
	u := upload{Reader: x.r.Body, md5: md5, checksum: sum}
	if !strings.HasPrefix(x.payload, "STREAMING-") {
		return u, nil
	}
	var chain chain
	if x.payload != sigv4.UnsignedTrailer {
		chain = x.chain
	}
	d := newChunks(x.r.Body, size, chain)
	d.signedTrailer = x.payload == sigv4.SignedChunksWithTrailer
	if behind {
		d.want = sum.Algorithm
		u.trailer = func() string { return d.trailer }
	}
	u.Reader = d
	return u, nil
}

// bodySize is how long the body says to be when it is decoded.
func (x *exchange) bodySize() (int64, error) {
	size := x.r.ContentLength
	if strings.HasPrefix(x.payload, "STREAMING-") {
		var err error
		if size, err = strconv.ParseInt(x.header("X-Amz-Decoded-Content-Length"), 10, 64); err != nil {
			size = -1
		}
	}
	if size < 0 {
		return 0, refused("MissingContentLength", http.StatusLengthRequired, "You must provide the Content-Length HTTP header.")
	}
	if size > maxBody {
		return 0, bucket.NewError(bucket.EntityTooLarge).With("ProposedSize", size).With("MaxSizeAllowed", int64(maxBody))
	}
	return size, nil
}

// contentMD5 is the MD5 that the body has to have, if any.
func (x *exchange) contentMD5() (string, error) {
	values, given := x.r.Header["Content-Md5"]
	if !given {
		return "", nil
	}
	if _, ok := checksum.MD5.Decode(values[0]); !ok {
		return "", bucket.NewError(bucket.InvalidDigest).With("Content-MD5", values[0])
	}
	return values[0], nil
}

// declaredChecksum is the checksum that the body has to have: in a header or, if behind,
// in the trailer.
func (x *exchange) declaredChecksum() (sum bucket.Checksum, behind bool, err error) {
	sum, err = x.headerChecksum()
	if err != nil {
		return bucket.Checksum{}, false, err
	}
	if trailer := x.header("X-Amz-Trailer"); trailer != "" {
		name, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(trailer)), checksumPrefix)
		a, known := checksum.Find(name)
		switch {
		case !ok || !known:
			return bucket.Checksum{}, false, badRequest("The value specified in the x-amz-trailer header is not supported")
		case sum.Algorithm != "":
			return bucket.Checksum{}, false, multipleChecksums()
		}
		sum.Algorithm, behind = a, true
	}
	return sum, behind, x.announced(sum)
}

// announced checks the header by which the SDKs announce which checksum they send.
func (x *exchange) announced(sum bucket.Checksum) error {
	const header = "x-amz-sdk-checksum-algorithm"
	announced := x.header(header)
	if announced == "" {
		return nil
	}
	a, ok := checksum.Find(announced)
	switch {
	case !ok:
		return badRequest("Value for %s header is invalid.", header)
	case sum.Algorithm == "":
		return badRequest("x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	case a != sum.Algorithm:
		return badRequest("Value for %s header is invalid.", header)
	}
	return nil
}

func multipleChecksums() *bucket.Error {
	return badRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

// headerChecksum is the one checksum that stands in a header.
func (x *exchange) headerChecksum() (sum bucket.Checksum, err error) {
	for _, header := range sortedNames(x.r.Header) {
		name, ok := strings.CutPrefix(header, checksumPrefix)
		if !ok || name == "algorithm" || name == "type" || name == "mode" {
			continue
		}
		a, ok := checksum.Find(name)
		switch {
		case !ok:
			return bucket.Checksum{}, badRequest("The algorithm type you specified in x-amz-checksum- header is invalid.")
		case sum.Algorithm != "":
			return bucket.Checksum{}, multipleChecksums()
		}
		sum = bucket.Checksum{Algorithm: a, Value: x.header(header)}
	}
	return sum, nil
}

// valid tells whether the value of a checksum can be one.
func valid(sum bucket.Checksum) error {
	if _, ok := sum.Algorithm.Decode(sum.Value); sum.Algorithm != "" && !ok {
		return badRequest("Value for %s header is invalid.", checksumHeader(sum.Algorithm))
	}
	return nil
}
