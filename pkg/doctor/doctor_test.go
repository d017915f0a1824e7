package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket"
	"signer/pkg/doctor"
	"signer/pkg/local"
	"signer/pkg/local/localtest"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// home is a home with a job of each kind in it.
type home struct {
	*localtest.Home
	certificate string            // its ARN
	jobs        map[string]string // by profile
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := at(filepath.Join(t.TempDir(), "home"))
	for _, name := range []string{"source", "signed", "kept"} {
		must(t, h.Buckets.CreateBucket(ctx, name, bucket.CreateOptions{}))
	}
	must(t, h.Buckets.PutVersioning(ctx, "kept", bucket.Enabled))
	must(t, h.Buckets.PutVersioning(ctx, "source", bucket.Enabled))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	h.certificate = h.Certify(t, key)
	e := h.open(t)
	h.jobs = map[string]string{"web": h.sign(t, e, "web", "AWSLambda-SHA384-ECDSA", "signed"), "lasting": h.sign(t, e, "lasting", "AWSLambda-SHA384-ECDSA", "kept"),
		"device": h.sign(t, e, "device", "AWSIoTDeviceManagement-SHA256-ECDSA", "signed"), "board": h.sign(t, e, "board", "AmazonFreeRTOS-Default", "signed")}
	h.payload(t, e)
	must(t, e.Close())
	return h
}

func at(dir string) *home { return &home{Home: localtest.At(dir)} }

func (h *home) path(parts ...string) string {
	return filepath.Join(append([]string{h.Dir}, parts...)...)
}

func (h *home) open(t *testing.T) *local.Engine {
	t.Helper()
	e, err := local.Open(h.Config())
	must(t, err)
	return e
}

// sign makes a profile, and a job with it.
func (h *home) sign(t *testing.T, e *local.Engine, profile, platform, into string) string {
	t.Helper()
	in := &signer.PutSigningProfileInput{ProfileName: &profile, PlatformId: &platform}
	if platform != "AWSLambda-SHA384-ECDSA" {
		in.SigningMaterial = &types.SigningMaterial{CertificateArn: &h.certificate}
	}
	_, err := e.PutSigningProfile(ctx, in)
	must(t, err)
	version, err := h.Put(ctx, "source", profile, localtest.Archive(t, "index.js", profile))
	must(t, err)
	id, err := start(e, profile, version, into)
	must(t, err)
	return id
}

func start(e *local.Engine, profile, version, into string) (string, error) {
	out, err := e.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: &profile,
		Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String("source"), Key: &profile, Version: &version}},
		Destination: &types.Destination{S3: &types.S3Destination{BucketName: &into}}})
	if err != nil {
		return "", err
	}
	return *out.JobId, nil
}

func (h *home) payload(t *testing.T, e *local.Engine) {
	t.Helper()
	_, err := e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("images"), PlatformId: aws.String("Notation-OCI-SHA384-ECDSA")})
	must(t, err)
	_, err = e.SignPayload(ctx, &signer.SignPayloadInput{ProfileName: aws.String("images"), Payload: []byte(`{"targetArtifact":{}}`),
		PayloadFormat: aws.String("application/vnd.cncf.notary.payload.v1+json")})
	must(t, err)
}

// copied is a copy of a home.
func (h *home) copied(t *testing.T) *home {
	t.Helper()
	to := at(filepath.Join(t.TempDir(), "home"))
	to.jobs, to.certificate = h.jobs, h.certificate
	must(t, os.CopyFS(to.Dir, os.DirFS(h.Dir)))
	must(t, filepath.WalkDir(to.Dir, func(path string, d fs.DirEntry, err error) error {
		mode := os.FileMode(0o600)
		if err == nil && d.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	}))
	return to
}

// files are the digests of all files of a home.
func (h *home) files(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(h.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			all[path] = "directory"
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	}))
	return all
}

func (h *home) examine(t *testing.T) *doctor.Report {
	t.Helper()
	r, err := doctor.Examine(ctx, doctor.Config{Home: h.Dir, Now: time.Now()})
	must(t, err)
	return r
}

func text(all []doctor.Finding) string {
	var lines []string
	for _, f := range all {
		lines = append(lines, f.Subject+" "+f.Found+"; "+f.Advice)
	}
	return strings.Join(lines, "\n")
}

func TestSound(t *testing.T) {
	h := newHome(t)
	before := h.files(t)
	r := h.examine(t)
	if !r.Sound() || r.Jobs != 5 || r.Objects != 4 || r.Keys != 5 || r.Files < 30 {
		t.Errorf("got %+v", r)
	}
	if !strings.Contains(text(r.Notes), "has private keys that are not encrypted (5)") || strings.Contains(text(r.Notes), "job") {
		t.Errorf("got notes\n%s", text(r.Notes))
	}
	after := h.files(t)
	for path, sum := range before {
		if after[path] != sum {
			t.Errorf("%s was changed", path)
		}
	}
	if len(after) != len(before) {
		t.Errorf("there were %d files and are %d", len(before), len(after))
	}
}

func TestNoHome(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	r, err := doctor.Examine(ctx, doctor.Config{Home: dir, Now: time.Now()})
	must(t, err)
	if !r.Sound() || text(r.Notes) != dir+" is not there yet; the first command that records something makes it" {
		t.Errorf("got %+v", r)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it was made")
	}
}

// sqlOn does something to the records that no command does.
func (h *home) sqlOn(statement string, args ...any) error {
	db, err := sql.Open("sqlite", h.path("records.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement, args...)
	return err
}

// source is the file of what a profile has signed.
func (h *home) source(profile string) string {
	found, err := filepath.Glob(h.path("buckets", "source", "objects", "="+profile, "*"))
	if err != nil || len(found) != 1 {
		return "" // which no file is
	}
	return found[0]
}

// object is the file of a job's signed object.
func (h *home) object(t *testing.T, bucketName, profile string) string {
	t.Helper()
	found, err := filepath.Glob(h.path("buckets", bucketName, "objects", "*"+h.jobs[profile]+"*", "*"))
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("its files are %v", found)
	}
	return found[0]
}

func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[at] ^= 1
	return os.WriteFile(path, b, 0o600)
}

// Time alone wears certificates out: those that nobody replaces are told of.
func TestExpiry(t *testing.T) {
	h := newHome(t)
	for years, want := range map[int]string{1: "expires at", 2: "has expired at"} {
		r, err := doctor.Examine(ctx, doctor.Config{Home: h.Dir, Now: time.Now().AddDate(years, 0, -10)})
		must(t, err)
		if !r.Sound() || !strings.Contains(text(r.Notes), h.certificate+" "+want) {
			t.Errorf("after %d years: got\n%s\n%s", years, text(r.Problems), text(r.Notes))
		}
	}
	r, err := doctor.Examine(ctx, doctor.Config{Home: h.Dir, Now: time.Now().AddDate(101, 0, 0)})
	must(t, err)
	if !strings.Contains(text(r.Problems), "root.pem has expired at") {
		t.Errorf("got\n%s", text(r.Problems))
	}
	r, err = doctor.Examine(ctx, doctor.Config{Home: h.Dir, Now: time.Now().AddDate(-1, 0, 0)})
	must(t, err)
	if !strings.Contains(text(r.Problems), "root.pem is not good before") {
		t.Errorf("got\n%s", text(r.Problems))
	}
}

// A quick examination does not see what is in objects.
func TestQuick(t *testing.T) {
	h := newHome(t)
	must(t, flip(h.object(t, "signed", "web"), 45))
	must(t, os.RemoveAll(filepath.Dir(h.object(t, "signed", "board"))))
	r, err := doctor.Examine(ctx, doctor.Config{Home: h.Dir, Now: time.Now(), Quick: true})
	must(t, err)
	if len(r.Problems) != 1 || !strings.Contains(text(r.Problems), h.jobs["board"]) {
		t.Errorf("got\n%s", text(r.Problems))
	}
}

// A home is a directory.
func TestFileForAHome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home")
	must(t, os.WriteFile(path, nil, 0o600))
	r, err := doctor.Examine(ctx, doctor.Config{Home: path, Now: time.Now()})
	must(t, err)
	if len(r.Problems) != 1 || text(r.Problems) != path+" is a file, and should be a directory; move it away, or choose another home" {
		t.Errorf("got\n%s", text(r.Problems))
	}
}

// Of many problems of one kind the first are told.
func TestManyProblems(t *testing.T) {
	h := newHome(t)
	for i := range 120 {
		must(t, os.WriteFile(h.path(fmt.Sprint("file", i)), nil, 0o644))
	}
	r := h.examine(t)
	if len(r.Problems) != 101 || !strings.Contains(text(r.Problems), "has 20 more files that are not the owner's alone") {
		t.Errorf("got %d\n%s", len(r.Problems), text(r.Problems))
	}
	if !strings.Contains(text(r.Notes), "has 100 more files that are nothing of signer's") {
		t.Errorf("got notes\n%s", text(r.Notes))
	}
}

// A home that is in use is as sound as another.
func TestInUse(t *testing.T) {
	h := newHome(t)
	e := h.open(t)
	defer e.Close()
	info, err := h.Buckets.Head(ctx, "source", "web", "")
	must(t, err)
	done := make(chan error, 1)
	go func() {
		var err error
		for range 12 {
			_, started := start(e, "web", info.VersionID, "signed")
			err = errors.Join(err, started)
		}
		done <- err
	}()
	for running := true; running; {
		if r := h.examine(t); !r.Sound() {
			t.Errorf("got\n%s", text(r.Problems))
		}
		select {
		case err := <-done:
			must(t, err)
			running = false
		default:
		}
	}
}
