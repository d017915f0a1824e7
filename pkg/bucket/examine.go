package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"signer/pkg/bucket/checksum"
)

// Fault is a file of the store that is not as it was written.
type Fault struct {
	Path        string
	Bucket, Key string // whose version it holds; no key: it is about the bucket
	VersionID   string // empty if it is the null version
	Err         error  // what is wrong
}

// Examine looks at every bucket and every version, and tells found what is wrong with
// them. If whole is true it reads all bytes and holds them to the digests that were
// recorded when they came. It changes nothing, and what others change meanwhile is no
// fault. An error means that it did not come to an end.
func (d *Dir) Examine(ctx context.Context, whole bool, found func(Fault)) error {
	root, err := os.OpenRoot(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	x := &examiner{d, root, whole, found}
	names, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range names {
		if name := entry.Name(); entry.IsDir() && plainName(name) {
			if err := x.bucket(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// examiner is a run of Examine.
type examiner struct {
	dir   *Dir
	root  *os.Root
	whole bool
	found func(Fault)
}

// bucket looks at a bucket. One that is just being made or removed is none.
func (x *examiner) bucket(ctx context.Context, name string) error {
	there := bucketExists(x.root, name)
	if unreadable := there != nil && !IsCode(there, NoSuchBucket); unreadable {
		x.wrong(Fault{Path: name, Bucket: name, Err: there})
		return nil
	}
	_, err := readBucket(x.root, name)
	missing := there != nil
	switch {
	case missing && x.young(name):
		return nil
	case missing && err == nil:
		x.wrong(Fault{Path: name + objectsDir, Bucket: name, Err: errors.New("it is missing, and with it all objects of the bucket")})
		return nil
	case missing: // somebody else's directory, or what is left of a bucket
		return nil
	case IsCode(err, NoSuchBucket):
		err = errors.New("it is missing, and without it the bucket's objects cannot be read")
	}
	if err != nil {
		x.wrong(Fault{Path: name + bucketFile, Bucket: name, Err: err})
	}
	return x.keys(ctx, name)
}

// young tells whether a directory was changed a moment ago.
func (x *examiner) young(name string) bool {
	st, err := x.root.Stat(name)
	return err != nil || x.dir.now().Sub(st.ModTime()) < settling
}

func (x *examiner) wrong(f Fault) {
	f.Path = filepath.Join(x.dir.dir, filepath.FromSlash(f.Path))
	x.found(f)
}

// keys looks at all keys of a bucket.
func (x *examiner) keys(ctx context.Context, bucket string) error {
	for w := newWalk(ctx, x.root, bucket, ""); ; {
		k, ok, err := w.next(bucket)
		if err != nil || !ok {
			return unless(err, fs.ErrNotExist) // the bucket has been removed
		}
		var names []string
		err = scan(x.root, k.path, func(name string) { names = append(names, name) })
		if err := unless(err, fs.ErrNotExist); err != nil {
			return err
		}
		for _, name := range names {
			if err := x.version(ctx, k, name); err != nil {
				return err
			}
		}
	}
}

// version looks at a file in the directory of a key.
func (x *examiner) version(ctx context.Context, k keyDir, name string) error {
	id, ok := parseFileName(name)
	if !ok && name != Null {
		return nil
	}
	f := Fault{Path: k.path + "/" + name, Bucket: k.bucket, Key: k.key}
	if ok {
		f.VersionID = id.String()
	}
	v, err := k.open(name)
	if err == nil {
		err = x.bytes(ctx, k, v)
		v.close()
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if f.Err = err; err != nil && !errors.Is(err, fs.ErrNotExist) {
		x.wrong(f)
	}
	return nil
}

// bytes holds a version to its record.
func (x *examiner) bytes(ctx context.Context, k keyDir, v version) error {
	if v.rec.Key != k.key {
		return damaged(fmt.Sprintf("it holds a version of the key %.100q", v.rec.Key))
	}
	if !x.whole || v.rec.Marker {
		return nil
	}
	var algorithms []checksum.Algorithm
	sum := v.rec.Checksum
	if sum != nil && sum.Type != Composite && sum.Value != "" {
		algorithms = append(algorithms, sum.Algorithm)
	}
	s := newSums(algorithms)
	if _, err := io.Copy(s, &patient{ctx, io.LimitReader(v.f, v.rec.Size)}); err != nil {
		return err
	}
	if v.rec.Parts == 0 && s.tag() != v.rec.ETag {
		return damaged("its bytes do not have their MD5")
	}
	for _, a := range algorithms {
		if s.of(a).Value != sum.Value {
			return damaged(fmt.Sprintf("its bytes do not have their %s", a))
		}
	}
	return nil
}

// patient is a reader that ends with its context.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, context.Cause(p.ctx)
	}
	return p.r.Read(b)
}
