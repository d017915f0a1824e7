package bucket

import (
	"context"
	"io"
	"strings"
	"time"
)

// defaultType is the content type that S3 gives an object that comes without.
const defaultType = "binary/octet-stream"

// Put reads body to its end and makes it the current version of key.
func (d *Dir) Put(ctx context.Context, bucket, key string, body io.Reader, opts PutOptions) (_ Stored, err error) {
	defer d.explain(&err, "put", bucket, key)
	if err := checkObject(bucket, key, ""); err != nil {
		return Stored{}, err
	}
	if err := opts.Check(bucket, key); err != nil {
		return Stored{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return Stored{}, err
	}
	defer root.Close()
	k := newKeyDir(root, bucket, key)
	if err := k.allows(opts.IfNoneMatch, opts.IfMatch); err != nil { // before the body is read for nothing
		return Stored{}, err
	}
	rec, err := d.putBody(ctx, k, body, opts)
	return rec.stored(), err
}

// putBody writes the body aside and gives it its place.
func (d *Dir) putBody(ctx context.Context, k keyDir, body io.Reader, opts PutOptions) (record, error) {
	s, err := d.stage(k.root)
	if err != nil {
		return record{}, err
	}
	defer s.discard()
	if err := s.fill(ctx, body, algorithmsOf(opts.Checksum)...); err != nil {
		return record{}, err
	}
	sum, err := s.sums.check(proof{opts.ContentMD5, opts.Checksum, opts.Trailer})
	if err != nil {
		return record{}, about(err, k)
	}
	rec := record{
		Key:         k.key,
		Size:        s.size,
		ETag:        s.sums.tag(),
		ContentType: typeOr(opts.ContentType),
		Metadata:    lowerNames(opts.Metadata),
		Headers:     opts.Headers,
		Tags:        opts.Tags,
		Checksum:    sum,
	}
	err = d.commit(ctx, k, s, &rec, func(newest record) error { return k.permits(newest, opts.IfNoneMatch, opts.IfMatch) })
	return rec, err
}

func typeOr(contentType string) string {
	if contentType == "" {
		return defaultType
	}
	return contentType
}

func (r record) stored() Stored {
	s := Stored{VersionID: r.Version, ETag: r.ETag, Size: r.Size, Checksum: r.checksum()}
	if s.VersionID == Null {
		s.VersionID = ""
	}
	return s
}

// commit makes a staged file the newest version of its key, if the newest so far
// permits that. It completes the record.
//
// The record is written and made durable before the lock is taken, with the
// place that the version will most likely get. Only if another writer was
// faster is it done again.
func (d *Dir) commit(ctx context.Context, k keyDir, s *staged, rec *record, permits func(newest record) error) error {
	if rec.Modified.IsZero() {
		rec.Modified = d.now().UTC().Truncate(time.Second)
	}
	if err := d.place(k, s, rec, 0); err != nil {
		return err
	}
	unlock, err := d.lockKey(ctx, k)
	if err != nil {
		return err
	}
	defer unlock()
	newest, err := k.newest()
	if err != nil {
		return err
	}
	if err := permits(newest); err != nil {
		return err
	}
	if err := d.place(k, s, rec, newest.Order); err != nil {
		return err
	}
	name, _ := fileOf(rec.Version)
	return k.adopt(s, name)
}

// place gives the version its id and an order above newest, as the bucket's
// versioning has it, and seals the file. It does nothing if the version has a
// fitting place already.
func (d *Dir) place(k keyDir, s *staged, rec *record, newest uint64) error {
	b, err := readBucket(k.root, k.bucket)
	if err != nil {
		return err
	}
	keeps := b.Versioning == Enabled
	if rec.Order > newest && keeps == (rec.Version != Null) {
		return nil
	}
	rec.Order = max(newest+1, uint64(max(0, d.now().UnixNano())))
	rec.Version = Null
	if keeps {
		id, err := newVersionID(rec.Order, d.random)
		if err != nil {
			return err
		}
		rec.Version = id.String()
	}
	return s.seal(*rec)
}

// allows tells whether the conditions of a put hold, as S3 does.
func (k keyDir) allows(ifNoneMatch, ifMatch string) error {
	if ifNoneMatch == "" && ifMatch == "" {
		return nil
	}
	newest, err := k.newest()
	if err != nil {
		return err
	}
	return k.permits(newest, ifNoneMatch, ifMatch)
}

// permits is allows for the newest version that is known already.
func (k keyDir) permits(newest record, ifNoneMatch, ifMatch string) error {
	exists := newest.Order > 0 && !newest.Marker
	switch {
	case ifNoneMatch != "" && exists:
		return refuse(PreconditionFailed, k.bucket, k.key, "").With("Condition", "If-None-Match")
	case ifMatch != "" && exists && !sameTag(ifMatch, newest.ETag):
		return refuse(PreconditionFailed, k.bucket, k.key, "").With("Condition", "If-Match")
	case ifMatch != "" && !exists:
		return refuse(NoSuchKey, k.bucket, k.key, "")
	}
	return nil
}

// sameTag tells whether a caller means this entity tag. Quotes are left out by some,
// and "*" is any.
func sameTag(given, tag string) bool {
	return given == "*" || strings.Trim(given, `"`) == strings.Trim(tag, `"`)
}
