package local_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/bucket"
	"signer/pkg/local"
	"signer/pkg/records"
)

// Whatever page of the records is damaged, what is asked for is answered rightly or
// is an error that names the file; and with the page back, all is there.
func TestDamagedRecords(t *testing.T) {
	h := homeIn(t.TempDir())
	e, err := h.furnish()
	must(t, err)
	answered := map[string]bool{}
	for range 3 {
		id, err := h.start(ctx, e, "")
		must(t, err)
		answered[id] = true
	}
	must(t, e.Close())
	path := filepath.Join(h.Dir, "records.db")
	whole, err := os.ReadFile(path)
	must(t, err)
	refusals := 0
	for page := 0; page < len(whole)/4096; page += 3 {
		broken := bytes.Clone(whole)
		copy(broken[page*4096:], bytes.Repeat([]byte{0xa5}, 4096))
		must(t, os.WriteFile(path, broken, 0o600))
		if err := use(h, answered); err != nil {
			refusals++
			if !errors.Is(err, records.ErrCorrupt) || !strings.Contains(err.Error(), path) {
				t.Errorf("page %d: %v", page, err)
			}
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			os.Remove(path + suffix)
		}
	}
	if refusals < 2 {
		t.Errorf("%d damaged pages were noticed", refusals)
	}
	must(t, os.WriteFile(path, whole, 0o600))
	jobs := h.jobs(t, h.engine(t))
	for id := range answered {
		if _, ok := jobs[id]; !ok {
			t.Errorf("job %s is lost", id)
		}
	}
}

// use does what people do with a home.
func use(h *home, answered map[string]bool) error {
	e, err := local.Open(h.Config())
	if err != nil {
		return err
	}
	defer e.Close()
	list, err := e.ListSigningJobs(ctx, &signer.ListSigningJobsInput{})
	if err != nil {
		return err
	}
	if len(list.Jobs) != len(answered) {
		return errors.New("the list is not that of the jobs")
	}
	for id := range answered {
		if _, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id}); err != nil {
			return err
		}
	}
	if _, err := e.ListSigningProfiles(ctx, &signer.ListSigningProfilesInput{}); err != nil {
		return err
	}
	_, err = h.start(ctx, e, "")
	return err
}

// furnish makes a home as app does, and returns its engine, which the
// caller closes.
func (h *home) furnish() (*local.Engine, error) {
	e, err := local.Open(h.eventful())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "index.js", Method: zip.Store})
	if err == nil {
		_, err = w.Write(bytes.Repeat([]byte("0123456789"), 10_000))
	}
	err = errors.Join(err, z.Close(),
		h.Buckets.CreateBucket(ctx, source, bucket.CreateOptions{}), h.Buckets.CreateBucket(ctx, destination, bucket.CreateOptions{}),
		h.Buckets.PutVersioning(ctx, source, bucket.Enabled), h.Buckets.PutVersioning(ctx, destination, bucket.Enabled))
	if err != nil {
		return nil, err
	}
	if _, err := h.Put(ctx, source, "app.zip", b.Bytes()); err != nil {
		return nil, err
	}
	_, err = e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("web"), PlatformId: aws.String(lambdaID)})
	return e, err
}
