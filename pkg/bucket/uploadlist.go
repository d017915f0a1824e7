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
	after  *Upload       // the one that the page begins after; nil: after KeyMarker
	found  []uploadEntry // in order
}

// uploadEntry is an upload or, if grouped, a common prefix with the first upload that
// it stands for.
type uploadEntry struct {
	name    string // its key, or the prefix
	grouped bool
	upload  Upload
}

func (e uploadEntry) compare(o uploadEntry) int {
	c := strings.Compare(e.name, o.name)
	if e.grouped && o.grouped {
		return c
	}
	return cmp.Or(c, strings.Compare(e.upload.ID, o.upload.ID))
}

// begin finds the upload that the page begins after. It may have ended meanwhile: ids
// are in the order of time, so that its place is known all the same.
func (l *uploadLister) begin() error {
	id := l.opts.UploadMarker
	if id == "" || l.opts.KeyMarker == "" {
		return nil
	}
	rec, err := readUpload(l.root, l.bucket, id)
	if errors.Is(err, fs.ErrNotExist) && isUploadID(id) {
		rec.Key, err = l.opts.KeyMarker, nil
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil && rec.Key < l.opts.KeyMarker {
		return l.badMarker()
	}
	l.after = &Upload{Key: rec.Key, ID: id}
	return err
}

func (l *uploadLister) badMarker() error {
	return invalid("Invalid uploadId marker", l.bucket, "", "").With("ArgumentName", "upload-id-marker").With("ArgumentValue", l.opts.UploadMarker)
}

func (l *uploadLister) scan() error {
	err := l.begin()
	if err != nil {
		return err
	}
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
	e := uploadEntry{name: rec.Key, upload: rec.upload(id)}
	if common := (grouping{l.opts.Prefix, l.opts.Delimiter}).common(rec.Key); common != "" {
		e.name, e.grouped = common, true
	}
	follows, err := l.follows(e)
	if follows {
		l.add(e)
	}
	return err
}

// follows tells whether an entry comes after the markers. Both mark one upload, so that
// no other may lie between them.
func (l *uploadLister) follows(e uploadEntry) (bool, error) {
	key, id := e.upload.Key, e.upload.ID
	switch {
	case l.after == nil:
		return key > l.opts.KeyMarker && !(e.grouped && e.name == l.opts.KeyMarker), nil
	case key >= l.opts.KeyMarker && key < l.after.Key:
		return false, l.badMarker()
	}
	return key > l.after.Key || key == l.after.Key && id > l.after.ID, nil
}

// add puts an entry where it belongs, once, and drops one too many. A common prefix
// keeps the first of its uploads.
func (l *uploadLister) add(e uploadEntry) {
	i, known := slices.BinarySearchFunc(l.found, e, uploadEntry.compare)
	switch {
	case known:
		if old := l.found[i].upload; cmp.Or(strings.Compare(e.upload.Key, old.Key), strings.Compare(e.upload.ID, old.ID)) < 0 {
			l.found[i].upload = e.upload
		}
	case i < l.room:
		l.found = slices.Insert(l.found, i, e)
		l.found = l.found[:min(len(l.found), l.room)]
	}
}

func (l *uploadLister) page() (page UploadPage) {
	if len(l.found) == l.room {
		page.Truncated = true
		l.found = l.found[:l.room-1]
	}
	for _, e := range l.found {
		if e.grouped {
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
