//go:build unix

package cmd_test

import (
	"testing"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
)

// stores are the object stores that a home's buckets may be on: each as a bucket of its
// own, or all inside the bucket one.
func stores() []onStore {
	own := func(t *testing.T) s3test.Server { return s3test.Own(t) }
	return []onStore{{"own", own, ""}, {"own, inside one", own, "everything"}, {"versitygw", versity, ""}, {"versitygw, inside one", versity, "everything"}}
}

type onStore struct {
	name  string
	start func(*testing.T) s3test.Server
	one   string
}

// versity keeps what it knows of objects in files, wherever tests run.
func versity(t *testing.T) s3test.Server { return s3test.Versity{Sidecar: true}.Start(t) }

// storeURL is what a home is told of an object store.
func storeURL(s s3test.Server, one string) string {
	return "s3://" + one + "?endpoint=" + s.URL + "&region=" + s.Region
}

// mayUse has a home use an object store, but not yet for its buckets.
func (h *serveHome) mayUse(t *testing.T, s s3test.Server, one string) {
	plain := s3store.New(s3store.Config{Client: s.Client(), TempDir: t.TempDir()})
	h.objects = plain
	if one != "" {
		s3test.Make(t, plain, one)
		h.objects = s3store.Inside(plain, one, "", time.Now)
	}
	h.env = append(h.env, "AWS_ACCESS_KEY_ID="+s.KeyID, "AWS_SECRET_ACCESS_KEY="+s.Secret)
}

// onS3 puts the buckets of a home on an object store.
func (h *serveHome) onS3(t *testing.T, s s3test.Server, one string) {
	h.mayUse(t, s, one)
	h.env = append(h.env, "SIGNER_OBJECT_STORE="+storeURL(s, one))
	s3test.Make(t, h.objects, "source")
	must(t, h.objects.CreateBucket(t.Context(), "destination", bucket.CreateOptions{}))
}

// A server whose buckets are on S3 is AWS Signer; and the buckets are there for others.
func TestServeOverS3(t *testing.T) {
	for _, tc := range stores() {
		t.Run(tc.name, func(t *testing.T) {
			h := newServeHome(t)
			h.onS3(t, tc.start(t), tc.one)
			s := h.start(t)
			c := robin(t, 0, always(h.key(t, "maria")), s.address)
			in := h.app(t, c)
			ids := map[string]bool{}
			for range 5 {
				mine := *in
				out, err := c.StartSigningJob(t.Context(), &mine)
				must(t, err)
				ids[*out.JobId] = true
			}
			h.checkSignedOnce(t, c, ids)
			for id := range ids {
				body, _, err := h.get(t.Context(), "destination", id+".zip")
				if err != nil || len(body) == 0 {
					t.Errorf("job %s: %v", id, err)
				}
			}
			s.says(t, `"objects":"s3://`+tc.one+` at http://127.0.0.1:`)
			must(t, s.stop(t))
			s.quiet(t)
		})
	}
}
