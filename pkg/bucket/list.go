package bucket

import (
	"context"
	"errors"
	"math"
	"strings"
)

// ListObjects returns a page of current objects. One whose record is damaged stands in
// it as [Dir.ListVersions] says.
func (d *Dir) ListObjects(ctx context.Context, bucket string, opts ListOptions) (page ObjectPage, err error) {
	defer d.explain(&err, "list", bucket, opts.Prefix)
	if err := CheckBucket(bucket); err != nil {
		return ObjectPage{}, err
	}
	if err := opts.Check(bucket); err != nil {
		return ObjectPage{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return ObjectPage{}, err
	}
	defer root.Close()
	marker := opts.StartAfter
	if opts.Token != "" {
		marker = opts.Token
	}
	g := grouping{opts.Prefix, opts.Delimiter}
	w := newWalk(ctx, root, bucket, opts.Prefix)
	g.start(w, marker)
	return listObjects(w, bucket, g, pageSize(opts.MaxKeys))
}

func listObjects(w *walk, bucket string, g grouping, limit int) (page ObjectPage, err error) {
	for {
		k, ok, err := w.next(bucket)
		if err != nil {
			return ObjectPage{}, err
		}
		if !ok {
			page.NextToken = ""
			return page, nil
		}
		info, ok, err := k.object()
		if err != nil {
			return ObjectPage{}, err
		}
		if !ok {
			continue
		}
		if len(page.Objects)+len(page.Prefixes) == limit {
			page.Truncated = true
			return page, nil
		}
		if common := g.common(k.key); common != "" {
			page.Prefixes = append(page.Prefixes, common)
			page.NextToken = common
			w.skip(common)
			continue
		}
		page.Objects = append(page.Objects, info)
		page.NextToken = k.key
	}
}

// pageSize returns how many entries a page has that is asked for this many.
func pageSize(maxKeys int) int {
	if maxKeys == 0 {
		return MaxKeys
	}
	return min(maxKeys, MaxKeys)
}

// object describes the key's current object, if it has one.
func (k keyDir) object() (info Info, ok bool, err error) {
	newest, err := k.newest()
	if errors.Is(err, ErrDamaged) {
		return k.damagedObject()
	}
	info = newest.listed()
	info.VersionID = ""
	return info, newest.Order > 0 && !newest.Marker, err
}

// damagedObject is object where the record that tells of it is damaged.
func (k keyDir) damagedObject() (Info, bool, error) {
	all, err := k.versions(math.MaxUint64, 1)
	if err != nil || len(all) == 0 || all[0].DeleteMarker { // it was replaced or deleted a moment ago
		return Info{}, false, err
	}
	all[0].VersionID = ""
	return all[0].Info, true, nil
}

// grouping makes one entry of the keys that share what comes up to the delimiter
// after the prefix.
type grouping struct{ prefix, delimiter string }

// common returns the common prefix that a key is listed under, or "".
func (g grouping) common(key string) string {
	if g.delimiter == "" || !strings.HasPrefix(key, g.prefix) {
		return ""
	}
	head, _, found := strings.Cut(key[len(g.prefix):], g.delimiter)
	if !found {
		return ""
	}
	return g.prefix + head + g.delimiter
}

// start lets a walk begin after the marker: a key, or a common prefix with all
// its keys, since the last entry of a page can be either. A key that is listed
// for itself is no common prefix, so that the marker alone tells which it is.
func (g grouping) start(w *walk, marker string) {
	switch {
	case marker == "":
	case g.common(marker) == marker:
		w.skip(marker)
	default:
		w.startAfter(marker)
	}
}
