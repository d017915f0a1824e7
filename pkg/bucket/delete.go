package bucket

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// Delete hides a key or removes a version.
func (d *Dir) Delete(ctx context.Context, bucket, key, version string) (Deleted, error) {
	return d.DeleteIf(ctx, bucket, key, version, Conditions{})
}

// DeleteIf is Delete of a version that meets conditions.
func (d *Dir) DeleteIf(ctx context.Context, bucket, key, version string, c Conditions) (_ Deleted, err error) {
	defer d.explain(&err, "delete", bucket, key)
	if err := checkObject(bucket, key, version); err != nil {
		return Deleted{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return Deleted{}, err
	}
	defer root.Close()
	k := newKeyDir(root, bucket, key)
	if version != "" {
		return d.removeVersion(ctx, k, version, c)
	}
	b, err := readBucket(root, bucket)
	if err != nil {
		return Deleted{}, err
	}
	if b.Versioning == Unversioned {
		_, err := d.removeVersion(ctx, k, Null, c)
		return Deleted{}, err
	}
	return d.putMarker(ctx, k, c)
}

// putMarker makes a delete marker the newest version of the key.
func (d *Dir) putMarker(ctx context.Context, k keyDir, c Conditions) (Deleted, error) {
	s, err := d.stage(k.root)
	if err != nil {
		return Deleted{}, err
	}
	defer s.discard()
	rec := record{Key: k.key, Marker: true}
	err = d.commit(ctx, k, s, &rec, func(newest record) error { return k.meets(newest, c) })
	return Deleted{VersionID: rec.Version, DeleteMarker: true}, err
}

// removeVersion removes a version for good, if it exists.
func (d *Dir) removeVersion(ctx context.Context, k keyDir, id string, c Conditions) (Deleted, error) {
	gone := Deleted{VersionID: id}
	name, ok := fileOf(id)
	if !ok {
		return gone, k.meets(record{}, c)
	}
	unlock, err := d.lockKey(ctx, k)
	if err != nil {
		return Deleted{}, err
	}
	defer unlock()
	v, err := k.open(name)
	if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, fs.ErrNotExist) {
		return Deleted{}, err
	}
	v.close()
	if err := k.meets(v.rec, c); err != nil {
		return Deleted{}, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return gone, nil
	}
	gone.DeleteMarker = v.rec.Marker
	return gone, k.remove(name)
}

// meets tells whether a version is as the conditions have it. The record is empty
// where there is none.
func (k keyDir) meets(rec record, c Conditions) error {
	code := PreconditionFailed
	switch {
	case c == Conditions{}, rec.Order == 0 && c.IfMatch == "":
		return nil
	case rec.Order == 0:
		code = NoSuchKey
	case !rec.Marker && (c.IfMatch == "" || sameTag(c.IfMatch, rec.ETag)) && (c.Size == nil || *c.Size == rec.Size) &&
		(c.Modified.IsZero() || c.Modified.Truncate(time.Second).Equal(rec.Modified)):
		return nil
	}
	return refuse(code, k.bucket, k.key, "")
}
