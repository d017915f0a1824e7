package transfer

import (
	"context"
	"fmt"
	"slices"

	"signer/pkg/bucket"
)

// shelf is a bucket of a store. One that keeps no versions is listed by its objects:
// their ids are null all, and not every server can page by these.
type shelf struct {
	store bucket.Store
	name  string
	keeps bool // versions
	size  int  // of pages
}

// id is what a version of the shelf is asked for by. Where there is but one, not every
// server knows it by the name null.
func (s shelf) id(v bucket.Version) string {
	if !s.keeps {
		return ""
	}
	return v.VersionID
}

// mark is where a page begins: after a version of a key.
type mark struct{ key, version string }

// page returns the versions that follow a mark, newest first for each key, and the mark
// of the page after; nil if this was the last.
func (s shelf) page(ctx context.Context, prefix string, after mark) ([]bucket.Version, *mark, error) {
	if !s.keeps {
		return s.objects(ctx, prefix, after.key)
	}
	page, err := s.store.ListVersions(ctx, s.name, bucket.VersionOptions{Prefix: prefix, KeyMarker: after.key, VersionMarker: after.version, MaxKeys: s.size})
	page.Versions = beyond(page.Versions, after)
	if err != nil || !page.Truncated {
		return page.Versions, nil, err
	}
	next := mark{page.NextKeyMarker, page.NextVersionMarker}
	if next == after {
		return nil, nil, fmt.Errorf("list the versions in the bucket %s: the store's pages do not end", s.name)
	}
	return page.Versions, &next, nil
}

// beyond drops what a page repeats of the one before. S3 repeats nothing.
func beyond(all []bucket.Version, after mark) []bucket.Version {
	i := slices.IndexFunc(all, func(v bucket.Version) bool { return v.Key == after.key && v.VersionID == after.version })
	return all[i+1:]
}

func (s shelf) objects(ctx context.Context, prefix, after string) (all []bucket.Version, next *mark, err error) {
	page, err := s.store.ListObjects(ctx, s.name, bucket.ListOptions{Prefix: prefix, StartAfter: after, MaxKeys: s.size})
	if err != nil {
		return nil, nil, err
	}
	for _, o := range page.Objects {
		o.VersionID = bucket.Null
		all = append(all, bucket.Version{Info: o, Latest: true})
	}
	if page.Truncated && len(all) > 0 {
		next = &mark{key: all[len(all)-1].Key}
	}
	return all, next, nil
}

// cursor walks the keys of a shelf that have a prefix.
type cursor struct {
	shelf
	prefix string
	page   []bucket.Version
	after  *mark // of the page to come; nil: there is none
}

func (s shelf) cursor(prefix string) *cursor {
	return &cursor{shelf: s, prefix: prefix, after: &mark{}}
}

// next returns the next key with what versions it has, or nil at the end.
func (c *cursor) next(ctx context.Context) (h *history, err error) {
	for {
		for len(c.page) == 0 {
			if c.after == nil {
				return h, nil
			}
			if c.page, c.after, err = c.shelf.page(ctx, c.prefix, *c.after); err != nil {
				return nil, err
			}
		}
		v := c.page[0]
		if h != nil && v.Key != h.key {
			return h, nil
		}
		if h == nil {
			h = &history{shelf: c.shelf, key: v.Key}
		}
		h.add(v)
		c.page = c.page[1:]
	}
}

// find returns what versions a key has, or nil if it has none.
func (s shelf) find(ctx context.Context, key string) (*history, error) {
	h, err := s.cursor(key).next(ctx)
	if err != nil || h == nil || h.key != key {
		return nil, err
	}
	return h, nil
}

// history is all versions of a key. The newest of them are held, and of the others only
// where they begin.
type history struct {
	shelf
	key    string
	n      int // how many there are
	newest []bucket.Version
	marks  []mark // after each full page of them
}

func (h *history) add(v bucket.Version) {
	if h.n < h.size {
		h.newest = append(h.newest, v)
	}
	h.n++
	if h.n%h.size == 0 {
		h.marks = append(h.marks, mark{v.Key, v.VersionID})
	}
}

// version names one of the versions.
func (h *history) version(v bucket.Version) Version { return Version{h.name, h.key, v.VersionID} }

// backwards reads a history from the oldest version on.
type backwards struct {
	*history
	left int // how many are still to be read
	held []bucket.Version
	from int // the place of the first that is held; -1: none is
}

// oldest reads all versions but the oldest n.
func (h *history) oldest(n int) *backwards { return &backwards{history: h, left: h.n - n, from: -1} }

// next returns the next version, or ok false at the end.
func (b *backwards) next(ctx context.Context) (v bucket.Version, ok bool, err error) {
	if b.left <= 0 {
		return v, false, nil
	}
	b.left--
	if from := b.left / b.size * b.size; from != b.from {
		b.from = from
		if b.held, err = b.block(ctx, from); err != nil {
			return v, false, err
		}
	}
	return b.held[b.left-b.from], true, nil
}

// block returns the versions from a place on that stand on a page together.
func (h *history) block(ctx context.Context, from int) (all []bucket.Version, err error) {
	if from == 0 {
		return h.newest, nil
	}
	want := min(h.size, h.n-from)
	for after := &h.marks[from/h.size-1]; after != nil && len(all) < want; {
		var page []bucket.Version
		if page, after, err = h.page(ctx, h.key, *after); err != nil {
			return nil, err
		}
		for _, v := range page {
			if v.Key == h.key {
				all = append(all, v)
			}
		}
	}
	if len(all) < want {
		return nil, fmt.Errorf("s3://%s/%s: versions of it are gone that were there a moment ago: somebody uses it", h.name, h.key)
	}
	return all[:want], nil
}
