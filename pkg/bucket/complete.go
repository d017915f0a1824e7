package bucket

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"signer/pkg/bucket/checksum"
)

// CompleteUpload makes the current version of key of the parts.
func (d *Dir) CompleteUpload(ctx context.Context, bucket, key, id string, parts []Part, opts CompleteOptions) (_ Stored, err error) {
	defer d.explain(&err, "complete an upload of", bucket, key)
	if err := checkConditions(opts.IfNoneMatch, opts.IfMatch, bucket, key); err != nil {
		return Stored{}, err
	}
	u, err := d.enterUpload(bucket, key, id)
	if err != nil {
		return Stored{}, err
	}
	defer u.root.Close()
	up, unlock, err := u.lock(ctx)
	if IsCode(err, NoSuchUpload) {
		return u.completed(err)
	}
	if err != nil {
		return Stored{}, err
	}
	defer unlock()
	if stored, err := u.completed(nil); err != nil || stored.ETag != "" { // its process died before the upload was removed
		return stored, errors.Join(err, u.remove(d))
	}
	stored, err := u.complete(ctx, d, up, parts, opts)
	if err != nil {
		return Stored{}, about(err, u.keyDir)
	}
	_ = u.remove(d) // what is left of it can be aborted, and completed once more
	return stored, nil
}

// completed returns what became of the upload if that is the newest version, else
// nothing and the error.
func (u uploadDir) completed(otherwise error) (Stored, error) {
	newest, err := u.newest()
	if err != nil {
		return Stored{}, err
	}
	if newest.Upload != u.id || u.id == "" {
		return Stored{}, otherwise
	}
	return newest.stored(), nil
}

// complete checks what is asked for before it copies anything.
func (u uploadDir) complete(ctx context.Context, d *Dir, up uploadRecord, wanted []Part, opts CompleteOptions) (Stored, error) {
	if err := u.allows(opts.IfNoneMatch, opts.IfMatch); err != nil {
		return Stored{}, err
	}
	parts, err := u.gather(ctx, up, wanted)
	if err != nil {
		return Stored{}, err
	}
	rec, err := up.whole(parts)
	if err != nil {
		return Stored{}, err
	}
	rec.Upload = u.id
	if err := up.agrees(rec, opts); err != nil {
		return Stored{}, err
	}
	s, err := d.stage(u.root)
	if err != nil {
		return Stored{}, err
	}
	defer s.discard()
	if err := u.assemble(ctx, s, parts); err != nil {
		return Stored{}, err
	}
	if rec.Table, err = s.writeTable(parts); err != nil {
		return Stored{}, err
	}
	err = d.commit(ctx, u.keyDir, s, &rec, func(newest record) error { return u.permits(newest, opts.IfNoneMatch, opts.IfMatch) })
	return rec.stored(), err
}

// gather finds the parts that are wanted.
func (u uploadDir) gather(ctx context.Context, up uploadRecord, wanted []Part) (parts []Part, err error) {
	if len(wanted) == 0 {
		return nil, NewError(MalformedXML)
	}
	for i := range wanted[1:] {
		if wanted[i+1].Number <= wanted[i].Number {
			return nil, NewError(InvalidPartOrder)
		}
	}
	for i, want := range wanted {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		v, err := u.part(want.Number)
		v.close()
		part := v.rec.part(want.Number)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !sameTag(want.ETag, part.ETag) {
			return nil, u.invalidPart(want)
		}
		if err != nil {
			return nil, err
		}
		if err := up.expects(want, part); err != nil {
			return nil, err
		}
		if i < len(wanted)-1 && part.Size < MinPart {
			return nil, NewError(EntityTooSmall).With("ProposedSize", part.Size).With("MinSizeAllowed", MinPart)
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// invalidPart returns what S3 says of a part that is not there as a caller has it.
func (u uploadDir) invalidPart(want Part) *Error {
	return NewError(InvalidPart).With("UploadId", u.id).With("PartNumber", want.Number).With("ETag", strings.Trim(want.ETag, `"`))
}

// expects tells whether the checksum that a caller has of a part is the part's.
func (u uploadRecord) expects(want, part Part) error {
	algorithm := u.Checksum.Algorithm
	switch {
	case algorithm == "", u.Implied && want.Checksum.Algorithm != algorithm:
		return nil
	case want.Checksum.Value == "" && u.Checksum.Type == Composite:
		return mistaken("The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %d in the request.", lower(algorithm), want.Number)
	case want.Checksum.Value == "":
		return nil
	case want.Checksum.Algorithm != algorithm:
		e := NewError(BadDigest)
		e.Message = fmt.Sprintf("The %s you specified for part %d did not match what we received.", lower(want.Checksum.Algorithm), want.Number)
		return e
	case want.Checksum.Value != part.Checksum.Value:
		return NewError(InvalidPart)
	}
	return nil
}

// whole describes what the parts make together, and puts them into order.
func (u uploadRecord) whole(parts []Part) (record, error) {
	rec := record{
		Key:         u.Key,
		Modified:    u.Initiated, // as S3 has it
		ContentType: u.ContentType,
		Metadata:    u.Metadata,
		Headers:     u.Headers,
		Tags:        u.Tags,
		Parts:       len(parts),
	}
	tags := md5.New()
	for i := range parts {
		parts[i].Offset = rec.Size
		rec.Size += parts[i].Size
		tag, err := hex.DecodeString(strings.Trim(parts[i].ETag, `"`))
		if err != nil {
			return record{}, damaged("the entity tag of a part is none")
		}
		tags.Write(tag)
	}
	rec.ETag = fmt.Sprintf(`"%x-%d"`, tags.Sum(nil), len(parts))
	sum, err := u.wholeSum(parts)
	rec.Checksum = sum
	return rec, err
}

// wholeSum calculates the checksum of the whole from those of the parts.
func (u uploadRecord) wholeSum(parts []Part) (*Checksum, error) {
	a := u.Checksum.Algorithm
	if a == "" {
		return nil, nil
	}
	sum, all := a.New().Sum(nil), a.New() // that of nothing, and of all checksums
	for _, p := range parts {
		next, ok := a.Decode(p.Checksum.Value)
		if !ok {
			return nil, damaged("the checksum of a part is none")
		}
		if u.Checksum.Type == FullObject {
			sum = a.Combine(sum, next, p.Size)
		}
		all.Write(next)
	}
	if u.Checksum.Type == FullObject {
		return &Checksum{a, FullObject, checksum.Encode(sum)}, nil
	}
	return &Checksum{a, Composite, fmt.Sprintf("%s-%d", checksum.Encode(all.Sum(nil)), len(parts))}, nil
}

// agrees tells whether the object will be what the caller says.
func (u uploadRecord) agrees(rec record, opts CompleteOptions) error {
	want, sum := opts.Checksum, rec.checksum()
	switch {
	case opts.Size != nil && *opts.Size != rec.Size:
		return mistaken("The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", rec.Size, *opts.Size)
	case u.Implied || sum.Algorithm == "":
		return nil
	case want.Type != "" && want.Type != sum.Type:
		return mistaken("The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", sum.Type)
	case want.Value != "" && (want.Algorithm != sum.Algorithm || !sum.told(want.Value)):
		return unlike(want.Algorithm)
	}
	return nil
}

// told tells whether a value is this checksum. MinIO's clients leave out of how many parts
// a composite one is, which S3 puts behind it.
func (c Checksum) told(value string) bool {
	bare, _, _ := strings.Cut(c.Value, "-")
	return value == c.Value || c.Type == Composite && value == bare
}

// assemble copies the parts behind one another. One that has been replaced since it
// was looked at is InvalidPart.
func (u uploadDir) assemble(ctx context.Context, s *staged, parts []Part) error {
	for _, p := range parts {
		v, err := u.part(p.Number)
		if errors.Is(err, fs.ErrNotExist) || err == nil && v.rec.ETag != p.ETag {
			err = u.invalidPart(p)
		}
		if err == nil {
			err = s.append(ctx, v.f, p.Size)
		}
		v.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// append adds the first bytes of a file, which the kernel can copy or share.
func (s *staged) append(ctx context.Context, f *os.File, size int64) error {
	for left := size; left > 0; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := io.CopyN(s.f, f, min(left, flushEvery))
		if err != nil {
			return fmt.Errorf("copy a part: %w", err)
		}
		startFlush(s.f, s.size, n)
		s.size, left = s.size+n, left-n
	}
	return nil
}
