package s3store_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/buckettest"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
)

// Buckets inside one of S3's keep what all buckets promise, but that they always keep
// versions.
func TestInside(t *testing.T) { runInside(t, s3test.Own(t)) }

// An object that should say that a bucket is there, and does not, is named.
func TestInsideIsBroken(t *testing.T) {
	s := storeOn(t, s3test.Own(t))
	s3test.Make(t, s, "one")
	inside := s3store.Inside(s, "one", "home/", time.Now)
	if err := inside.CreateBucket(t.Context(), "broken", bucket.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "one", "home/.buckets/broken", strings.NewReader("{"), bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	const want = "what s3://one/home/.buckets/broken says of the bucket broken cannot be read: unexpected EOF"
	if _, err := inside.HeadBucket(t.Context(), "broken"); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := inside.HeadBucket(t.Context(), "absent"); !bucket.IsCode(err, bucket.NoSuchBucket) {
		t.Errorf("got %v", err)
	}
}

func runInside(t *testing.T, on s3test.Server) {
	const always = "they always keep versions"
	buckettest.Run(t, func(t *testing.T) bucket.Store {
		s, one := storeOn(t, on), strings.ToLower("one-"+rand.Text())
		s3test.Make(t, s, one)
		return s3store.Inside(s, one, "home/", time.Now)
	}, buckettest.Lacks{
		"Keys/Dots":                  "S3 does not take keys that lead nowhere as paths",
		"Pages/TokenBeatsStartAfter": "S3's protocol heeds both",
		"Buckets/Delete":             always,
		"Tags/Null":                  always,
		"Tags/Race":                  always,
		"Buckets/Versioning":         always,
		"Put/Info":                   always,
		"Put/Defaults":               always,
		"Put/Overwrite":              always,
		"Versions/DeleteUnversioned": always,
		"Versions/NullThenEnabled":   always,
		"Versions/Suspended":         always,
		"Versions/NullMovesUp":       always,
		"Versions/SuspendedDelete":   always,
		"Keys/Control":               always,
		"Pages/Versions":             always,
		"Pages/VersionGone":          always,
		"Conditions/Delete":          always,
		"Uploads/Unversioned":        always,
		"Keys/Odd":                   "their keys are shorter by what comes before them",
	})
}
