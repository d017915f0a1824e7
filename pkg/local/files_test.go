package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/local"
	"signer/pkg/local/localtest"
	"signer/pkg/sign"
)

const (
	lambdaPlatform   = "AWSLambda-SHA384-ECDSA"
	detachedPlatform = "AWSIoTDeviceManagement-SHA256-ECDSA"
	embeddedPlatform = "AmazonFreeRTOS-Default"
)

// output is a target in the file system. lose has a draft lost in place of being
// placed, as when the process dies.
type output struct {
	path string
	lose bool
}

func (o output) Name() string { return o.path }

func (o output) Open() (local.Content, error) {
	f, err := os.Open(o.path)
	if err != nil {
		return nil, err
	}
	return opened{f}, nil
}

func (o output) Draft() (local.Draft, error) {
	f, err := os.CreateTemp(filepath.Dir(o.path), "draft-")
	if err != nil {
		return nil, err
	}
	return draft{f, o}, nil
}

type opened struct{ *os.File }

func (o opened) Size() int64 {
	info, err := o.Stat()
	if err != nil {
		return -1
	}
	return info.Size()
}

type draft struct {
	*os.File
	output
}

var errLost = errors.New("the draft is lost")

func (d draft) Name() string { return d.File.Name() }

func (d draft) Place() error {
	if d.lose {
		return errLost
	}
	return os.Link(d.File.Name(), d.path)
}

func (d draft) Discard() error { return errors.Join(os.Remove(d.File.Name()), d.Close()) }

// fileHome is a home with profiles, and signs files.
type fileHome struct {
	*home
	*local.Engine
	files string
}

func newFileHome(t *testing.T) *fileHome {
	h := newHome(t)
	e := h.engine(t)
	putProfile(t, e, "web")
	for name, platform := range map[string]string{"iot": detachedPlatform, "rtos": embeddedPlatform} {
		_, err := e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: &platform,
			SigningMaterial: &types.SigningMaterial{CertificateArn: aws.String(h.Certify(t, ecKey()))}})
		must(t, err)
	}
	return &fileHome{h, e, t.TempDir()}
}

// write makes a source.
func (h *fileHome) write(t *testing.T, name string, content []byte) local.File {
	path := filepath.Join(h.files, name)
	must(t, os.WriteFile(path, content, 0o600))
	return local.File{Name: path, Content: bytes.NewReader(content), Target: output{path: path + ".out"}}
}

func (h *fileHome) sign(t *testing.T, profile string, f local.File) (types.SigningJob, error) {
	t.Helper()
	s, err := h.FileSigner(ctx, nil, profile)
	must(t, err)
	return s.Sign(ctx, f)
}

func (h *fileHome) jobCount(t *testing.T) int {
	t.Helper()
	all, err := h.ListSigningJobs(ctx, &signer.ListSigningJobsInput{})
	must(t, err)
	return len(all.Jobs)
}

// drafts are what is left in the directory beside sources and results.
func (h *fileHome) drafts(t *testing.T) int {
	left, err := filepath.Glob(filepath.Join(h.files, "draft-*"))
	must(t, err)
	return len(left)
}

// A file is signed once for a target, whatever has become of the result.
func TestSignFileAgain(t *testing.T) {
	for profile, content := range map[string][]byte{"web": localtest.Archive(t, "a.js", "code"), "iot": []byte("firmware"), "rtos": []byte("firmware")} {
		t.Run(profile, func(t *testing.T) {
			h := newFileHome(t)
			f := h.write(t, "app", content)
			first, err := h.sign(t, profile, f)
			must(t, err)
			if *first.SignedObject.S3.BucketName != "file:" || *first.SignedObject.S3.Key != f.Target.Name() {
				t.Errorf("signed object %s %s", *first.SignedObject.S3.BucketName, *first.SignedObject.S3.Key)
			}
			result, err := os.ReadFile(f.Target.Name())
			must(t, err)
			for _, before := range []func(){func() {}, func() { must(t, os.Remove(f.Target.Name())) }, func() {}} {
				before()
				again, err := h.sign(t, profile, f)
				must(t, err)
				if *again.JobId != *first.JobId {
					t.Errorf("another job: %s after %s", *again.JobId, *first.JobId)
				}
			}
			changed := append(bytes.Clone(result[:len(result)-1]), result[len(result)-1]^1)
			for name, other := range map[string][]byte{"another's": []byte("precious"), "empty": {}, "changed": changed, "longer": append(result, ' ')} {
				must(t, os.WriteFile(f.Target.Name(), other, 0o600))
				if _, err := h.sign(t, profile, f); err == nil || !strings.Contains(err.Error(), "is there already, and is not what was signed") {
					t.Errorf("%s: %v", name, err)
				}
				if now, err := os.ReadFile(f.Target.Name()); err != nil || !bytes.Equal(now, other) {
					t.Errorf("%s: it was overwritten", name)
				}
			}
			if h.jobCount(t) != 1 || h.drafts(t) != 0 {
				t.Errorf("%d jobs, %d drafts", h.jobCount(t), h.drafts(t))
			}
		})
	}
}

// What is recorded of a file says what was signed: its path and its hash.
func TestSignedFileIsDescribed(t *testing.T) {
	h := newFileHome(t)
	f := h.write(t, "fw.bin", []byte("firmware"))
	job, err := h.sign(t, "iot", f)
	must(t, err)
	told, err := h.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: job.JobId})
	must(t, err)
	if s := told.Source.S3; *s.Key != f.Name || len(*s.Version) != 64 || told.Status != types.SigningStatusSucceeded || *told.RequestedBy != principal {
		t.Errorf("%+v", s)
	}
	var signature struct {
		PayloadLocation struct{ S3 sign.Location }
	}
	text, err := os.ReadFile(f.Target.Name())
	must(t, err)
	must(t, json.Unmarshal(text, &signature))
	if got, want := signature.PayloadLocation.S3, (sign.Location{Bucket: "file:", Key: "fw.bin", Version: *told.Source.S3.Version}); got != want {
		t.Errorf("the signature says %+v, not %+v", got, want)
	}
}

// What cannot be signed is a job that failed, once.
func TestSignFileThatIsNone(t *testing.T) {
	h := newFileHome(t)
	f := h.write(t, "app", []byte("not a zip"))
	ids := map[string]bool{}
	for range 2 {
		_, err := h.sign(t, "web", f)
		var failure *local.FileFailure
		if !errors.As(err, &failure) || failure.Reason != "The source object is not a valid ZIP archive." {
			t.Fatalf("%v", err)
		}
		ids[failure.JobID] = true
	}
	if len(ids) != 1 || h.jobCount(t) != 1 || h.drafts(t) != 0 {
		t.Errorf("ids %v, %d jobs", ids, h.jobCount(t))
	}
}

// A process that dies when the job is recorded leaves it to the next one.
func TestDeathBeforeAFileHasItsPlace(t *testing.T) {
	for profile, content := range map[string][]byte{"web": localtest.Archive(t, "a.js", "code"), "rtos": []byte("firmware")} {
		h := newFileHome(t)
		f := h.write(t, "app", content)
		dying := f
		dying.Target = output{f.Target.Name(), true}
		if _, err := h.sign(t, profile, dying); !errors.Is(err, errLost) {
			t.Fatal(err)
		}
		for range 2 {
			job, err := h.sign(t, profile, f)
			must(t, err)
			if job.Status != types.SigningStatusSucceeded || h.jobCount(t) != 1 {
				t.Errorf("%s: %s, %d jobs", profile, job.Status, h.jobCount(t))
			}
		}
	}
}

// However many sign a file at once, there is one job and one result of it.
func TestSignFileAtOnce(t *testing.T) {
	for _, profile := range []string{"web", "rtos"} {
		h := newFileHome(t)
		f := h.write(t, "app", localtest.Archive(t, "a.js", "code"))
		var all sync.WaitGroup
		ids := make([]string, 10)
		for i := range ids {
			e := h.engine(t)
			all.Go(func() {
				s, err := e.FileSigner(ctx, nil, profile)
				if err == nil {
					var job types.SigningJob
					job, err = s.Sign(ctx, f)
					ids[i] = aws.ToString(job.JobId)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("jobs %v", ids)
			}
		}
		if h.drafts(t) != 0 || h.jobCount(t) != 1 {
			t.Errorf("%d drafts, %d jobs", h.drafts(t), h.jobCount(t))
		}
	}
}

// A token that is given stands for its job, and for nothing else.
func TestSignFileWithToken(t *testing.T) {
	h := newFileHome(t)
	a, b := h.write(t, "a", localtest.Archive(t, "a", "a")), h.write(t, "b", localtest.Archive(t, "b", "b"))
	a.Token, b.Token = "mine", "mine"
	_, err := h.sign(t, "web", a)
	must(t, err)
	if _, err := h.sign(t, "web", b); err == nil || !strings.Contains(err.Error(), "the token mine is that of job") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(b.Target.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// A signature that has expired is made anew when its file is gone, and one that was
// revoked is not.
func TestSignFileWhoseJobIsOver(t *testing.T) {
	h := newFileHome(t)
	_, err := h.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("short"), PlatformId: aws.String(lambdaPlatform),
		SignatureValidityPeriod: &types.SignatureValidityPeriod{Type: types.ValidityTypeDays, Value: 1}})
	must(t, err)
	f := h.write(t, "app", localtest.Archive(t, "a", "a"))
	first, err := h.sign(t, "short", f)
	must(t, err)

	c := h.Config()
	c.Now = func() time.Time { return time.Now().AddDate(0, 0, 2) }
	h.Engine = open(t, c)
	if _, err := h.sign(t, "short", f); err == nil || !strings.Contains(err.Error(), "its signature has expired: move it away") {
		t.Errorf("%v", err)
	}
	must(t, os.Remove(f.Target.Name()))
	second, err := h.sign(t, "short", f)
	must(t, err)
	if *second.JobId == *first.JobId {
		t.Error("a signature that has expired was given out")
	}

	_, err = h.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: second.JobId, Reason: aws.String("leaked")})
	must(t, err)
	if _, err := h.sign(t, "short", f); err == nil || !strings.Contains(err.Error(), "was revoked") {
		t.Errorf("%v", err)
	}
}

// What is signed already can be passed over.
func TestSkipSignedFiles(t *testing.T) {
	h := newFileHome(t)
	for profile, content := range map[string][]byte{"web": localtest.Archive(t, "a.js", "code"), "iot": []byte("firmware"), "rtos": []byte("firmware")} {
		f := h.write(t, profile, content)
		_, err := h.sign(t, profile, f)
		must(t, err)
		signed, err := os.ReadFile(f.Target.Name())
		must(t, err)
		s, err := h.FileSigner(ctx, nil, profile)
		must(t, err)
		s.SkipSigned = true
		again := h.write(t, profile+"-again", signed)
		if _, err := s.Sign(ctx, again); !errors.Is(err, local.ErrSigned) {
			t.Errorf("%s: %v", profile, err)
		}
	}
	if h.jobCount(t) != 3 {
		t.Errorf("%d jobs", h.jobCount(t))
	}
}

// A source that changes while it is signed is not signed.
func TestSignFileThatChanges(t *testing.T) {
	h := newFileHome(t)
	f := h.write(t, "app", localtest.Archive(t, "a.js", "code"))
	errChanged := errors.New("it changed")
	f.Check = func() error { return errChanged }
	if _, err := h.sign(t, "web", f); !errors.Is(err, errChanged) || h.jobCount(t) != 0 || h.drafts(t) != 0 {
		t.Errorf("%v; %d jobs, %d drafts", err, h.jobCount(t), h.drafts(t))
	}
}

func TestSignFilesProgress(t *testing.T) {
	h := newFileHome(t)
	var last [2]int64
	f := h.write(t, "app", localtest.Archive(t, "a.js", strings.Repeat("code", 10_000)))
	f.Progress = func(done, total int64) { last = [2]int64{done, total} }
	_, err := h.sign(t, "web", f)
	must(t, err)
	if want := f.Content.Size(); last != [2]int64{want, want} {
		t.Errorf("it ended with %d of %d", last[0], last[1])
	}
}

func TestFileSignerRefuses(t *testing.T) {
	h := newFileHome(t)
	_, err := h.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("images"), PlatformId: aws.String("Notation-OCI-SHA384-ECDSA")})
	must(t, err)
	for name, want := range map[string]string{"none": "profile with name none does not exist", "images": "does not sign objects"} {
		if _, err := h.FileSigner(ctx, nil, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No job can be made to read or write files: their place is no bucket.
func TestFilesAreNoBucket(t *testing.T) {
	h := newFileHome(t)
	in := func(b, key string) *signer.StartSigningJobInput {
		return &signer.StartSigningJobInput{ProfileName: aws.String("web"),
			Source:      &types.Source{S3: &types.S3Source{BucketName: &b, Key: &key, Version: aws.String("null")}},
			Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String(local.FileBucket), Prefix: aws.String("/tmp/")}}}
	}
	for _, i := range []*signer.StartSigningJobInput{in(local.FileBucket, "/etc/passwd"), in(source, "app.zip")} {
		var denied *types.AccessDeniedException
		if _, err := h.StartSigningJob(ctx, i); !errors.As(err, &denied) {
			t.Errorf("%v", err)
		}
	}
}

func TestSignFileIsInterrupted(t *testing.T) {
	h := newFileHome(t)
	s, err := h.FileSigner(ctx, nil, "web")
	must(t, err)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	f := h.write(t, "app", localtest.Archive(t, "a.js", "code"))
	if _, err := s.Sign(gone, f); !errors.Is(err, context.Canceled) || h.drafts(t) != 0 {
		t.Error(fmt.Errorf("%w, %d drafts", err, h.drafts(t)))
	}
}
