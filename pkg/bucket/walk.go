package bucket

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// batch is how many entries of a directory a walk keeps at a time. A directory
// that has more is read again for the next ones, so that memory does not grow
// with it.
const batch = 1024

// walk visits the keys of a bucket in order.
type walk struct {
	ctx    context.Context
	root   *os.Root
	prefix string  // visit only keys that begin so
	from   string  // and none below this
	stack  []level // from objects/, or where the prefix leads, to where the walk is
}

// level is a directory on the way.
type level struct {
	path   string // from root
	depth  int    // below objects/
	prefix string // of all keys in it
	next   []piece
	done   *piece // the last piece that next had; nil at the start
	more   bool   // there may be pieces after next
}

// newWalk begins at the first key with this prefix that is not below from.
func newWalk(ctx context.Context, root *os.Root, bucket, prefix, from string) *walk {
	dir, depth, rest := prefixPath(prefix)
	top := level{
		depth:  depth,
		path:   strings.TrimSuffix(bucket+objectsDir+"/"+dir, "/"),
		prefix: strings.TrimSuffix(prefix, rest),
		more:   true,
	}
	return &walk{ctx: ctx, root: root, prefix: prefix, from: from, stack: []level{top}}
}

// next returns the next key and its directory, or ok false at the end. The key
// may turn out to have no versions.
func (w *walk) next(bucket string) (k keyDir, ok bool, err error) {
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		p, ok, err := w.take(top)
		if err != nil {
			return keyDir{}, false, err
		}
		if !ok {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		path, text := top.path+"/"+p.name(), top.prefix+p.text
		if p.tag == keyTag {
			return keyDir{w.root, bucket, text, path}, true, nil
		}
		w.stack = append(w.stack, level{path: path, depth: top.depth + 1, prefix: text, more: true})
	}
	return keyDir{}, false, nil
}

// take returns the next piece of a level that the walk wants.
func (w *walk) take(l *level) (p piece, ok bool, err error) {
	for w.wants(l.prefix, false) {
		for len(l.next) > 0 {
			p, l.next = l.next[0], l.next[1:]
			if w.wants(l.prefix+p.text, p.tag == keyTag) {
				return p, true, nil
			}
		}
		if !l.more {
			break
		}
		if err := w.fill(l); err != nil {
			return piece{}, false, err
		}
	}
	return piece{}, false, nil
}

// wants tells whether a key (whole), or any that begins with these bytes, is one
// to visit.
func (w *walk) wants(text string, whole bool) bool {
	if strings.HasPrefix(text, w.prefix) {
		return text >= w.from || !whole && strings.HasPrefix(w.from, text)
	}
	return !whole && strings.HasPrefix(w.prefix, text)
}

// fill reads the next pieces of a level.
func (w *walk) fill(l *level) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	least := newLeast(batch, piece.compare)
	err := scan(w.root, l.path, func(name string) {
		p, ok := parsePiece(name, l.depth)
		if ok && (l.done == nil || p.compare(*l.done) > 0) && w.wants(l.prefix+p.text, p.tag == keyTag) {
			least.add(p)
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l.next, l.more = least.sorted()
	if len(l.next) > 0 {
		l.done = &l.next[len(l.next)-1]
	}
	return nil
}

// skip goes on after all keys with this prefix.
func (w *walk) skip(prefix string) {
	from, ok := after(prefix)
	if !ok {
		w.stack = nil
	}
	w.from = from
}

// after returns the first string that follows all strings with a prefix; ok is
// false if nothing does.
func after(prefix string) (_ string, ok bool) {
	for i := len(prefix) - 1; i >= 0; i-- {
		if c := prefix[i]; c < 0xff {
			return prefix[:i] + string([]byte{c + 1}), true
		}
	}
	return "", false
}

// least keeps the n least of the values it is given.
type least[T any] struct {
	n       int
	compare func(a, b T) int
	kept    []T  // sorted up to n when it has been cut
	cut     bool // values have been dropped
}

func newLeast[T any](n int, compare func(a, b T) int) *least[T] {
	return &least[T]{n: n, compare: compare}
}

// add keeps a value unless n lesser ones are known.
func (l *least[T]) add(v T) {
	if l.cut && l.compare(v, l.kept[l.n-1]) >= 0 {
		return
	}
	l.kept = append(l.kept, v)
	if len(l.kept) >= 2*l.n {
		l.trim()
	}
}

func (l *least[T]) trim() {
	slices.SortFunc(l.kept, l.compare)
	if len(l.kept) > l.n {
		l.cut = true
		clear(l.kept[l.n:])
		l.kept = l.kept[:l.n]
	}
}

// sorted returns the least values in order, and whether there were more.
func (l *least[T]) sorted() (kept []T, more bool) {
	l.trim()
	return l.kept, l.cut
}
