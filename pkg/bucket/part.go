package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// partFile is the name of a part's file in the directory of its upload.
func partFile(number int) string { return fmt.Sprintf("part-%05d", number) }

// partNumber is the inverse of partFile, or 0.
func partNumber(name string) int {
	digits, _ := strings.CutPrefix(name, "part-")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > MaxParts || partFile(n) != name {
		return 0
	}
	return n
}

// PutPart reads body to its end and makes it a part.
func (d *Dir) PutPart(ctx context.Context, bucket, key, id string, number int, body io.Reader, opts PartOptions) (_ Part, err error) {
	defer d.explain(&err, "put a part of", bucket, key)
	if err := checkPart(number, bucket, key); err != nil {
		return Part{}, err
	}
	if err := opts.Check(bucket, key); err != nil {
		return Part{}, err
	}
	u, err := d.enterUpload(bucket, key, id)
	if err != nil {
		return Part{}, err
	}
	defer u.root.Close()
	rec, err := u.read()
	if err != nil {
		return Part{}, err
	}
	if err := rec.takes(opts.Checksum); err != nil {
		return Part{}, about(err, u.keyDir)
	}
	return u.put(ctx, d, rec, number, body, opts)
}

// takes tells whether an upload takes parts that come with such a checksum.
func (u uploadRecord) takes(sum Checksum) error {
	want, got := u.Checksum.Algorithm, sum.Algorithm
	if u.Implied || want == "" || got == want || got == "" && u.Checksum.Type == FullObject {
		return nil
	}
	if got == "" {
		got = "null"
	}
	return mistaken("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", want, got)
}

// put writes the part aside and gives it its place. Of checksums the part keeps that
// of the upload, and its caller is told the one that he came with.
func (u uploadDir) put(ctx context.Context, d *Dir, up uploadRecord, number int, body io.Reader, opts PartOptions) (Part, error) {
	s, err := d.stage(u.root)
	if err != nil {
		return Part{}, err
	}
	defer s.discard()
	if err := s.fill(ctx, body, algorithmsOf(up.Checksum, opts.Checksum)...); err != nil {
		return Part{}, err
	}
	told, err := s.sums.check(proof{opts.ContentMD5, opts.Checksum, opts.Trailer})
	if err != nil {
		return Part{}, about(err, u.keyDir)
	}
	rec := record{Key: u.key, Modified: d.now().UTC().Truncate(time.Second), Size: s.size, ETag: s.sums.tag(), Checksum: s.sums.of(up.Checksum.Algorithm)}
	if err := s.seal(rec); err != nil {
		return Part{}, err
	}
	if err := s.moveTo(u.path + "/" + partFile(number)); err != nil {
		if errors.Is(err, fs.ErrNotExist) { // the upload has ended meanwhile
			err = u.unknown()
		}
		return Part{}, err
	}
	part := rec.part(number)
	if told != nil {
		part.Checksum = *told
	}
	err = syncDir(u.root, u.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = u.unknown()
	}
	return part, err
}

// part describes a part by its record.
func (r record) part(number int) Part {
	return Part{Number: number, ETag: r.ETag, Size: r.Size, Modified: r.Modified, Checksum: r.checksum()}
}

// part opens a part: fs.ErrNotExist if there is none with the number.
func (u uploadDir) part(number int) (version, error) {
	return keyDir{root: u.root, path: u.path}.open(partFile(number))
}

// ListParts returns a page of the parts that an upload has.
func (d *Dir) ListParts(ctx context.Context, bucket, key, id string, opts PartListOptions) (_ PartPage, err error) {
	defer d.explain(&err, "list the parts of", bucket, key)
	u, err := d.enterUpload(bucket, key, id)
	if err != nil {
		return PartPage{}, err
	}
	defer u.root.Close()
	rec, err := u.read()
	if err != nil {
		return PartPage{}, err
	}
	page, err := u.list(ctx, opts.After, pageSize(opts.Max))
	page.Upload = rec.upload(id)
	return page, err
}

func (u uploadDir) list(ctx context.Context, after, limit int) (page PartPage, err error) {
	least := newLeast(limit, func(a, b int) int { return a - b })
	err = scan(u.root, u.path, func(name string) {
		if n := partNumber(name); n > after {
			least.add(n)
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		return PartPage{}, u.unknown()
	}
	numbers, more := least.sorted()
	page.Truncated = more
	for _, n := range numbers {
		if ctx.Err() != nil {
			return PartPage{}, context.Cause(ctx)
		}
		v, err := u.part(n)
		if errors.Is(err, fs.ErrNotExist) {
			return PartPage{}, u.unknown()
		}
		if err != nil {
			return PartPage{}, err
		}
		v.close()
		page.Parts = append(page.Parts, v.rec.part(n))
	}
	return page, err
}
