package bucket

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// ListUploads returns a page of uploads. All uploads in the bucket are looked at for
// each page, and as many kept as the page has.
func (d *Dir) ListUploads(ctx context.Context, bucket string, opts UploadListOptions) (_ UploadPage, err error) {
	defer d.explain(&err, "list the uploads in", bucket, opts.Prefix)
	if err := CheckBucket(bucket); err != nil {
		return UploadPage{}, err
	}
	if err := checkMaxKeys(bucket, opts.Max); err != nil {
		return UploadPage{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return UploadPage{}, err
	}
	defer root.Close()
	l := uploadLister{ctx: ctx, root: root, bucket: bucket, opts: opts, room: pageSize(opts.Max) + 1}
	if err := l.scan(); err != nil {
		return UploadPage{}, err
	}
	return l.page(), nil
}

// uploadLister finds the first entries of a listing.
type uploadLister struct {
	ctx    context.Context
	root   *os.Root
	bucket string
	opts   UploadListOptions
	room   int
	found  []uploadEntry // in order
}

// uploadEntry is an upload or, without one, a common prefix.
type uploadEntry struct {
	name   string // its key, or the prefix
	upload Upload
}

func (e uploadEntry) compare(o uploadEntry) int {
	return cmp.Or(strings.Compare(e.name, o.name), strings.Compare(e.upload.ID, o.upload.ID))
}

func (l *uploadLister) scan() (err error) {
	scanErr := scan(l.root, l.bucket+uploadsDir, func(id string) {
		if err == nil && isUploadID(id) {
			err = l.look(id)
		}
	})
	return cmp.Or(err, unless(scanErr, fs.ErrNotExist))
}

// look adds an upload, or its common prefix, if it belongs to the listing.
func (l *uploadLister) look(id string) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	rec, err := readUpload(l.root, l.bucket, id)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !strings.HasPrefix(rec.Key, l.opts.Prefix) {
		return nil
	}
	if err != nil {
		return err
	}
	e := uploadEntry{rec.Key, rec.upload(id)}
	g := grouping{l.opts.Prefix, l.opts.Delimiter}
	if common := g.common(rec.Key); common != "" {
		e = uploadEntry{name: common}
	}
	if l.follows(e) {
		l.add(e)
	}
	return nil
}

// follows tells whether an entry comes after the markers.
func (l *uploadLister) follows(e uploadEntry) bool {
	within := e.upload.ID != "" && e.name == l.opts.KeyMarker && l.opts.UploadMarker != ""
	return e.name > l.opts.KeyMarker || within && e.upload.ID > l.opts.UploadMarker
}

// add puts an entry where it belongs, once, and drops one too many.
func (l *uploadLister) add(e uploadEntry) {
	i, known := slices.BinarySearchFunc(l.found, e, uploadEntry.compare)
	if known || i == l.room {
		return
	}
	l.found = slices.Insert(l.found, i, e)
	l.found = l.found[:min(len(l.found), l.room)]
}

func (l *uploadLister) page() (page UploadPage) {
	if len(l.found) == l.room {
		page.Truncated = true
		l.found = l.found[:l.room-1]
	}
	for _, e := range l.found {
		if e.upload.ID == "" {
			page.Prefixes = append(page.Prefixes, e.name)
		} else {
			page.Uploads = append(page.Uploads, e.upload)
		}
	}
	if page.Truncated {
		last := l.found[len(l.found)-1]
		page.NextKeyMarker, page.NextUploadMarker = last.name, last.upload.ID
	}
	return page
}
