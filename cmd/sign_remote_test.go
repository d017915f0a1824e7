package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/cmd"
)

// cloud is as much of S3 and AWS Signer as signing a file takes. What it signs is
// the source with a word before it.
type cloud struct {
	unversioned bool   // the source bucket keeps no versions
	fails       string // why jobs fail
	platform    string
	now         time.Time

	mu      sync.Mutex
	objects map[string]*stored // by bucket and key, and by version behind a question mark
	jobs    map[string]*cloudJob
	ids     map[string]string // of jobs, by token
	asked   map[string]int    // how often for what
}

type stored struct {
	body          []byte
	version, hash string
}

type cloudJob struct {
	Source struct {
		S3 struct{ BucketName, Key, Version string }
	}
	Destination struct {
		S3 struct{ BucketName, Prefix string }
	}
	ClientRequestToken string
	looks              int
	created, expires   time.Time
	fails              string
}

func newCloud() *cloud {
	return &cloud{platform: "AWSLambda-SHA384-ECDSA", now: time.Now(), objects: map[string]*stored{}, jobs: map[string]*cloudJob{}, ids: map[string]string{}, asked: map[string]int{}}
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/")
	kind, rest, _ := strings.Cut(path, "/")
	c.asked[r.Method+" "+kind]++
	w.Header().Set("Date", c.now.UTC().Format(http.TimeFormat))
	switch {
	case kind == "signing-profiles":
		answer(w, map[string]any{"profileName": rest, "platformId": c.platform, "profileVersionArn": "arn:aws:signer:us-east-1:000000000000:/signing-profiles/" + rest + "/abcdefghij", "status": "Active"})
	case kind == "signing-jobs" && r.Method == http.MethodPost:
		answer(w, map[string]any{"jobId": c.start(r.Body), "jobOwner": "000000000000"})
	case kind == "signing-jobs":
		answer(w, c.describe(rest))
	case r.Method == http.MethodPut:
		c.put(w, r, path)
	default:
		c.get(w, r, path)
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func (c *cloud) put(w http.ResponseWriter, r *http.Request, path string) {
	body, _ := io.ReadAll(r.Body)
	o := &stored{body: body, hash: r.Header.Get("X-Amz-Meta-Signer-Sha256")}
	if !c.unversioned {
		o.version = fmt.Sprint("version", len(c.objects))
		w.Header().Set("X-Amz-Version-Id", o.version)
		c.objects[path+"?"+o.version] = o
	}
	c.objects[path] = o
}

func (c *cloud) get(w http.ResponseWriter, r *http.Request, path string) {
	o := c.objects[path]
	if o == nil {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
		return
	}
	if o.version != "" {
		w.Header().Set("X-Amz-Version-Id", o.version)
	}
	if o.hash != "" {
		w.Header().Set("X-Amz-Meta-Signer-Sha256", o.hash)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(o.body)))
	if r.Method == http.MethodGet {
		w.Write(o.body)
	}
}

func (c *cloud) start(body io.Reader) string {
	job := &cloudJob{created: c.now, fails: c.fails}
	json.NewDecoder(body).Decode(job)
	if id, ok := c.ids[job.ClientRequestToken]; ok {
		return id
	}
	id := fmt.Sprint("job", len(c.jobs)+1)
	c.ids[job.ClientRequestToken], c.jobs[id] = id, job
	return id
}

// describe has a job succeed when it is looked at for the third time.
func (c *cloud) describe(id string) map[string]any {
	job := c.jobs[id]
	job.looks++
	told := map[string]any{"jobId": id, "status": "InProgress", "createdAt": job.created.Unix()}
	switch {
	case job.looks < 3:
	case job.fails != "":
		told["status"], told["statusReason"] = "Failed", job.fails
	default:
		if !job.expires.IsZero() {
			told["signatureExpiresAt"] = job.expires.Unix()
		}
		s3, key := job.Source.S3, job.Destination.S3.Prefix+id
		source := c.objects[s3.BucketName+"/"+s3.Key+"?"+s3.Version]
		if job.looks == 3 {
			c.objects[job.Destination.S3.BucketName+"/"+key] = &stored{body: append([]byte("signed "), source.body...)}
		}
		told["status"] = "Succeeded"
		told["signedObject"] = map[string]any{"s3": map[string]any{"bucketName": job.Destination.S3.BucketName, "key": key}}
	}
	return told
}

// sign runs "signer sign" with this cloud, and returns what it prints and the exit
// code.
func (c *cloud) sign(t *testing.T, words ...string) string {
	t.Helper()
	s := httptest.NewServer(c)
	defer s.Close()
	vars := map[string]string{"AWS_ENDPOINT_URL": s.URL, "SIGNER_ENGINE": "aws", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}
	var out bytes.Buffer
	env := cmd.OS()
	env.Args = append([]string{"signer", "sign", "--profile-name", "web"}, words...)
	env.Stdin, env.Stdout, env.Stderr = strings.NewReader("from a pipe"), &out, &out
	env.LookupEnv = func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	env.Sleep = func(time.Duration) <-chan time.Time { return time.After(0) }
	code := cmd.Main(context.Background(), env)
	return fmt.Sprintf("%s[%d]", out.String(), code)
}

var buckets = []string{"--source-bucket", "in", "--destination-bucket", "out", "--prefix", "signed-"}

// files makes files and returns their names, and the directory.
func files(t *testing.T, contents ...string) (names []string, dir string) {
	t.Helper()
	dir = t.TempDir()
	for i, content := range contents {
		name := filepath.Join(dir, fmt.Sprintf("app%d.zip", i+1))
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names, dir
}

func holdsText(t *testing.T, name, want string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("%s has %q, not %q: %v", name, got, want, err)
	}
}

// With --engine aws a file is uploaded, signed and fetched; when that is done again,
// nothing is uploaded and no job started.
func TestSignWithAWS(t *testing.T) {
	c := newCloud()
	names, dir := files(t, "one", "two")
	line := append(names, append(buckets, "--query", "files[].[jobId, signedObject.s3.bucketName, signedObject.s3.key]", "--output", "text")...)
	first := c.sign(t, line...)
	if !strings.Contains(first, "job1\tout\tsigned-job1\n") || !strings.Contains(first, "job2\tout\tsigned-job2\n") || !strings.HasSuffix(first, "[0]") {
		t.Error(first)
	}
	holdsText(t, filepath.Join(dir, "app1-signed.zip"), "signed one")
	holdsText(t, filepath.Join(dir, "app2-signed.zip"), "signed two")
	if err := os.Remove(filepath.Join(dir, "app2-signed.zip")); err != nil {
		t.Fatal(err)
	}
	if again := c.sign(t, line...); again != first {
		t.Errorf("%s, and then %s", first, again)
	}
	holdsText(t, filepath.Join(dir, "app2-signed.zip"), "signed two")
	if c.asked["PUT in"] != 2 || len(c.jobs) != 2 {
		t.Errorf("%d uploads, %d jobs", c.asked["PUT in"], len(c.jobs))
	}
}

// The job of an earlier run that is no answer any more makes room for another, and for
// no more than one.
func TestSignWithAWSAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		first  string                        // what the first run shows
		change func(c *cloud, job *cloudJob) // what happens before the next
		words  []string
		then   string
	}{
		"mended":        {"Not now.[254]", func(c *cloud, _ *cloudJob) { c.fails = "" }, nil, "job2[0]"},
		"still failing": {"Not now.[254]", func(c *cloud, _ *cloudJob) { c.fails = "Never." }, nil, "Never.[254]"},
		"own token":     {"Not now.[254]", func(c *cloud, _ *cloudJob) { c.fails = "" }, []string{"--client-request-token", "mine"}, "Not now.[254]"},
		"expired":       {"job1[0]", func(c *cloud, job *cloudJob) { job.expires = c.now }, nil, "job2[0]"},
		"lost":          {"job1[0]", func(c *cloud, _ *cloudJob) { delete(c.objects, "out/signed-job1") }, nil, "job2[0]"},
		"nothing":       {"job1[0]", func(*cloud, *cloudJob) {}, nil, "job1[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud()
			if strings.HasSuffix(tc.first, "[254]") {
				c.fails = "Not now."
			}
			names, dir := files(t, "one")
			sign := func(want string) {
				t.Helper()
				os.Remove(filepath.Join(dir, "app1-signed.zip"))
				got := c.sign(t, slices.Concat(names, buckets, tc.words, []string{"--query", "files[0].[jobId]", "--output", "text"})...)
				if got = strings.ReplaceAll(got, "\n", ""); !strings.HasSuffix(got, want) {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			sign(tc.first)
			tc.change(c, c.jobs["job1"])
			c.now = c.now.Add(time.Minute)
			sign(tc.then)
			jobs := len(c.jobs)
			sign(tc.then)
			if strings.HasSuffix(tc.then, "[0]") && len(c.jobs) != jobs {
				t.Errorf("%d jobs, and then %d", jobs, len(c.jobs))
			}
		})
	}
}

func TestSignWithAWSRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*cloud, string)
		words  []string
		want   string
	}{
		"no buckets":  {nil, nil, "the following arguments are required with --engine aws: --source-bucket, --destination-bucket"},
		"no versions": {func(c *cloud, _ string) { c.unversioned = true }, buckets, "the bucket in keeps no versions"},
		"failed":      {func(c *cloud, _ string) { c.fails = "Not a ZIP." }, append(buckets, "--query", "files[0].[jobId, error]"), "[\n    \"job1\",\n    \"Not a ZIP.\"\n]\n\nsigner: [ERROR]: %s: Not a ZIP.\n[254]"},
		"occupied": {func(_ *cloud, dir string) {
			os.WriteFile(filepath.Join(dir, "app1-signed.zip"), []byte("precious"), 0o600)
		}, buckets,
			"app1-signed.zip is there already, and is not what job job1 signed of this file"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud()
			names, dir := files(t, "one")
			if tc.change != nil {
				tc.change(c, dir)
			}
			want := strings.ReplaceAll(tc.want, "%s", names[0])
			if got := c.sign(t, append(names, tc.words...)...); !strings.Contains(got, want) {
				t.Errorf("got %s", got)
			}
			if name == "occupied" {
				holdsText(t, filepath.Join(dir, "app1-signed.zip"), "precious")
			}
		})
	}
}

// The names of signed files are those of the local engine, and so are the streams.
func TestSignWithAWSNames(t *testing.T) {
	c := newCloud()
	c.platform = "AmazonFreeRTOS-Default"
	names, dir := files(t, "firmware")
	if got := c.sign(t, append(names, append(buckets, "--output", "off")...)...); got != "[0]" {
		t.Error(got)
	}
	holdsText(t, filepath.Join(dir, "app1-signed.json"), "signed firmware")
	if got := c.sign(t, append([]string{"-"}, buckets...)...); got != "signed from a pipe[0]" {
		t.Error(got)
	}
}
