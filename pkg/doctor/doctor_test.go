package doctor_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
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
	"signer/pkg/keys"
	"signer/pkg/local"
	"signer/pkg/records"
	"signer/pkg/sign"
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
	dir         string
	buckets     *bucket.Dir
	keys        *keys.Store
	certificate string            // its ARN
	jobs        map[string]string // by profile
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := at(filepath.Join(t.TempDir(), "home"))
	for _, name := range []string{"source", "signed", "kept"} {
		must(t, h.buckets.CreateBucket(ctx, name, bucket.CreateOptions{}))
	}
	must(t, h.buckets.PutVersioning(ctx, "kept", bucket.Enabled))
	must(t, h.buckets.PutVersioning(ctx, "source", bucket.Enabled))
	h.certificate = h.certify(t)
	e := h.open(t)
	h.jobs = map[string]string{"web": h.sign(t, e, "web", "AWSLambda-SHA384-ECDSA", "signed"), "lasting": h.sign(t, e, "lasting", "AWSLambda-SHA384-ECDSA", "kept"),
		"device": h.sign(t, e, "device", "AWSIoTDeviceManagement-SHA256-ECDSA", "signed"), "board": h.sign(t, e, "board", "AmazonFreeRTOS-Default", "signed")}
	h.payload(t, e)
	must(t, e.Close())
	return h
}

func at(dir string) *home {
	return &home{dir: dir, buckets: bucket.Open(bucket.Config{Dir: filepath.Join(dir, "buckets")}), keys: keys.Open(keys.Config{Dir: filepath.Join(dir, "keys")})}
}

func (h *home) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

func (h *home) open(t *testing.T) *local.Engine {
	t.Helper()
	e, err := local.Open(local.Config{Account: "111122223333", Region: "eu-west-1", Objects: h.buckets, Keys: signers{h.keys}, Records: h.records})
	must(t, err)
	return e
}

func (h *home) records(ctx context.Context) (*records.Store, error) {
	return records.Open(ctx, records.Config{Path: h.path("records.db")})
}

type signers struct{ *keys.Store }

func (s signers) Service(ctx context.Context, region string, _ time.Time) (sign.Identity, error) {
	id, err := s.Identity(ctx, region)
	return sign.Identity(id), err
}

func (s signers) Certificate(ctx context.Context, arn string) (sign.Identity, error) {
	id, err := s.Imported(ctx, arn)
	return sign.Identity(id), err
}

func (h *home) certify(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "device"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	c, err := h.keys.Import(ctx, keys.Place{Partition: "aws", Account: "111122223333", Region: "eu-west-1"}, keys.Bundle{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		PrivateKey:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	})
	must(t, err)
	return c.ARN
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
	stored, err := h.buckets.Put(ctx, "source", profile, bytes.NewReader(archive(t, profile)), bucket.PutOptions{})
	must(t, err)
	id, err := start(e, profile, stored.VersionID, into)
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

func archive(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("index.js")
	must(t, err)
	_, err = w.Write([]byte(text))
	must(t, err)
	must(t, z.Close())
	return b.Bytes()
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
	must(t, os.CopyFS(to.dir, os.DirFS(h.dir)))
	must(t, filepath.WalkDir(to.dir, func(path string, d fs.DirEntry, err error) error {
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
	must(t, filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
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
	r, err := doctor.Examine(ctx, doctor.Config{Home: h.dir, Now: time.Now()})
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
	if !strings.Contains(text(r.Notes), "has 5 private keys that are not encrypted") || strings.Contains(text(r.Notes), "job") {
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

// Each thing that can be wrong with a home is found, told with what to do, and nothing
// else is.
func TestProblems(t *testing.T) {
	whole := newHome(t)
	for name, tc := range map[string]struct {
		do     func(h *home) error
		want   string // in the one problem; "": there is none
		advice string
		note   string
	}{
		"a file that others can read": {do: func(h *home) error { return os.Chmod(h.path("records.db"), 0o644) },
			want: "records.db can be read or written by others (mode 0644)", advice: "chmod 600 it"},
		"a directory that others can enter": {do: func(h *home) error { return os.Chmod(h.path("keys"), 0o755) },
			want: "keys can be entered by others (mode 0755)", advice: "chmod 700 it"},
		"an object that is gone": {do: func(h *home) error { return os.RemoveAll(filepath.Dir(h.object(t, "signed", "web"))) },
			want: "job JOB of account 111122223333 in eu-west-1 has its signed object in s3://signed/JOB, which is not there", advice: "start the job again"},
		"an object that was deleted where nothing is kept": {do: func(h *home) error {
			_, err := h.buckets.Delete(ctx, "signed", h.jobs["web"], "")
			return err
		}, want: "which is not there", advice: "if nobody has deleted it on purpose"},
		"an object that was replaced": {do: func(h *home) error {
			_, err := h.buckets.Put(ctx, "signed", h.jobs["web"], strings.NewReader("other"), bucket.PutOptions{})
			return err
		}, want: "which is not as it was signed: It is not signed", advice: "who has written to the bucket"},
		"an object of another job": {do: func(h *home) error {
			_, err := h.buckets.Put(ctx, "signed", h.jobs["web"], bytes.NewReader(h.body(t, "kept", h.jobs["lasting"])), bucket.PutOptions{})
			return err
		}, want: "which has the signature of another job", advice: "restore"},
		"an archive that was changed": {do: func(h *home) error { return flip(h.object(t, "signed", "web"), 45) }, want: "which is not as it was signed: ", advice: "restore"},
		"a record of an object that is damaged": {do: func(h *home) error { return os.Truncate(h.object(t, "signed", "web"), 1000) },
			want: "which cannot be read: ", advice: "restore"},
		"firmware that was changed": {do: func(h *home) error { return flip(h.object(t, "signed", "board"), 150) }, want: "which is not as it was signed: ", advice: "restore"},
		"a source that was changed": {do: func(h *home) error {
			found, err := filepath.Glob(h.path("buckets", "source", "objects", "=device", "*"))
			if err != nil {
				return err
			}
			return flip(found[0], 10)
		}, want: "which is not as it was signed: It was changed after it was signed", advice: "restore"},
		"a job whose process died": {do: func(h *home) error {
			return h.sqlOn("UPDATE jobs SET status = 'InProgress', worker = '1-gone' WHERE id = $1", h.jobs["web"])
		}, want: "is in progress, and nobody works on it", advice: "signer describe-signing-job --region eu-west-1 --job-id JOB"},
		"an index that is missing": {do: func(h *home) error { return h.sqlOn("DROP INDEX jobs_kind") },
			want: "records.db is damaged: the index jobs_kind is missing", advice: "restore it"},
		"a page that is damaged": {do: func(h *home) error { return flipPage(h.path("records.db"), 7) }, want: "records.db is damaged: ", advice: "restore it"},
		"no database": {do: func(h *home) error { return os.WriteFile(h.path("records.db"), bytes.Repeat([]byte("x"), 9000), 0o600) },
			want: "records.db cannot be examined: ", advice: ""},
		"a newer database": {do: func(h *home) error { return h.sqlOn("PRAGMA user_version = 99") }, want: "were made by a newer version of signer", advice: ""},
		"a key that is cut": {do: func(h *home) error { return os.Truncate(h.path("keys", "authority", "eu-west-1", "leaf.pem"), 900) },
			want: "leaf.pem is not sound: ", advice: "remove it, and another is made"},
		"an authority without its root": {do: func(h *home) error { return os.Remove(h.path("keys", "authority", "root.pem")) },
			want: "root.pem is not sound: it is missing", advice: "restore it from a backup"},

		"an object that was deleted where versions are kept": {do: func(h *home) error {
			_, err := h.buckets.Delete(ctx, "kept", h.jobs["lasting"], "")
			return err
		}},
		"an older database":             {do: func(h *home) error { return h.sqlOn("PRAGMA user_version = 1") }, note: "was made by an older version"},
		"a source that is gone":         {do: func(h *home) error { return os.RemoveAll(h.path("buckets", "source", "objects", "=device")) }, note: "signed what is no longer there"},
		"a certificate that is gone":    {do: func(h *home) error { return h.keys.Delete(ctx, h.certificate) }},
		"a leftover":                    {do: func(h *home) error { return h.leave("buckets", ".tmp", "put-left") }, note: "put-left was left by a process that died"},
		"a draft of a key":              {do: func(h *home) error { return h.leave("keys", "authority", ".new-1") }, note: ".new-1 was left by a process that died"},
		"the test mode":                 {do: func(h *home) error { return os.WriteFile(h.path("faults.yaml"), nil, 0o644) }, note: "faults.yaml turns the test mode on"},
		"a symbolic link":               {do: func(h *home) error { return os.Symlink("/", h.path("link")) }, note: "link is a symbolic link"},
		"an authority for another time": {do: func(h *home) error { return os.RemoveAll(h.path("keys", "authority", "eu-west-1")) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := whole.copied(t)
			must(t, tc.do(h))
			r := h.examine(t)
			problems := strings.ReplaceAll(text(r.Problems), h.jobs["web"], "JOB")
			if (tc.want == "") != r.Sound() || !strings.Contains(problems, tc.want) || !strings.Contains(problems, tc.advice) {
				t.Errorf("got\n%s\nwant %s", problems, tc.want)
			}
			if !strings.Contains(text(r.Notes), tc.note) {
				t.Errorf("got notes\n%s\nwant %s", text(r.Notes), tc.note)
			}
		})
	}
}

func (h *home) body(t *testing.T, bucketName, key string) []byte {
	t.Helper()
	o, err := h.buckets.Get(ctx, bucketName, key, "")
	must(t, err)
	defer o.Close()
	var b bytes.Buffer
	_, err = o.WriteTo(&b)
	must(t, err)
	return b.Bytes()
}

func flipPage(path string, page int) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(bytes.Repeat([]byte{0xa5}, 4096), int64(page)*4096)
	return err
}

// leave makes a file that is an hour old.
func (h *home) leave(parts ...string) error {
	path := h.path(parts...)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	old := time.Now().Add(-time.Hour)
	return os.Chtimes(path, old, old)
}

// Time alone wears certificates out: those that nobody replaces are told of.
func TestExpiry(t *testing.T) {
	h := newHome(t)
	for years, want := range map[int]string{1: "expires at", 2: "has expired at"} {
		r, err := doctor.Examine(ctx, doctor.Config{Home: h.dir, Now: time.Now().AddDate(years, 0, -10)})
		must(t, err)
		if !r.Sound() || !strings.Contains(text(r.Notes), h.certificate+" "+want) {
			t.Errorf("after %d years: got\n%s\n%s", years, text(r.Problems), text(r.Notes))
		}
	}
	r, err := doctor.Examine(ctx, doctor.Config{Home: h.dir, Now: time.Now().AddDate(101, 0, 0)})
	must(t, err)
	if !strings.Contains(text(r.Problems), "root.pem has expired at") {
		t.Errorf("got\n%s", text(r.Problems))
	}
	r, err = doctor.Examine(ctx, doctor.Config{Home: h.dir, Now: time.Now().AddDate(-1, 0, 0)})
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
	r, err := doctor.Examine(ctx, doctor.Config{Home: h.dir, Now: time.Now(), Quick: true})
	must(t, err)
	if len(r.Problems) != 1 || !strings.Contains(text(r.Problems), h.jobs["board"]) {
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
}

// A home that is in use is as sound as another.
func TestInUse(t *testing.T) {
	h := newHome(t)
	e := h.open(t)
	defer e.Close()
	info, err := h.buckets.Head(ctx, "source", "web", "")
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
