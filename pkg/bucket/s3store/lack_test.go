package s3store_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
)

// These are servers that take everything, and leave out something.
type (
	unconditional struct{ bucket.Store } // does not heed conditions
	forgetful     struct{ bucket.Store } // knows no versions
)

func (u unconditional) Put(ctx context.Context, name, key string, body io.Reader, opts bucket.PutOptions) (bucket.Stored, error) {
	opts.IfNoneMatch = ""
	return u.Store.Put(ctx, name, key, body, opts)
}

func (f forgetful) PutVersioning(context.Context, string, bucket.Versioning) error { return nil }

func (f forgetful) Get(ctx context.Context, name, key, _ string) (*bucket.Object, error) {
	return f.Store.Get(ctx, name, key, "")
}

func (f forgetful) Head(ctx context.Context, name, key, _ string) (bucket.Info, error) {
	return f.Store.Head(ctx, name, key, "")
}

func (f forgetful) DeleteIf(ctx context.Context, name, key, _ string, c bucket.Conditions) (bucket.Deleted, error) {
	return f.Store.DeleteIf(ctx, name, key, "", c)
}

func onDisk(t *testing.T) bucket.Store { return bucket.Open(bucket.Config{Dir: t.TempDir()}) }

// refuses checks that an error says what is lacking.
func refuses(t *testing.T, err error, what string) {
	t.Helper()
	if !bucket.IsCode(err, bucket.InvalidRequest) || !strings.Contains(err.Error(), what) {
		t.Errorf("got error %v, want one that names %s", err, what)
	}
}

// A server that does not heed If-None-Match is found out with the first object, of which
// nothing is left where versions are kept.
func TestUnconditional(t *testing.T) {
	s := storeOn(t, s3test.Start(t, s3test.Handler(unconditional{onDisk(t)})))
	s3test.Make(t, s, "abc")
	_, err := s.Put(t.Context(), "abc", "k", strings.NewReader("x"), bucket.PutOptions{})
	must(t, err)
	_, err = s.Put(t.Context(), "abc", "k", strings.NewReader("y"), bucket.PutOptions{IfNoneMatch: "*"})
	refuses(t, err, "If-None-Match")
	if got := read(t, s, "k"); got != "x" {
		t.Errorf("there is %q now", got)
	}
	err = s3store.Inside(s, "abc", "", time.Now).CreateBucket(t.Context(), "mine", bucket.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "If-None-Match") {
		t.Errorf("create a bucket inside: got error %v", err)
	}
	page, err := s.ListVersions(t.Context(), "abc", bucket.VersionOptions{})
	if err != nil || len(page.Versions) != 1 {
		t.Errorf("%d versions, %v", len(page.Versions), err)
	}
}

// So is one that says so itself.
func TestConditionNotImplemented(t *testing.T) {
	whole := s3test.Handler(onDisk(t))
	s := storeOn(t, s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotImplemented)
			_, _ = io.WriteString(w, `<Error><Code>NotImplemented</Code><Message>A header is not implemented</Message></Error>`)
			return
		}
		whole.ServeHTTP(w, r)
	})))
	s3test.Make(t, s, "abc")
	_, err := s.Put(t.Context(), "abc", "k", strings.NewReader("y"), bucket.PutOptions{IfNoneMatch: "*"})
	refuses(t, err, "If-None-Match")
}

// A server that heeds If-None-Match is asked about that once for each bucket.
func TestConditionIsProvedOnce(t *testing.T) {
	puts := 0
	whole := s3test.Handler(onDisk(t))
	s := storeOn(t, s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			puts++
		}
		whole.ServeHTTP(w, r)
	})))
	s3test.Make(t, s, "abc")
	for _, key := range []string{"a", "b", "c"} {
		_, err := s.Put(t.Context(), "abc", key, strings.NewReader(key), bucket.PutOptions{IfNoneMatch: "*"})
		must(t, err)
	}
	if puts != 4 {
		t.Errorf("%d requests for three objects", puts)
	}
}

// Of a server that knows no versions nothing is taken for a version, and nothing is deleted
// in the place of one.
func TestForgetful(t *testing.T) {
	s := storeOn(t, s3test.Start(t, s3test.Handler(forgetful{onDisk(t)})))
	must(t, s.CreateBucket(t.Context(), "abc", bucket.CreateOptions{}))
	refuses(t, s.PutVersioning(t.Context(), "abc", bucket.Enabled), "versioning")
	_, err := s.Put(t.Context(), "abc", "k", strings.NewReader("x"), bucket.PutOptions{})
	must(t, err)
	_, err = s.Get(t.Context(), "abc", "k", "some-version")
	refuses(t, err, "version")
	_, err = s.Head(t.Context(), "abc", "k", "some-version")
	refuses(t, err, "version")
	if _, err = s.Delete(t.Context(), "abc", "k", "some-version"); !bucket.IsCode(err, bucket.InvalidArgument) {
		t.Errorf("delete: got error %v", err)
	}
	if got := read(t, s, "k"); got != "x" {
		t.Errorf("there is %q now", got)
	}
	in := s3store.Inside(s, "abc", "", time.Now)
	for what, err := range map[string]error{"check": in.Check(t.Context()), "create bucket": in.CreateBucket(t.Context(), "mine", bucket.CreateOptions{})} {
		if err == nil || !strings.Contains(err.Error(), "keeps no versions") {
			t.Errorf("%s: got error %v", what, err)
		}
	}
}

// A body that is not what its checksum says has one code, whatever the server's.
func TestOtherCode(t *testing.T) {
	s := storeOn(t, s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `<Error><Code>XAmzContentChecksumMismatch</Code><Message>It differs</Message></Error>`)
	})))
	if _, err := s.Put(t.Context(), "abc", "k", strings.NewReader("x"), bucket.PutOptions{}); !bucket.IsCode(err, bucket.BadDigest) || !strings.Contains(err.Error(), "It differs") {
		t.Errorf("got error %v", err)
	}
}

// A server that says that it knows no versions, or takes the request for another one, is said
// to keep none.
func TestVersionless(t *testing.T) {
	for _, code := range []string{bucket.NotImplemented, bucket.MethodNotAllowed, "BucketAlreadyExists"} {
		s := storeOn(t, s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `<Error><Code>`+code+`</Code></Error>`)
		})))
		refuses(t, s.PutVersioning(t.Context(), "abc", bucket.Enabled), "does not keep versions")
	}
}

// A bucket that is suspended under a process that runs takes nothing's place unnoticed.
func TestSuspendedMeanwhile(t *testing.T) {
	s := storeOn(t, s3test.Own(t))
	s3test.Make(t, s, "one")
	in := s3store.Inside(s, "one", "", time.Now)
	must(t, in.CreateBucket(t.Context(), "mine", bucket.CreateOptions{}))
	_, err := in.Put(t.Context(), "mine", "k", strings.NewReader("x"), bucket.PutOptions{})
	must(t, err)
	must(t, s.PutVersioning(t.Context(), "one", bucket.Suspended))
	if _, err = in.Put(t.Context(), "mine", "k", strings.NewReader("y"), bucket.PutOptions{}); err == nil || !strings.Contains(err.Error(), "keeps no versions") {
		t.Errorf("got error %v", err)
	}
}

// What an answer to an upload leaves out is asked for.
func TestUploadWithoutVersion(t *testing.T) {
	whole := s3test.Handler(onDisk(t))
	s := storeOn(t, s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
			w = mute{w}
		}
		whole.ServeHTTP(w, r)
	})))
	s3test.Make(t, s, "abc")
	u, err := s.CreateUpload(t.Context(), "abc", "k", bucket.UploadOptions{})
	must(t, err)
	part, err := s.PutPart(t.Context(), "abc", "k", u.ID, 1, strings.NewReader("x"), bucket.PartOptions{})
	must(t, err)
	stored, err := s.CompleteUpload(t.Context(), "abc", "k", u.ID, []bucket.Part{part}, bucket.CompleteOptions{})
	must(t, err)
	if info, err := s.Head(t.Context(), "abc", "k", ""); err != nil || stored.VersionID != info.VersionID || stored.VersionID == "" {
		t.Errorf("it is told to be version %q, and is %q (%v)", stored.VersionID, info.VersionID, err)
	}
}

// mute answers without the version.
type mute struct{ http.ResponseWriter }

func (m mute) WriteHeader(status int) {
	m.Header().Del("x-amz-version-id")
	m.ResponseWriter.WriteHeader(status)
}

func (m mute) Write(p []byte) (int, error) {
	m.Header().Del("x-amz-version-id")
	return m.ResponseWriter.Write(p)
}

// Bodies are never framed, whether the connection is encrypted or not: some servers take
// the frame for a part of the object. What guards them is told before them.
func TestNoFrames(t *testing.T) {
	sums := map[string]string{"k": "x-amz-checksum-crc32", "given": "x-amz-checksum-sha256", "part": "Content-MD5"}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "hello" || r.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: body %q, encoded %q (%v)", r.URL.Path, body, r.Header.Get("Content-Encoding"), err)
		}
		if r.Header.Get(sums[strings.TrimPrefix(r.URL.Path, "/abc/")]) == "" {
			t.Errorf("%s: %v", r.URL.Path, r.Header)
		}
	}))
	defer server.Close()
	s := s3store.New(s3store.Config{Client: s3test.At(server.URL).ClientOver(server.Client()), TempDir: t.TempDir()})
	body := func() io.Reader { return io.MultiReader(strings.NewReader("hello")) }
	_, err := s.Put(t.Context(), "abc", "k", body(), bucket.PutOptions{})
	must(t, err)
	_, err = s.Put(t.Context(), "abc", "given", body(), bucket.PutOptions{Checksum: bucket.Checksum{Algorithm: "SHA256"}})
	must(t, err)
	_, err = s.PutPart(t.Context(), "abc", "part", "id", 1, body(), bucket.PartOptions{})
	must(t, err)
}

// A refusal that comes without words has S3's.
func TestWordlessRefusal(t *testing.T) {
	s := storeOn(t, s3test.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := map[string]string{http.MethodGet: "NoSuchKey", http.MethodPut: "SignatureDoesNotMatch"}[r.Method]
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `<Error><Code>`+code+`</Code></Error>`)
	})))
	_, err := s.Get(t.Context(), "abc", "k", "")
	if !bucket.IsCode(err, bucket.NoSuchKey) || !strings.Contains(err.Error(), "The specified key does not exist") {
		t.Errorf("got error %v", err)
	}
	if _, err = s.Put(t.Context(), "abc", "k", strings.NewReader("x"), bucket.PutOptions{}); err == nil || strings.Contains(err.Error(), "Unknown") {
		t.Errorf("got error %v", err)
	}
	if _, err = s.Get(t.Context(), "abc", "k", "version"); !bucket.IsCode(err, bucket.NoSuchVersion) {
		t.Errorf("got error %v", err)
	}
}
