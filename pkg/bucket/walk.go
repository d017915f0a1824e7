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
	bounds bounds
	stack  []level // from objects/, or where the prefix leads, to where the walk is
}

// bounds say which keys to visit: those that begin with prefix and are not below
// from.
type bounds struct{ prefix, from string }

// level is a directory on the way.
type level struct {
	path   string // from root
	depth  int    // below objects/
	prefix string // of all keys in it
	next   []piece
	done   *piece // the last piece that next had; nil at the start
	more   bool   // there may be pieces after next
}

// newWalk begins with the first key that has the prefix.
func newWalk(ctx context.Context, root *os.Root, bucket, prefix string) *walk {
	dir, depth, rest := prefixPath(prefix)
	top := level{
		depth:  depth,
		path:   strings.TrimSuffix(bucket+objectsDir+"/"+dir, "/"),
		prefix: strings.TrimSuffix(prefix, rest),
		more:   true,
	}
	return &walk{ctx: ctx, root: root, bounds: bounds{prefix: prefix}, stack: []level{top}}
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

// take returns the next piece of a level that leads to keys in the bounds.
func (w *walk) take(l *level) (p piece, ok bool, err error) {
	for w.bounds.reach(l.prefix) {
		within := w.bounds.within(l.prefix)
		for len(l.next) > 0 {
			p, l.next = l.next[0], l.next[1:]
			if within.wants(p) {
				return p, true, nil
			}
		}
		if !l.more {
			break
		}
		if err := w.fill(l, within); err != nil {
			return piece{}, false, err
		}
	}
	return piece{}, false, nil
}

// fill reads the next pieces of a level.
func (w *walk) fill(l *level, within bounds) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	least := newLeast(batch, piece.compare)
	err := scan(w.root, l.path, func(name string) {
		p, ok := parsePiece(name, l.depth)
		if ok && (l.done == nil || p.compare(*l.done) > 0) && within.wants(p) {
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

// startAfter lets the walk begin after a key.
func (w *walk) startAfter(key string) { w.bounds.from = key + "\x00" }

// skip goes on after all keys with this prefix.
func (w *walk) skip(prefix string) {
	from, ok := after(prefix)
	if !ok {
		w.stack = nil
	}
	w.bounds.from = from
}

// wants tells whether a piece is, or leads to, a key in the bounds.
func (b bounds) wants(p piece) bool {
	if p.tag == keyTag {
		return p.text >= b.from && strings.HasPrefix(p.text, b.prefix)
	}
	return b.reach(p.text)
}

// reach tells whether keys that begin with this text can be in the bounds.
func (b bounds) reach(text string) bool {
	longer, shorter := text, b.prefix
	if len(longer) < len(shorter) {
		longer, shorter = shorter, longer
	}
	return strings.HasPrefix(longer, shorter) && (longer >= b.from || strings.HasPrefix(b.from, longer))
}

// within returns the bounds for what follows this text in keys that begin with
// it, which the bounds reach.
func (b bounds) within(text string) bounds {
	b.prefix = b.prefix[min(len(text), len(b.prefix)):]
	if rest, ok := strings.CutPrefix(b.from, text); ok {
		b.from = rest
	} else {
		b.from = ""
	}
	return b
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
