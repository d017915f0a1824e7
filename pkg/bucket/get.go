package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
)

// Get opens a version. ctx matters only until Get returns.
func (d *Dir) Get(ctx context.Context, bucket, key, version string) (_ *Object, err error) {
	defer d.explain(&err, "get", bucket, key)
	info, _, f, err := d.open(ctx, bucket, key, version)
	if err != nil {
		return nil, err
	}
	return &Object{info, &file{io.NewSectionReader(f, 0, info.Size), f}}, nil
}

// Head describes a version.
func (d *Dir) Head(ctx context.Context, bucket, key, version string) (_ Info, err error) {
	defer d.explain(&err, "head", bucket, key)
	info, _, f, err := d.open(ctx, bucket, key, version)
	if err != nil {
		return Info{}, err
	}
	return info, f.Close()
}

// open opens a version that is an object.
func (d *Dir) open(ctx context.Context, bucket, key, version string) (Info, record, *os.File, error) {
	if ctx.Err() != nil {
		return Info{}, record{}, nil, context.Cause(ctx)
	}
	if err := checkObject(bucket, key, version); err != nil {
		return Info{}, record{}, nil, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return Info{}, record{}, nil, err
	}
	defer root.Close()
	v, err := newKeyDir(root, bucket, key).find(version)
	if err != nil {
		return Info{}, record{}, nil, err
	}
	info := v.rec.info()
	if version == "" && info.VersionID == Null {
		b, err := readBucket(root, bucket)
		if err != nil {
			v.close()
			return Info{}, record{}, nil, err
		}
		if b.Versioning == Unversioned {
			info.VersionID = ""
		}
	}
	return info, v.rec, v.f, nil
}

// find opens the version that a caller names so, or says as S3 does why not.
func (k keyDir) find(id string) (version, error) {
	v, err := k.lookUp(id)
	if errors.Is(err, fs.ErrNotExist) {
		code := NoSuchVersion
		if id == "" {
			code = NoSuchKey
		}
		return version{}, refuse(code, k.bucket, k.key, id)
	}
	if err != nil {
		return version{}, err
	}
	if v.rec.Marker {
		v.close()
		return version{}, k.hidden(id, v.rec)
	}
	return v, nil
}

// lookUp opens a version, be it a delete marker.
func (k keyDir) lookUp(id string) (version, error) {
	if id == "" {
		return k.current()
	}
	name, ok := fileOf(id)
	if !ok {
		return version{}, fs.ErrNotExist
	}
	return k.open(name)
}

// hidden returns what S3 says when a delete marker is asked for its bytes.
func (k keyDir) hidden(id string, rec record) error {
	code := MethodNotAllowed
	if id == "" {
		code = NoSuchKey
	}
	e := refuse(code, k.bucket, k.key, rec.Version)
	e.DeleteMarker = true
	return e
}

// file is the Content of an open version: the first part of a file.
type file struct {
	*io.SectionReader
	f *os.File
}

func (f *file) Close() error { return f.f.Close() }

// WriteTo writes what has not been read yet. Given the file itself, the
// operating system can copy it to another file or a connection.
func (f *file) WriteTo(w io.Writer) (int64, error) {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	if _, err := f.f.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.Copy(w, io.LimitReader(f.f, f.Size()-at))
	if _, seekErr := f.Seek(at+n, io.SeekStart); err == nil {
		err = seekErr
	}
	return n, err
}
