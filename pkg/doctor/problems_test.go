package doctor_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/pkg/bucket"
)

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
			_, err := h.Buckets.Delete(ctx, "signed", h.jobs["web"], "")
			return err
		}, want: "which is not there", advice: "if nobody has deleted it on purpose"},
		"an object that was replaced": {do: func(h *home) error {
			_, err := h.Buckets.Put(ctx, "signed", h.jobs["web"], strings.NewReader("other"), bucket.PutOptions{})
			return err
		}, want: "which is not as it was signed: It is not signed", advice: "who has written to the bucket"},
		"an object of another job": {do: func(h *home) error {
			_, err := h.Buckets.Put(ctx, "signed", h.jobs["web"], bytes.NewReader(h.body(t, "kept", h.jobs["lasting"])), bucket.PutOptions{})
			return err
		}, want: "which has the signature of another job", advice: "restore"},
		"an archive that was changed": {do: func(h *home) error { return flip(h.object(t, "signed", "web"), 45) }, want: "which is not as it was signed: ", advice: "restore"},
		"a record of an object that is damaged": {do: func(h *home) error { return os.Truncate(h.object(t, "signed", "web"), 1000) },
			want: "which cannot be read: ", advice: "restore"},
		"firmware that was changed": {do: func(h *home) error { return flip(h.object(t, "signed", "board"), 150) }, want: "which is not as it was signed: ", advice: "restore"},
		"a source that was changed": {do: func(h *home) error {
			return flip(h.source("device"), 10)
		}, want: "which is not as it was signed: It was changed after it was signed", advice: "restore"},
		"a job whose process died": {do: func(h *home) error {
			return h.sqlOn("UPDATE jobs SET status = 'InProgress', worker = '1-gone' WHERE id = $1", h.jobs["web"])
		}, want: "is in progress, and nobody works on it", advice: "signer describe-signing-job --region eu-west-1 --job-id JOB"},
		"a job that waits": {do: func(h *home) error {
			return h.sqlOn("UPDATE jobs SET status = 'InProgress', worker = '' WHERE id = $1", h.jobs["web"])
		}, note: "has 1 jobs that wait for somebody to sign them"},
		"an index that is missing": {do: func(h *home) error { return h.sqlOn("DROP INDEX jobs_kind") },
			want: "records.db is damaged: the index jobs_kind is missing", advice: "restore it"},
		"a page that is damaged": {do: func(h *home) error { return flipPage(h.path("records.db"), 7) }, want: "records.db is damaged: ", advice: "restore it"},
		"a row that is damaged": {do: func(h *home) error { return h.sqlOn("UPDATE jobs SET parameters = '{x'") },
			want: "records.db cannot be examined: ", advice: "restore it"},
		"records that are gone":      {do: func(h *home) error { return os.Remove(h.path("records.db")) }, want: "records.db is not there, or empty, and something has been signed", advice: "restore it"},
		"records without their file": {do: func(h *home) error { return os.Rename(h.path("records.db"), h.path("records.db-wal")) }, want: "and its last changes are: ", advice: "put the file back"},
		"no database": {do: func(h *home) error { return os.WriteFile(h.path("records.db"), bytes.Repeat([]byte("x"), 9000), 0o600) },
			want: "records.db cannot be examined: ", advice: "restore it"},
		"a newer database": {do: func(h *home) error { return h.sqlOn("PRAGMA user_version = 99") }, want: "were made by a newer version of signer", advice: "update signer"},
		"a key that is cut": {do: func(h *home) error { return os.Truncate(h.path("keys", "authority", "eu-west-1", "leaf.pem"), 900) },
			want: "leaf.pem is not sound: ", advice: "remove it, and another is made"},
		"no keys": {do: func(h *home) error { return os.RemoveAll(h.path("keys")) },
			want: "authority has no root certificate, and signed objects need it that were looked at: 2", advice: "restore it from a backup",
			note: "signs with the certificate CERTIFICATE, which is not there"},
		"an authority that is another's": {do: func(h *home) error {
			other := at(h.path("other"))
			_, err := other.Keys.Identity(ctx, "eu-west-1")
			return errors.Join(err, os.RemoveAll(h.path("keys", "authority")), os.Rename(other.path("keys", "authority"), h.path("keys", "authority")), os.RemoveAll(other.Dir))
		}, want: "which is not signed by this home: Its certificates lead to ", advice: "if it has been replaced"},
		"a source that was altered": {do: func(h *home) error { return flip(h.source("web"), 45) },
			want: "s3://source/web, version ", advice: "put the object again"},
		"a bucket's file that is damaged": {do: func(h *home) error {
			return os.WriteFile(h.path("buckets", "signed", "bucket.json"), []byte("{"), 0o600)
		},
			want: "bucket.json is not sound: damaged", advice: "restore it"},
		"a bucket's file that is gone": {do: func(h *home) error { return os.Remove(h.path("buckets", "signed", "bucket.json")) },
			want: "bucket.json is not sound: it is missing", advice: "restore it"},
		"an authority without its root": {do: func(h *home) error { return os.Remove(h.path("keys", "authority", "root.pem")) },
			want: "root.pem is not sound: it is missing", advice: "restore it from a backup"},

		"an object that was deleted where versions are kept": {do: func(h *home) error {
			_, err := h.Buckets.Delete(ctx, "kept", h.jobs["lasting"], "")
			return err
		}},
		"an older database":     {do: func(h *home) error { return h.sqlOn("PRAGMA user_version = 1") }, note: "was made by an older version"},
		"a source that is gone": {do: func(h *home) error { return os.RemoveAll(h.path("buckets", "source", "objects", "=device")) }, note: "signed what is no longer there"},
		"a certificate that is gone": {do: func(h *home) error { return h.Keys.Delete(ctx, h.certificate) },
			note: "profile device of account 111122223333 in eu-west-1 signs with the certificate CERTIFICATE, which is not there"},
		"somebody's file":               {do: func(h *home) error { return h.leave("notes.txt") }, note: "notes.txt is nothing of signer's"},
		"somebody's file among buckets": {do: func(h *home) error { return h.leave("buckets", "Notes") }, note: "Notes is nothing of signer's"},
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
			if !strings.Contains(strings.ReplaceAll(text(r.Notes), h.certificate, "CERTIFICATE"), tc.note) {
				t.Errorf("got notes\n%s\nwant %s", text(r.Notes), tc.note)
			}
		})
	}
}

func (h *home) body(t *testing.T, bucketName, key string) []byte {
	t.Helper()
	body, _, err := h.Get(ctx, bucketName, key)
	must(t, err)
	return body
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
