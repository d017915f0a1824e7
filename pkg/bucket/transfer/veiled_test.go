package transfer_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
	"signer/pkg/bucket/transfer"
)

// Where entity tags are no MD5s, as with AWS KMS, versions are compared by checksums that
// the target has, or by their bytes.
func TestVeiled(t *testing.T) {
	t.Parallel()
	for name, sums := range map[string]bool{"checksums": true, "bytes": false} {
		from, _ := dirIn(t)
		home(t, from)
		dir, _ := dirIn(t)
		to := &veiled{dir, sums}
		run(t, from, to, 2)
		same(t, from, dir)
		before := ids(t, dir)
		run(t, from, to, 2)
		if d := cmp.Diff(before, ids(t, dir)); d != "" {
			t.Errorf("%s: the second time: %s", name, d)
		}
		put(t, to, "plain", "signed/a", "SIGNED")
		_, err := transfer.Run(ctx, transfer.Config{From: from, To: to})
		if !errors.Is(err, transfer.ErrDiffers) || !strings.Contains(err.Error(), "s3://plain/signed/a") || !strings.Contains(err.Error(), "other bytes") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// veiled is a store with entity tags of its own.
type veiled struct {
	bucket.Tagger
	sums bool // it has checksums, too
}

func veil(tag string) string {
	if tag == "" {
		return ""
	}
	return `"e` + tag[1:]
}

func unveil(tag string) string { return strings.Replace(tag, `"e`, `"`, 1) }

func (v *veiled) Put(ctx context.Context, in, key string, body io.Reader, opts bucket.PutOptions) (bucket.Stored, error) {
	opts.IfMatch = unveil(opts.IfMatch)
	if v.sums && opts.Checksum.Algorithm == "" {
		opts.Checksum.Algorithm = checksum.CRC64NVME
	}
	stored, err := v.Tagger.Put(ctx, in, key, body, opts)
	stored.ETag = veil(stored.ETag)
	return stored, err
}

func (v *veiled) DeleteIf(ctx context.Context, in, key, version string, c bucket.Conditions) (bucket.Deleted, error) {
	c.IfMatch = unveil(c.IfMatch)
	return v.Tagger.DeleteIf(ctx, in, key, version, c)
}

func (v *veiled) Head(ctx context.Context, in, key, version string) (bucket.Info, error) {
	info, err := v.Tagger.Head(ctx, in, key, version)
	info.ETag = veil(info.ETag)
	if !v.sums {
		info.Checksum = bucket.Checksum{}
	}
	return info, err
}

func (v *veiled) ListVersions(ctx context.Context, in string, opts bucket.VersionOptions) (bucket.VersionPage, error) {
	page, err := v.Tagger.ListVersions(ctx, in, opts)
	for i := range page.Versions {
		page.Versions[i].ETag = veil(page.Versions[i].ETag)
	}
	return page, err
}

func (v *veiled) ListObjects(ctx context.Context, in string, opts bucket.ListOptions) (bucket.ObjectPage, error) {
	page, err := v.Tagger.ListObjects(ctx, in, opts)
	for i := range page.Objects {
		page.Objects[i].ETag = veil(page.Objects[i].ETag)
	}
	return page, err
}
