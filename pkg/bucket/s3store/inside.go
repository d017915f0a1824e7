package s3store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"signer/pkg/bucket"
)

// Within keeps buckets inside one bucket of S3, so that there is one to make, to give
// rights to and to copy elsewhere. An object lies under PREFIX + BUCKET + "/" + KEY, and
// has the versions that S3 gives it; a bucket exists while the object
// PREFIX + ".buckets/" + BUCKET does. So keys are shorter than S3's by that much.
//
// The bucket of S3 must keep versions, and so do all that are in it: they cannot be
// suspended.
type Within struct {
	store  *Store
	bucket string
	prefix string
	now    func() time.Time
}

var _ bucket.Checker = (*Within)(nil)

// Inside returns buckets inside a bucket of S3. The prefix is "" or ends with a slash.
func Inside(s *Store, name, prefix string, now func() time.Time) *Within {
	return &Within{store: s, bucket: name, prefix: prefix, now: now}
}

// marks is the directory of the objects that say which buckets there are. No bucket
// can have that name.
const marks = ".buckets/"

// mark is what the object of a bucket says.
type mark struct {
	Created time.Time `json:"created"`
	Region  string    `json:"region,omitempty"`

	Tags []bucket.Tag `json:"tags,omitempty"`
}

func (w *Within) markKey(name string) string { return w.prefix + marks + name }

func (w *Within) key(name, key string) string { return w.prefix + name + "/" + key }

// told turns an error about an object of the one bucket into one about ours. What is
// missing may be the bucket.
func (w *Within) told(ctx context.Context, err error, name, key string) error {
	var e *bucket.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Code == bucket.NoSuchKey || e.Code == bucket.NoSuchVersion {
		if missing := w.exists(ctx, name); missing != nil {
			return missing
		}
	}
	if e.Code == bucket.NoSuchBucket {
		return w.missing(err)
	}
	ours := *e
	ours.Bucket, ours.Key = name, key
	return &ours
}

// exists returns NoSuchBucket if there is no such bucket.
func (w *Within) exists(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	_, err := w.store.Head(ctx, w.bucket, w.markKey(name), "")
	return w.unmarked(err, name)
}

// unmarked is an error about the object of a bucket, and NoSuchBucket if there is none.
func (w *Within) unmarked(err error, name string) error {
	if bucket.IsCode(err, bucket.NoSuchKey) {
		e := bucket.NewError(bucket.NoSuchBucket)
		e.Bucket = name
		return e
	}
	return w.own(err, name)
}

// own is an error about the one bucket itself. What S3 refuses there it does not refuse
// to who asks for one of ours.
func (w *Within) own(err error, name string) error {
	var refused *bucket.Error
	if err == nil || !errors.As(err, &refused) {
		return err
	}
	if refused.Code == bucket.NoSuchBucket {
		return w.missing(err)
	}
	if name != "" {
		name = "bucket " + name + " in "
	}
	return fmt.Errorf("%ss3://%s: %w", name, w.bucket, errors.New(err.Error()))
}

// keeping returns an error unless the one bucket keeps versions.
func (w *Within) keeping(ctx context.Context) error {
	kept, err := w.store.Versioning(ctx, w.bucket)
	if err == nil && kept != bucket.Enabled {
		err = w.keepsNone()
	}
	return err
}

func (w *Within) keepsNone() error {
	return fmt.Errorf("the bucket %s of the object store keeps no versions: have it keep them, with s3api put-bucket-versioning", w.bucket)
}

// Check asks the server whether the one bucket is there and keeps versions. What the
// credentials may not ask it takes for granted. What waiting will not mend is an [Unfit].
func (w *Within) Check(ctx context.Context) error {
	kept, err := w.store.Versioning(ctx, w.bucket)
	switch {
	case bucket.IsCode(err, "AccessDenied"):
		return nil
	case bucket.IsCode(err, bucket.NoSuchBucket) || notKnown(err):
		return &Unfit{w.own(err, "")}
	case err == nil && kept != bucket.Enabled:
		return &Unfit{w.keepsNone()}
	}
	return w.own(err, "")
}

// missing says that the one bucket is.
func (w *Within) missing(err error) error {
	return fmt.Errorf("the bucket %s of the object store is not there, or not to be read: make it, and have it keep versions: %w", w.bucket, errors.New(err.Error()))
}

// check refuses names that lead elsewhere.
func (w *Within) check(name, key string) error {
	if strings.HasPrefix(name, "arn:") {
		e := bucket.NewError(bucket.InvalidBucketName)
		e.Bucket = name
		return e
	}
	return check(name, key)
}

// CreateBucket makes a bucket, which keeps versions from the beginning.
func (w *Within) CreateBucket(ctx context.Context, name string, opts bucket.CreateOptions) error {
	if err := bucket.CheckBucket(name); err != nil {
		return err
	}
	if err := w.keeping(ctx); err != nil {
		return w.own(err, name)
	}
	if err := bucket.CheckTags(opts.Tags, bucket.MaxBucketTags); err != nil {
		return err
	}
	text, err := json.Marshal(mark{w.now().UTC(), opts.Region, opts.Tags})
	if err != nil {
		return err
	}
	_, err = w.store.Put(ctx, w.bucket, w.markKey(name), bytes.NewReader(text), bucket.PutOptions{ContentType: "application/json", IfNoneMatch: "*"})
	if bucket.IsCode(err, bucket.PreconditionFailed) {
		e := bucket.NewError(bucket.BucketAlreadyOwnedByYou)
		e.Bucket = name
		return e
	}
	return w.own(err, name)
}

// DeleteBucket removes an empty bucket. It gives up the uploads to it.
func (w *Within) DeleteBucket(ctx context.Context, name string) error {
	if err := w.exists(ctx, name); err != nil {
		return err
	}
	page, err := w.ListVersions(ctx, name, bucket.VersionOptions{MaxKeys: 1})
	if err != nil {
		return err
	}
	if len(page.Versions) > 0 {
		e := bucket.NewError(bucket.BucketNotEmpty)
		e.Bucket = name
		return e
	}
	uploads, err := w.ListUploads(ctx, name, bucket.UploadListOptions{})
	for ; err == nil && len(uploads.Uploads) > 0; uploads, err = w.ListUploads(ctx, name, bucket.UploadListOptions{}) {
		for _, u := range uploads.Uploads {
			if err := w.AbortUpload(ctx, name, u.Key, u.ID); err != nil {
				return err
			}
		}
	}
	if err != nil {
		return err
	}
	_, err = w.store.Delete(ctx, w.bucket, w.markKey(name), "")
	return w.own(err, name)
}

// HeadBucket describes a bucket.
func (w *Within) HeadBucket(ctx context.Context, name string) (bucket.Bucket, error) {
	m, _, err := w.mark(ctx, name)
	if err != nil {
		return bucket.Bucket{}, err
	}
	return bucket.Bucket{Name: name, Region: m.Region, Created: m.Created}, nil
}

// mark reads what the object of a bucket says, and its entity tag.
func (w *Within) mark(ctx context.Context, name string) (m mark, tag string, err error) {
	if err := checkName(name); err != nil {
		return m, "", err
	}
	o, err := w.store.Get(ctx, w.bucket, w.markKey(name), "")
	if err != nil {
		return m, "", w.unmarked(err, name)
	}
	defer o.Close()
	if err := json.NewDecoder(io.LimitReader(o, maxMark)).Decode(&m); err != nil {
		return m, "", fmt.Errorf("what s3://%s/%s says of the bucket %s cannot be read: %w", w.bucket, w.markKey(name), name, err)
	}
	return m, o.ETag, nil
}

// maxMark is more than a mark can have: fifty tags, all of them escaped.
const maxMark = 256 << 10

// ListBuckets returns all buckets by name.
func (w *Within) ListBuckets(ctx context.Context) ([]bucket.Bucket, error) {
	var all []bucket.Bucket
	opts := bucket.ListOptions{Prefix: w.markKey("")}
	for {
		page, err := w.store.ListObjects(ctx, w.bucket, opts)
		if err != nil {
			return nil, w.own(err, "")
		}
		for _, o := range page.Objects {
			b, err := w.HeadBucket(ctx, strings.TrimPrefix(o.Key, opts.Prefix))
			if bucket.IsCode(err, bucket.NoSuchBucket) {
				continue // somebody has just removed it
			}
			if err != nil {
				return nil, err
			}
			all = append(all, b)
		}
		if !page.Truncated {
			slices.SortFunc(all, func(a, b bucket.Bucket) int { return strings.Compare(a.Name, b.Name) })
			return all, nil
		}
		opts.Token = page.NextToken
	}
}

// PutVersioning takes Enabled for an answer, which it is.
func (w *Within) PutVersioning(ctx context.Context, name string, v bucket.Versioning) error {
	if err := w.exists(ctx, name); err != nil {
		return err
	}
	if err := v.Check(name); err != nil || v == bucket.Enabled {
		return err
	}
	return &bucket.Error{Code: "NotImplemented", Status: 501, Bucket: name, Message: "The buckets of this object store keep versions, and cannot be suspended."}
}

// Versioning is Enabled.
func (w *Within) Versioning(ctx context.Context, name string) (bucket.Versioning, error) {
	return bucket.Enabled, w.exists(ctx, name)
}

// Put sends body as the current version of key.
func (w *Within) Put(ctx context.Context, name, key string, body io.Reader, opts bucket.PutOptions) (bucket.Stored, error) {
	if err := w.writable(ctx, name, key); err != nil {
		return bucket.Stored{}, err
	}
	stored, err := w.store.Put(ctx, w.bucket, w.key(name, key), body, opts)
	if err == nil && stored.VersionID == "" {
		err = w.keepsNone()
	}
	return stored, w.told(ctx, err, name, key)
}

// writable finds out whether an object can be put. Once it asks whether the one bucket keeps
// versions: what is put there must not take another one's place.
func (w *Within) writable(ctx context.Context, name, key string) error {
	if err := w.check(name, key); err != nil {
		return err
	}
	if _, keeps := w.store.keeps.Load(w.bucket); !keeps {
		if err := w.Check(ctx); err != nil {
			return err
		}
		w.store.keeps.Store(w.bucket, true)
	}
	return w.exists(ctx, name)
}

// Get opens a version.
func (w *Within) Get(ctx context.Context, name, key, version string) (*bucket.Object, error) {
	if err := w.check(name, key); err != nil {
		return nil, err
	}
	o, err := w.store.Get(ctx, w.bucket, w.key(name, key), version)
	if err != nil {
		return nil, w.told(ctx, err, name, key)
	}
	o.Key = key
	return o, nil
}

// Head describes a version.
func (w *Within) Head(ctx context.Context, name, key, version string) (bucket.Info, error) {
	if err := w.check(name, key); err != nil {
		return bucket.Info{}, err
	}
	info, err := w.store.Head(ctx, w.bucket, w.key(name, key), version)
	info.Key = key
	if err != nil {
		return bucket.Info{}, w.told(ctx, err, name, key)
	}
	return info, nil
}

// Delete hides a key or removes a version.
func (w *Within) Delete(ctx context.Context, name, key, version string) (bucket.Deleted, error) {
	return w.DeleteIf(ctx, name, key, version, bucket.Conditions{})
}

// DeleteIf is Delete of a version that meets conditions.
func (w *Within) DeleteIf(ctx context.Context, name, key, version string, c bucket.Conditions) (bucket.Deleted, error) {
	if err := w.writable(ctx, name, key); err != nil {
		return bucket.Deleted{}, err
	}
	d, err := w.store.DeleteIf(ctx, w.bucket, w.key(name, key), version, c)
	return d, w.told(ctx, err, name, key)
}

// ListObjects returns a page of current objects.
func (w *Within) ListObjects(ctx context.Context, name string, opts bucket.ListOptions) (bucket.ObjectPage, error) {
	if err := w.exists(ctx, name); err != nil {
		return bucket.ObjectPage{}, err
	}
	w.below(name, &opts.Prefix, &opts.StartAfter)
	page, err := w.store.ListObjects(ctx, w.bucket, opts)
	for i := range page.Objects {
		w.strip(name, &page.Objects[i].Key)
	}
	w.stripAll(name, page.Prefixes)
	return page, w.told(ctx, err, name, "")
}

// below has a listing be of what lies under a bucket.
func (w *Within) below(name string, prefix, after *string) {
	*prefix = w.key(name, *prefix)
	if *after != "" {
		*after = w.key(name, *after)
	}
}

// strip turns what the one bucket has for a key into the key.
func (w *Within) strip(name string, key *string) { *key = strings.TrimPrefix(*key, w.key(name, "")) }

func (w *Within) stripAll(name string, keys []string) {
	for i := range keys {
		w.strip(name, &keys[i])
	}
}

// ListVersions returns a page of versions and delete markers.
func (w *Within) ListVersions(ctx context.Context, name string, opts bucket.VersionOptions) (bucket.VersionPage, error) {
	if err := w.exists(ctx, name); err != nil {
		return bucket.VersionPage{}, err
	}
	w.below(name, &opts.Prefix, &opts.KeyMarker)
	page, err := w.store.ListVersions(ctx, w.bucket, opts)
	for i := range page.Versions {
		w.strip(name, &page.Versions[i].Key)
	}
	w.stripAll(name, page.Prefixes)
	w.strip(name, &page.NextKeyMarker)
	return page, w.told(ctx, err, name, "")
}
