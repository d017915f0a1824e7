package bucket

import (
	"context"
	"errors"
	"io/fs"
)

// Delete hides a key or removes a version.
func (d *Dir) Delete(ctx context.Context, bucket, key, version string) (_ Deleted, err error) {
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
		return d.removeVersion(ctx, k, version)
	}
	b, err := readBucket(root, bucket)
	if err != nil {
		return Deleted{}, err
	}
	if b.Versioning == Unversioned {
		_, err := d.removeVersion(ctx, k, Null)
		return Deleted{}, err
	}
	return d.putMarker(ctx, k)
}

// putMarker makes a delete marker the newest version of the key.
func (d *Dir) putMarker(ctx context.Context, k keyDir) (Deleted, error) {
	s, err := d.stage(k.root)
	if err != nil {
		return Deleted{}, err
	}
	defer s.discard()
	rec, err := d.commit(ctx, k, s, PutOptions{}, record{Key: k.key, Marker: true})
	return Deleted{VersionID: rec.Version, DeleteMarker: true}, err
}

// removeVersion removes a version for good, if it exists.
func (d *Dir) removeVersion(ctx context.Context, k keyDir, id string) (Deleted, error) {
	gone := Deleted{VersionID: id}
	name, ok := fileOf(id)
	if !ok {
		return gone, nil
	}
	unlock, err := d.lockKey(ctx, k)
	if err != nil {
		return Deleted{}, err
	}
	defer unlock()
	v, err := k.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return gone, nil
	}
	if err != nil && !errors.Is(err, errDamaged) {
		return Deleted{}, err
	}
	v.close()
	gone.DeleteMarker = v.rec.Marker
	return gone, k.remove(name)
}
