package s3server

import (
	"encoding/hex"
	"net/http"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// agree tells whether a body has this MD5 and this checksum, each if it is given.
func agree(body []byte, md5 string, sum bucket.Checksum) error {
	if got := sumOf(checksum.MD5, body); md5 != "" && got != md5 {
		expected, _ := checksum.MD5.Decode(md5)
		return bucket.NewError(bucket.BadDigest).With("CalculatedDigest", got).With("ExpectedDigest", hex.EncodeToString(expected))
	}
	if sum.Algorithm != "" && sumOf(sum.Algorithm, body) != sum.Value {
		return refused(bucket.BadDigest, http.StatusBadRequest, "The %s you specified did not match the calculated checksum.", sum.Algorithm)
	}
	return nil
}

func sumOf(a checksum.Algorithm, body []byte) string {
	h := a.New()
	h.Write(body)
	return checksum.Encode(h.Sum(nil))
}
