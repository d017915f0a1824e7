package transfer

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"slices"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// layout returns the parts that the object is to be sent in; nil is in one piece. Those
// that it came in keep its entity tag.
func (o *parcel) layout(ctx context.Context) ([]bucket.Part, error) {
	parts, err := o.known(ctx)
	if err != nil || parts != nil || o.object.Size <= largest {
		return parts, err
	}
	size := max(64<<20, (o.object.Size+bucket.MaxParts-1)/bucket.MaxParts)
	for at := int64(0); at < o.object.Size; at += size {
		parts = append(parts, bucket.Part{Number: len(parts) + 1, Offset: at, Size: min(size, o.object.Size-at)})
	}
	return parts, nil
}

// known returns the parts that the source knows; nil if it does not know all of them.
func (o *parcel) known(ctx context.Context) (parts []bucket.Part, err error) {
	if o.object.Parts == 0 {
		return nil, nil
	}
	whole := int64(0)
	for more := true; more; {
		page, err := o.From.Parts(ctx, o.bucket, o.key, o.version, bucket.PartListOptions{After: len(parts)})
		if err != nil {
			return nil, err
		}
		for _, p := range page.Parts {
			p.Offset, whole = whole, whole+p.Size
			parts = append(parts, p)
		}
		more = page.Truncated && len(page.Parts) > 0
	}
	small := func(p bucket.Part) bool { return p.Size < bucket.MinPart }
	if len(parts) != o.object.Parts || whole != o.object.Size || slices.ContainsFunc(parts[:len(parts)-1], small) {
		return nil, nil
	}
	return parts, nil
}

// inParts sends the object in parts. An upload that a process left behind when it was
// killed is given up first.
func (o *parcel) inParts(ctx context.Context, parts []bucket.Part) (bucket.Stored, error) {
	sums, err := o.digests(ctx, parts)
	if err != nil {
		return bucket.Stored{}, err
	}
	if err := o.judge(sums); err != nil {
		return bucket.Stored{}, err
	}
	if err := o.sweep(ctx); err != nil {
		return bucket.Stored{}, err
	}
	i := o.object.Info
	opts := bucket.UploadOptions{ContentType: i.ContentType, Metadata: i.Metadata, Headers: i.Headers, Tags: i.Tags}
	if i.Checksum.Value != "" && parts[0].Checksum.Value != "" {
		opts.Checksum = bucket.Checksum{Algorithm: i.Checksum.Algorithm, Type: i.Checksum.Type}
	}
	u, err := o.To.CreateUpload(ctx, o.bucket, o.key, opts)
	if err != nil {
		return bucket.Stored{}, err
	}
	stored, err := o.complete(ctx, u, parts, sums)
	if err != nil {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer done()
		_ = o.To.AbortUpload(last, o.bucket, o.key, u.ID) // the next one sweeps
	}
	return stored, err
}

// complete sends the parts, and has the target put them together.
func (o *parcel) complete(ctx context.Context, u bucket.Upload, parts []bucket.Part, sums [][]byte) (bucket.Stored, error) {
	var sent []bucket.Part
	for i, p := range parts {
		opts := bucket.PartOptions{ContentMD5: checksum.Encode(sums[i])}
		if u.Checksum.Algorithm != "" {
			opts.Checksum = p.Checksum
		}
		part, err := o.To.PutPart(ctx, o.bucket, o.key, u.ID, i+1, io.NewSectionReader(o.object, p.Offset, p.Size), opts)
		if err != nil {
			return bucket.Stored{}, err
		}
		part.Checksum = opts.Checksum
		sent = append(sent, part)
	}
	opts := bucket.CompleteOptions{IfNoneMatch: o.ifNoneMatch, IfMatch: o.ifMatch, Size: &o.object.Size}
	if u.Checksum.Algorithm != "" {
		opts.Checksum = o.object.Checksum
	}
	return o.To.CompleteUpload(ctx, o.bucket, o.key, u.ID, sent, opts)
}

// sweep gives up uploads of the key.
func (o *parcel) sweep(ctx context.Context) error {
	page, err := o.To.ListUploads(ctx, o.bucket, bucket.UploadListOptions{Prefix: o.key})
	if err != nil {
		return err
	}
	for _, u := range page.Uploads {
		if u.Key != o.key {
			continue
		}
		if err := o.To.AbortUpload(ctx, o.bucket, u.Key, u.ID); err != nil && !bucket.IsCode(err, bucket.NoSuchUpload) {
			return err
		}
	}
	return nil
}

// digests are the MD5 of each part.
func (o *parcel) digests(ctx context.Context, parts []bucket.Part) (sums [][]byte, err error) {
	for _, p := range parts {
		sum, err := digest(ctx, md5.New(), io.NewSectionReader(o.object, p.Offset, p.Size))
		if err != nil {
			return nil, err
		}
		sums = append(sums, sum)
	}
	return sums, nil
}

// judge finds out whether the bytes are those of the entity tag.
func (o *parcel) judge(sums [][]byte) error {
	if o.object.Parts != len(sums) {
		return nil // the tag is of other parts
	}
	all := md5.New()
	for _, sum := range sums {
		all.Write(sum)
	}
	if fmt.Sprintf(`"%x-%d"`, all.Sum(nil), len(sums)) != o.object.ETag {
		return o.damaged("its bytes do not have the MD5 of their parts")
	}
	return nil
}
