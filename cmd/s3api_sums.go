package cmd

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// sumField is the member of an operation's parameters or answer that holds a checksum:
// there is one for each algorithm, with its name behind "Checksum".
func sumField(v any, a checksum.Algorithm) **string {
	return reflect.ValueOf(v).Elem().FieldByName("Checksum" + string(a)).Addr().Interface().(**string)
}

// tellSum tells a checksum in an answer, if there is one.
func tellSum(out any, kind *types.ChecksumType, c bucket.Checksum) {
	if c.Value != "" {
		*sumField(out, c.Algorithm), *kind = &c.Value, types.ChecksumType(c.Type)
	}
}

// wantedSum is the checksum that a new object has to have: the one that is given, or one
// of the algorithm that is named, or what the AWS CLI calculates if nobody says.
func wantedSum(in *s3.PutObjectInput) (want bucket.Checksum, err error) {
	for _, a := range checksum.Algorithms() {
		value := *sumField(in, a)
		switch {
		case value == nil:
		case want.Algorithm != "":
			return want, s3Error(bucket.InvalidRequest, http.StatusBadRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		default:
			want = bucket.Checksum{Algorithm: a, Value: *value}
			if _, ok := a.Decode(want.Value); !ok {
				return want, s3Error(bucket.InvalidRequest, http.StatusBadRequest, "Value for x-amz-checksum-%s header is invalid.", strings.ToLower(string(a)))
			}
		}
	}
	named := checksum.Algorithm(in.ChecksumAlgorithm)
	switch {
	case want.Algorithm == "" && named == "":
		want.Algorithm = checksum.CRC64NVME
	case want.Algorithm == "":
		want.Algorithm = named
	case named != "" && named != want.Algorithm:
		return want, s3Error(bucket.InvalidRequest, http.StatusBadRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.")
	}
	return want, nil
}

// sumAlgorithms tells in a listing which checksum an object has.
func sumAlgorithms(c bucket.Checksum) []types.ChecksumAlgorithm {
	if c.Algorithm == "" {
		return nil
	}
	return []types.ChecksumAlgorithm{types.ChecksumAlgorithm(c.Algorithm)}
}

// keptHeaders are what goes with a new object without being heeded.
func keptHeaders(in *s3.PutObjectInput) (bucket.Headers, error) {
	h := bucket.Headers{
		CacheControl: aws.ToString(in.CacheControl), ContentDisposition: aws.ToString(in.ContentDisposition), ContentEncoding: aws.ToString(in.ContentEncoding),
		ContentLanguage: aws.ToString(in.ContentLanguage), WebsiteRedirect: aws.ToString(in.WebsiteRedirectLocation),
	}
	if in.Expires != nil {
		h.Expires = in.Expires.UTC().Format(http.TimeFormat)
	}
	return h, bucket.CheckRedirect(h.WebsiteRedirect)
}
