package s3store_test

import (
	"cmp"
	"net"
	"os"
	"os/exec"
	"testing"

	"signer/pkg/bucket"
	"signer/pkg/bucket/buckettest"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
	"signer/pkg/listen/listentest"
)

func storeOn(t *testing.T, s s3test.Server) *s3store.Store {
	return s3store.New(s3store.Config{Client: s.Client(), TempDir: t.TempDir()})
}

func run(t *testing.T, s s3test.Server, lacks buckettest.Lacks) {
	buckettest.Run(t, func(t *testing.T) bucket.Store { return storeOn(t, s) }, lacks)
}

// TestFront holds the store to its contract over this program's own server. No other
// that can be had for tests does all that S3 does: see the lacks of moto and versitygw.
func TestFront(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) bucket.Store { return storeOn(t, s3test.Own(t)) }, buckettest.Lacks{
		"Keys/Dots":                  "S3 does not take keys that lead nowhere as paths",
		"Pages/TokenBeatsStartAfter": "S3's protocol heeds both",
	})
}

// TestServer does the same over a real server, which the environment names: its
// address, and credentials and region as the AWS CLI has them.
func TestServer(t *testing.T) {
	s := s3test.Server{
		URL:    os.Getenv("BUCKET_TEST_S3_ENDPOINT"),
		Region: cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"),
		KeyID:  os.Getenv("AWS_ACCESS_KEY_ID"),
		Secret: os.Getenv("AWS_SECRET_ACCESS_KEY"),
	}
	if s.URL == "" {
		t.Skip("BUCKET_TEST_S3_ENDPOINT names no server")
	}
	t.Run("named", func(t *testing.T) { run(t, s, nil) })
	t.Run("inside", func(t *testing.T) { runInside(t, s) })
}

// TestMoto does the same over moto, a stand-in for AWS.
func TestMoto(t *testing.T) {
	const (
		nulls   = "moto 5.2.1 has no null versions beside others"
		markers = "moto 5.2.1 does not tell of delete markers as S3 does"
		pages   = "moto 5.2.1 does not page versions as S3 does"
		checks  = "moto 5.2.1 does not check this"
	)
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Skipf("this test needs moto_server (pip install 'moto[server]'): %v", err)
	}
	address := listentest.Free(t)
	host, port, _ := net.SplitHostPort(address)
	listentest.Start(t, exec.Command(program, "-H", host, "-p", port), address)
	run(t, s3test.At("http://"+address), buckettest.Lacks{
		"Buckets/DeleteWithMarker":   markers,
		"Checksums":                  "moto 5.2.1 does not check them, nor list them",
		"Conditions/Delete":          "moto 5.2.1 deletes in any case",
		"Conditions/DeleteVersioned": "moto 5.2.1 deletes in any case",
		"Get/MalformedVersion":       checks,
		"Keys/Control":               "moto 5.2.1 refuses keys with a line break",
		"List/Hidden":                "moto 5.2.1 tells a common prefix of deleted keys",
		"Pages/BadMarkers":           checks,
		"Pages/VersionGone":          pages,
		"Pages/VersionsOfOneKey":     pages,
		"Put/ContentMD5":             checks,
		"Tags/Parts":                 "moto 5.2.1 does not tell of parts",
		"Uploads":                    "moto 5.2.1 knows uploads by their ids alone, checks little and lists without pages",
		"Versions/DeleteMarker":      markers,
		"Versions/MarkerById":        markers,
		"Versions/MissingKeyMarker":  markers,
		"Versions/NullMovesUp":       nulls,
		"Versions/NullThenEnabled":   nulls,
		"Versions/Suspended":         nulls,
		"Versions/SuspendedDelete":   nulls,
	})
}

// TestVersity does the same over versitygw, which checks signatures.
func TestVersity(t *testing.T) {
	const (
		files   = "versitygw 1.8.0 keeps keys as files: not x beside x/y, nor dots, nor a NUL"
		markers = "versitygw 1.8.0 does not tell of delete markers as S3 does"
		pages   = "versitygw 1.8.0 does not page versions as S3 does"
		tags    = "versitygw 1.8.0 keeps tags in no order, and takes not all of them"
	)
	run(t, s3test.Versity{Region: "us-east-1"}.Start(t), buckettest.Lacks{
		"Buckets/DeleteWithMarker":   markers,
		"Conditions/Delete":          "versitygw 1.8.0 deletes what does not exist in any case",
		"Conditions/DeleteVersioned": markers,
		"Conditions/IfMatchMarker":   markers,
		"Get/MalformedVersion":       "versitygw 1.8.0 takes some malformed ids for unknown ones",
		"Keys/Control":               files,
		"Keys/Dots":                  files,
		"Keys/Odd":                   files,
		"List/Delimiter":             files,
		"List/Hidden":                "versitygw 1.8.0 tells a common prefix of deleted keys",
		"List/Order":                 files,
		"List/Prefix":                files,
		"Pages/BadMarkers":           "versitygw 1.8.0 does not check this",
		"Pages/TokenBeatsStartAfter": "versitygw 1.8.0 heeds both",
		"Pages/VersionGone":          pages,
		"Pages/VersionGroups":        pages,
		"Pages/Versions":             pages,
		"Pages/VersionsOfOneKey":     pages,
		"Put/IfNoneMatchMarker":      markers,
		"Tags/Bucket":                tags,
		"Tags/Null":                  tags,
		"Tags/Parts":                 "versitygw 1.8.0 does not tell of parts",
		"Tags/Put":                   tags,
		"Tags/Replace":               tags,
		"Uploads/Composite":          "versitygw 1.8.0 does not tell of parts",
		"Uploads/CompletedAgain":     "versitygw 1.8.0 does not tell the version then",
		"Uploads/ImpliedChecksum":    "versitygw 1.8.0 refuses others",
		"Uploads/OnePart":            "versitygw 1.8.0 does not tell of parts",
		"Uploads/ListUploads":        "versitygw 1.8.0 refuses its own markers",
		"Versions/DeleteMarker":      markers,
		"Versions/DeleteVersion":     "versitygw 1.8.0 forgets the others when the current version is deleted",
		"Versions/MarkerById":        markers,
		"Versions/MissingKeyMarker":  markers,
		"Versions/NullThenEnabled":   "versitygw 1.8.0 does not tell the id of a null version",
	})
}
