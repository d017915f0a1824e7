//go:build unix

package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store/s3test"
	"signer/pkg/records/recordstest"
)

// A home with jobs is moved to a database and an object store, and a server that has only
// its keys goes on there.
func TestMigrate(t *testing.T) {
	database := recordstest.Start(t)
	for _, tc := range stores() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newMoved(t)
			m.work(t)
			before := sums(t, m.dir)
			store, url := tc.start(t), database.New(t)
			m.mayUse(t, store, tc.one)
			there := storeURL(store, tc.one)
			first := m.run(t, "migrate", "--to", url, "--objects-to", there)
			if again := m.run(t, "migrate", "--to", url, "--objects-to", there); again != first {
				t.Errorf("the second time: %s, not %s", again, first)
			}
			counts(t, first, map[string]int{"buckets": 2, "versions": 8, "deleteMarkers": 0, "unfinishedUploads": 1, "profiles": 1, "jobs": 4, "accessKeys": 1})
			if d := cmp.Diff(before, sums(t, m.dir)); d != "" {
				t.Errorf("the home has changed: %s", d)
			}
			m.goOn(t, url, there)
		})
	}
}

// moved is a home that is moved, and what was done in it.
type moved struct {
	*serveHome
	key  aws.Credentials
	in   *signer.StartSigningJobInput
	jobs []*signer.DescribeSigningJobOutput
	body map[string]string // by the versions of sources
}

func newMoved(t *testing.T) *moved {
	h := newServeHome(t)
	h.env = append(h.env, "SIGNER_KEY_PASSPHRASE="+keyPhrase)
	return &moved{serveHome: h, body: map[string]string{}}
}

// work signs three versions of an archive and something that is none, and revokes the
// first signature.
func (m *moved) work(t *testing.T) {
	t.Helper()
	s := m.start(t)
	m.key = m.serveHome.key(t, "maria")
	c := s.client(t, m.key)
	m.in = m.app(t, c)
	oldest := *m.in.Source.S3.Version
	for i := range 4 {
		in := *m.in
		text := bytes.Replace(archive(t), []byte("index.js"), fmt.Appendf(nil, "index.%02d", i), -1)
		if i == 2 {
			text = []byte("no archive")
		}
		version, err := m.put(t.Context(), "source", "app.zip", text)
		must(t, err)
		if i == 3 {
			version = oldest
		}
		source := *in.Source.S3
		source.Version = &version
		from := *in.Source
		from.S3, in.Source, in.ClientRequestToken = &source, &from, aws.String(fmt.Sprint("token-", i))
		m.in = &in
		out, err := c.StartSigningJob(t.Context(), &in)
		must(t, err)
		m.jobs = append(m.jobs, m.ended(t, c, *out.JobId))
		m.body[version] = m.read(t, m.objects, "source", "app.zip", version)
	}
	_, err := c.RevokeSignature(t.Context(), &signer.RevokeSignatureInput{JobId: m.jobs[0].JobId, Reason: aws.String("a leak")})
	must(t, err)
	m.jobs[0] = m.ended(t, c, *m.jobs[0].JobId)
	_, err = m.buckets.CreateUpload(t.Context(), "source", "unfinished", bucket.UploadOptions{})
	must(t, err)
	must(t, s.stop(t))
}

// ended waits for the end of a job.
func (m *moved) ended(t *testing.T, c *signer.Client, id string) *signer.DescribeSigningJobOutput {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		out, err := c.DescribeSigningJob(t.Context(), &signer.DescribeSigningJobInput{JobId: &id})
		must(t, err)
		if out.Status != "InProgress" {
			return out
		}
	}
	t.Fatalf("job %s does not end", id)
	return nil
}

func (m *moved) read(t *testing.T, s bucket.Store, in, key, version string) string {
	t.Helper()
	o, err := s.Get(t.Context(), in, key, version)
	must(t, err)
	defer o.Close()
	text, err := io.ReadAll(o)
	must(t, err)
	return string(text)
}

// goOn serves from the database and the object store, in a home that has only the keys.
func (m *moved) goOn(t *testing.T, database, objects string) {
	t.Helper()
	keys := filepath.Join(m.dir, "keys")
	m.dir = filepath.Join(t.TempDir(), "another")
	must(t, os.Mkdir(m.dir, 0o700))
	must(t, exec.Command("cp", "-a", keys, m.dir).Run())
	m.database, m.env = database, append(m.env, "SIGNER_OBJECT_STORE="+objects)
	s := m.start(t)
	c := s.client(t, m.key)
	for i, was := range m.jobs {
		is := m.ended(t, c, *was.JobId)
		version := *is.Source.S3.Version
		if version == *was.Source.S3.Version {
			t.Errorf("job %d names the version that it had", i)
		}
		if got := m.read(t, m.objects, "source", "app.zip", version); got != m.body[*was.Source.S3.Version] {
			t.Errorf("job %d has another source: %d bytes", i, len(got))
		}
		is.Source.S3.Version = was.Source.S3.Version
		if d := cmp.Diff(shown(t, was), shown(t, is)); d != "" {
			t.Errorf("job %d: %s", i, d)
		}
		if was.SignedObject != nil {
			m.verified(t, m.read(t, m.objects, "destination", *was.SignedObject.S3.Key, ""), i == 0)
		}
	}
	again, err := c.StartSigningJob(t.Context(), m.in)
	must(t, err)
	if last := m.jobs[len(m.jobs)-1]; *again.JobId != *last.JobId {
		t.Errorf("the token finds job %s, not %s", *again.JobId, *last.JobId)
	}
	if got := m.run(t, "prune", "--older-than", "2100-01-01", "--query", "[removedJobs,retainedJobs]", "--output", "text"); got != "0\t4" {
		t.Errorf("prune says %q", got)
	}
	m.in.Source.S3.Version, m.in.ClientRequestToken = aws.String(m.version(t, c)), aws.String("a new one")
	out, err := c.StartSigningJob(t.Context(), m.in)
	must(t, err)
	if job := m.ended(t, c, *out.JobId); job.Status != "Succeeded" {
		t.Errorf("a new job is %s: %s", job.Status, aws.ToString(job.StatusReason))
	}
	must(t, s.stop(t))
	s.quiet(t)
	m.run(t, "doctor")
}

// version is what the version of the first job is called now.
func (m *moved) version(t *testing.T, c *signer.Client) string {
	t.Helper()
	return *m.ended(t, c, *m.jobs[0].JobId).Source.S3.Version
}

// verified checks that a signed object is accepted, unless its signature is revoked.
func (m *moved) verified(t *testing.T, text string, revoked bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "signed.zip")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	out, err := m.command("verify", file).CombinedOutput()
	if (err != nil) != revoked || strings.Contains(string(out), `"NOT_REVOKED"`) == revoked {
		t.Errorf("revoked is %v, and verify says %v: %s", revoked, err, out)
	}
}

func shown(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	must(t, err)
	return string(text)
}

// sums are the digests of a home's buckets and records.
func sums(t *testing.T, home string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, part := range []string{"buckets", "records.db"} {
		must(t, filepath.Walk(filepath.Join(home, part), func(path string, i os.FileInfo, err error) error {
			if err != nil || i.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			all[path] = fmt.Sprintf("%x %v", sha256.Sum256(text), i.ModTime())
			return err
		}))
	}
	return all
}

// counts checks some of the numbers of an answer.
func counts(t *testing.T, text string, want map[string]int) {
	t.Helper()
	var all, got = map[string]int{}, map[string]int{}
	must(t, json.Unmarshal([]byte(text), &all))
	for name := range want {
		got[name] = all[name]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Records that are in a database already are told what their objects are called now; and
// what cannot be moved is refused with what to do.
func TestMigrateObjectsAlone(t *testing.T) {
	m := newMoved(t)
	m.work(t)
	store := s3test.Own(t)
	m.mayUse(t, store, "everything")
	there := storeURL(store, "everything")
	refused := func(want string, args ...string) {
		t.Helper()
		out, err := m.command(args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v: %s", args, err, out)
		}
	}
	refused("--objects-to needs --to", "migrate", "--objects-to", there)
	refused("required: --to", "migrate")
	url := recordstest.Start(t).New(t)
	refused("make it, and have it keep versions", "migrate", "--to", url, "--objects-to", strings.Replace(there, "everything", "nowhere", 1))
	m.run(t, "migrate", "--to", url)
	refused("give an empty one", "migrate", "--to", url, "--objects-to", there)
	m.database = url
	refused("leave --to away", "migrate", "--to", url+"&application_name=another", "--objects-to", there)
	counts(t, m.run(t, "migrate", "--objects-to", there), map[string]int{"versions": 8, "changedJobs": 4})
	counts(t, m.run(t, "migrate", "--objects-to", there), map[string]int{"versions": 8, "changedJobs": 0})
	m.goOn(t, url, there)
}

// A damaged version is named, and the records wait until something is done about it.
func TestMigrateDamaged(t *testing.T) {
	m := newMoved(t)
	m.work(t)
	files, err := filepath.Glob(filepath.Join(m.dir, "buckets", "source", "objects", "=app.zip", "v*"))
	must(t, err)
	must(t, os.Truncate(files[4], 10))
	store := s3test.Own(t)
	m.mayUse(t, store, "")
	url := recordstest.Start(t).New(t)
	args := []string{"migrate", "--to", url, "--objects-to", storeURL(store, "")}
	out, err := m.command(args...).CombinedOutput()
	_, advice, named := strings.Cut(string(out), "delete it with: signer ")
	if err == nil || !named || !strings.Contains(string(out), "1 damaged versions were not copied") {
		t.Fatalf("%v: %s", err, out)
	}
	advice, _, _ = strings.Cut(advice, "\n")
	m.run(t, strings.Fields(strings.ReplaceAll(advice, "'", ""))...)
	counts(t, m.run(t, args...), map[string]int{"versions": 7, "jobs": 4})
}
