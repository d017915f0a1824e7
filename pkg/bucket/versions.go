package bucket

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math"
)

// ListVersions returns a page of versions and delete markers. A version whose record
// is damaged stands in it, too: to fail would hide all others, and to leave it out
// would have whoever copies a bucket believe that it is not there. Of such a version
// its key and its id are told, and in place of what the record knew the size and the
// time of its file, and no entity tag; to read it fails, and it can be deleted. Where
// it is the null version, whose order only its record knew, it counts as the newest.
func (d *Dir) ListVersions(ctx context.Context, bucket string, opts VersionOptions) (page VersionPage, err error) {
	defer d.explain(&err, "list the versions in", bucket, opts.Prefix)
	if err := CheckBucket(bucket); err != nil {
		return VersionPage{}, err
	}
	if err := opts.Check(bucket); err != nil {
		return VersionPage{}, err
	}
	if err := checkVersion(bucket, opts.KeyMarker, opts.VersionMarker); err != nil {
		return VersionPage{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return VersionPage{}, err
	}
	defer root.Close()
	l := versionLister{
		walk:     newWalk(ctx, root, bucket, opts.Prefix),
		bucket:   bucket,
		grouping: grouping{opts.Prefix, opts.Delimiter},
		limit:    pageSize(opts.MaxKeys),
	}
	if opts.VersionMarker == "" {
		l.start(l.walk, opts.KeyMarker)
	} else if err := l.startWithin(opts.KeyMarker, opts.VersionMarker); err != nil {
		return VersionPage{}, err
	}
	err = l.list()
	return l.page, err
}

// versionLister fills a page of versions.
type versionLister struct {
	*walk
	grouping
	bucket string
	limit  int
	page   VersionPage

	within string // the key in which the page begins, if it begins within one
	below  uint64 // and the order of the version that it begins after
}

// startWithin lets the page begin after a version of a key. Where that version
// is gone and its order with it, the key's versions are told once more: better
// twice than never.
func (l *versionLister) startWithin(key, version string) error {
	l.bounds.from, l.within, l.below = key, key, math.MaxUint64
	if id, ok := parseVersionID(version); ok {
		l.below = id.order
		return nil
	}
	if version != Null {
		return invalid("Invalid version id specified", l.bucket, key, version)
	}
	rec, err := newKeyDir(l.root, l.bucket, key).listable(Null)
	if rec.Order > 0 {
		l.below = rec.Order
	}
	return err
}

// list fills the page.
func (l *versionLister) list() error {
	for !l.page.Truncated {
		k, ok, err := l.next(l.bucket)
		if err != nil {
			return err
		}
		if !ok {
			l.page.NextKeyMarker, l.page.NextVersionMarker = "", ""
			return nil
		}
		below := uint64(math.MaxUint64)
		if k.key == l.within {
			below = l.below
		}
		n := l.room() + 1
		if l.common(k.key) != "" {
			n = 1 // to know that there is one
		}
		versions, err := k.versions(below, n)
		if err != nil {
			return err
		}
		l.add(k.key, versions)
	}
	return nil
}

// room is how many entries the page can still have.
func (l *versionLister) room() int {
	return l.limit - len(l.page.Versions) - len(l.page.Prefixes)
}

// add adds the versions of a key, or their common prefix, as far as there is
// room.
func (l *versionLister) add(key string, versions []Version) {
	if len(versions) == 0 {
		return
	}
	room, common := l.room(), l.common(key)
	if common == "" {
		l.page.Truncated = len(versions) > room
		l.addVersions(versions[:min(room, len(versions))])
		return
	}
	if room == 0 {
		l.page.Truncated = true
		return
	}
	l.page.Prefixes = append(l.page.Prefixes, common)
	l.page.NextKeyMarker, l.page.NextVersionMarker = common, ""
	l.skip(common)
}

func (l *versionLister) addVersions(versions []Version) {
	for _, v := range versions {
		l.page.Versions = append(l.page.Versions, v)
		l.page.NextKeyMarker, l.page.NextVersionMarker = v.Key, v.VersionID
	}
}

// versions describes the newest n versions of the key whose order is below this
// one, newest first.
func (k keyDir) versions(below uint64, n int) ([]Version, error) {
	for range maxTries {
		all, err := k.tryVersions(below, n)
		if !errors.Is(err, fs.ErrNotExist) { // one was there a moment ago
			return all, err
		}
	}
	return nil, errors.New("the object changes faster than its versions can be listed")
}

func (k keyDir) tryVersions(below uint64, n int) ([]Version, error) {
	null, err := k.listable(Null)
	if err != nil {
		return nil, err
	}
	places, newest, err := k.places(null.Order, below, n)
	if err != nil {
		return nil, err
	}
	all := make([]Version, 0, len(places))
	for _, p := range places {
		rec := null
		if p.name != Null {
			if rec, err = k.listable(p.name); err != nil {
				return nil, err
			}
			if rec.Order == 0 {
				return nil, fs.ErrNotExist
			}
		}
		all = append(all, Version{rec.listed(), p.order == newest})
	}
	return all, nil
}

// listable is record, for a page: of a version that is damaged it has what can still
// be told.
func (k keyDir) listable(name string) (record, error) {
	rec, err := k.record(name)
	if !errors.Is(err, ErrDamaged) {
		return rec, err
	}
	st, err := k.root.Stat(k.path + "/" + name)
	if err != nil {
		return record{}, unless(err, fs.ErrNotExist)
	}
	rec = record{Key: k.key, Version: Null, Order: math.MaxUint64 - 1, Modified: st.ModTime().UTC(), Size: st.Size()}
	if id, ok := parseFileName(name); ok {
		rec.Version, rec.Order = id.String(), id.order
	}
	return rec, nil
}

// place is where a version is: in the order, and in the directory.
type place struct {
	order uint64
	name  string
}

// places returns where the newest n versions are whose order is below this one,
// and the order of the newest of all. null is the order of the null version, or
// 0; if there is one all the same by now, places returns fs.ErrNotExist. A
// directory that does not exist has none.
func (k keyDir) places(null, below uint64, n int) (places []place, newest uint64, err error) {
	least := newLeast(n, func(a, b place) int { return cmp.Compare(b.order, a.order) })
	add := func(p place) {
		newest = max(newest, p.order)
		if p.order < below {
			least.add(p)
		}
	}
	if null > 0 {
		add(place{null, Null})
	}
	missed := false
	err = scan(k.root, k.path, func(name string) {
		if id, ok := parseFileName(name); ok {
			add(place{id.order, name})
		} else if name == Null && null == 0 {
			missed = true
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if missed {
		return nil, 0, fs.ErrNotExist
	}
	places, _ = least.sorted()
	return places, newest, err
}
