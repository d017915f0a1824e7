package s3store

import (
	"io"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// The SDK's structures have a field for each algorithm, such as ChecksumCRC32, in a
// dozen of types. They are reached by name here.

// setChecksum sets the field of the checksum in a structure that is pointed to, if
// there is a value.
func setChecksum(in any, c bucket.Checksum) {
	if c.Value == "" {
		return
	}
	if f := reflect.ValueOf(in).Elem().FieldByName("Checksum" + string(c.Algorithm)); f.IsValid() {
		f.Set(reflect.ValueOf(&c.Value))
	}
}

// checksumOf returns the checksum in a structure that is pointed to. S3 tells only
// one. Where the type is not told it is that of a whole.
func checksumOf(out any) bucket.Checksum {
	v := reflect.ValueOf(out).Elem()
	for _, a := range checksum.Algorithms() {
		f := v.FieldByName("Checksum" + string(a))
		if !f.IsValid() || f.IsNil() {
			continue
		}
		c := bucket.Checksum{Algorithm: a, Type: bucket.FullObject, Value: f.Elem().String()}
		if strings.Contains(c.Value, "-") { // which base64 does not have
			c.Type = bucket.Composite
		}
		return c
	}
	return bucket.Checksum{}
}

// listedChecksum is what listings tell of a checksum.
func listedChecksum(algorithms []types.ChecksumAlgorithm, t types.ChecksumType) bucket.Checksum {
	if len(algorithms) == 0 {
		return bucket.Checksum{}
	}
	return bucket.Checksum{Algorithm: checksum.Algorithm(algorithms[0]), Type: bucket.ChecksumType(t)}
}

// wholly returns a body that has to be read before anything is sent if something comes
// behind it.
func wholly(body io.Reader, trailer func() string) io.Reader {
	if trailer == nil {
		return body
	}
	return struct{ io.Reader }{body}
}

// valued returns the checksum with the value that comes behind a body, which has been
// read.
func valued(c bucket.Checksum, trailer func() string) bucket.Checksum {
	if trailer != nil {
		c.Value = trailer()
	}
	return c
}
