package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// bucketRecord is what bucket.json tells.
type bucketRecord struct {
	Format     int        `json:"format"`
	Name       string     `json:"name"`
	Region     string     `json:"region"`
	Created    time.Time  `json:"created"`
	Versioning Versioning `json:"versioning,omitempty"`
	Tags       []Tag      `json:"tags,omitempty"`
}

// bucketFormat is the newest layout that this program knows.
const bucketFormat = 1

// defaultRegion is the region of a bucket that was made without one.
const defaultRegion = "us-east-1"

// readBucket reads what is known of a bucket.
func readBucket(root *os.Root, bucket string) (bucketRecord, error) {
	b, err := root.ReadFile(bucket + bucketFile)
	if errors.Is(err, fs.ErrNotExist) {
		return bucketRecord{}, refuse(NoSuchBucket, bucket, "", "")
	}
	if err != nil {
		return bucketRecord{}, err
	}
	var r bucketRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return bucketRecord{}, fmt.Errorf("damaged: %s%s is not JSON: %w", bucket, bucketFile, err)
	}
	if r.Format > bucketFormat {
		return bucketRecord{}, errors.New("the bucket was made by a newer version of this program: use that one")
	}
	return r, nil
}

// writeBucket replaces what is known of a bucket.
func (d *Dir) writeBucket(root *os.Root, r bucketRecord) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return d.replaceFile(root, r.Name, bucketFile, append(b, '\n'))
}

func (r bucketRecord) bucket() Bucket {
	return Bucket{Name: r.Name, Region: r.Region, Created: r.Created}
}

// CreateBucket makes an empty bucket, and the Dir's directory where it is
// missing.
func (d *Dir) CreateBucket(ctx context.Context, bucket string, opts CreateOptions) (err error) {
	defer d.explain(&err, "create bucket", bucket, "")
	if err := CheckBucket(bucket); err != nil {
		return err
	}
	if err := CheckTags(opts.Tags, MaxBucketTags); err != nil {
		return err
	}
	root, err := d.makeRoot()
	if err != nil {
		return err
	}
	defer root.Close()
	unlock, err := d.lock(ctx, root, bucketsLock)
	if err != nil {
		return err
	}
	defer unlock()
	err = bucketExists(root, bucket)
	if err == nil {
		return refuse(BucketAlreadyOwnedByYou, bucket, "", "")
	}
	if !IsCode(err, NoSuchBucket) {
		return err
	}
	return d.makeBucket(root, bucketRecord{
		Format:  bucketFormat,
		Name:    bucket,
		Region:  regionOr(opts.Region),
		Created: d.now().UTC().Truncate(time.Second),
		Tags:    opts.Tags,
	})
}

func regionOr(region string) string {
	if region == "" {
		return defaultRegion
	}
	return region
}

// makeRoot opens the Dir's directory, and makes it if need be.
func (d *Dir) makeRoot() (*os.Root, error) {
	root, err := os.OpenRoot(d.dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err := makeDir(filepath.Clean(d.dir)); err != nil {
		return nil, err
	}
	return os.OpenRoot(d.dir)
}

// makeDir makes a directory and those above it, and makes that durable.
func makeDir(dir string) error {
	parent := filepath.Dir(dir)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncPath(parent)
}

// makeBucket makes the directories of a bucket, objects/ last: from then on the
// bucket exists. What an earlier attempt left behind is used.
func (d *Dir) makeBucket(root *os.Root, r bucketRecord) error {
	if err := root.Mkdir(r.Name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := d.writeBucket(root, r); err != nil {
		return err
	}
	if err := root.RemoveAll(r.Name + uploadsDir); err != nil {
		return err
	}
	if err := root.Mkdir(r.Name+objectsDir, 0o700); err != nil {
		return err
	}
	if err := syncDir(root, r.Name); err != nil {
		return err
	}
	return syncDir(root, ".")
}

// DeleteBucket removes an empty bucket.
func (d *Dir) DeleteBucket(ctx context.Context, bucket string) (err error) {
	defer d.explain(&err, "delete bucket", bucket, "")
	return d.changeBucket(ctx, bucket, removeBucket)
}

// removeBucket removes objects/, upon which the bucket is gone, and then the
// rest. rmdir does not remove a directory that a version has come into.
func removeBucket(root *os.Root, r bucketRecord) error {
	err := removeEmpty(root, r.Name+objectsDir, 0)
	if isNotEmpty(err) {
		return notEmpty(r)
	}
	if err != nil {
		return err
	}
	if err := root.RemoveAll(r.Name + uploadsDir); err != nil {
		return err
	}
	if err := root.Remove(r.Name + bucketFile); err != nil {
		return err
	}
	if err := root.Remove(r.Name); err != nil && !isNotEmpty(err) { // somebody's own file
		return err
	}
	return syncDir(root, ".")
}

func notEmpty(r bucketRecord) error {
	e := refuse(BucketNotEmpty, r.Name, "", "")
	if r.Versioning != Unversioned {
		e.Message += ". You must delete all versions in the bucket."
	}
	return e
}

// removeEmpty removes a directory that holds nothing but empty directories, such
// as a process leaves that dies while it removes the last version of a key.
func removeEmpty(root *os.Root, dir string, depth int) error {
	for {
		names, err := someNames(root, dir)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return root.Remove(dir)
		}
		for _, name := range names {
			if _, ok := parsePiece(name, depth); !ok {
				return syscall.ENOTEMPTY
			}
			if err := removeEmpty(root, dir+"/"+name, depth+1); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
}

// someNames returns names in a directory, none only if it is empty.
func someNames(root *os.Root, dir string) ([]string, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(100)
	if err == io.EOF {
		err = nil
	}
	return names, err
}

// isNotEmpty tells whether err says that a directory is not empty.
func isNotEmpty(err error) bool {
	return errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist)
}

// HeadBucket describes a bucket.
func (d *Dir) HeadBucket(_ context.Context, bucket string) (_ Bucket, err error) {
	defer d.explain(&err, "look at bucket", bucket, "")
	r, err := d.record(bucket)
	return r.bucket(), err
}

// record reads what is known of a bucket that exists.
func (d *Dir) record(bucket string) (bucketRecord, error) {
	if err := CheckBucket(bucket); err != nil {
		return bucketRecord{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return bucketRecord{}, err
	}
	defer root.Close()
	return readBucket(root, bucket)
}

// ListBuckets returns all buckets by name.
func (d *Dir) ListBuckets(ctx context.Context) (_ []Bucket, err error) {
	defer d.explain(&err, "list buckets", "", "")
	root, err := os.OpenRoot(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var names []string
	err = scan(root, ".", func(name string) {
		if plainName(name) && bucketExists(root, name) == nil {
			names = append(names, name)
		}
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return describe(ctx, root, names)
}

// describe reads what is known of buckets, without those that are gone by now.
func describe(ctx context.Context, root *os.Root, names []string) ([]Bucket, error) {
	var all []Bucket
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r, err := readBucket(root, name)
		if IsCode(err, NoSuchBucket) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, r.bucket())
	}
	return all, nil
}

// PutVersioning sets whether the bucket keeps versions.
func (d *Dir) PutVersioning(ctx context.Context, bucket string, v Versioning) (err error) {
	defer d.explain(&err, "set the versioning of", bucket, "")
	if err := v.Check(bucket); err != nil {
		return err
	}
	return d.changeBucket(ctx, bucket, func(root *os.Root, r bucketRecord) error {
		r.Versioning = v
		return d.writeBucket(root, r)
	})
}

// changeBucket calls change while no other bucket is made, changed or removed.
func (d *Dir) changeBucket(ctx context.Context, bucket string, change func(*os.Root, bucketRecord) error) error {
	if err := CheckBucket(bucket); err != nil {
		return err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return err
	}
	defer root.Close()
	unlock, err := d.lock(ctx, root, bucketsLock)
	if err != nil {
		return err
	}
	defer unlock()
	if err := bucketExists(root, bucket); err != nil {
		return err
	}
	r, err := readBucket(root, bucket)
	if err != nil {
		return err
	}
	return change(root, r)
}

// Versioning tells whether the bucket keeps versions.
func (d *Dir) Versioning(_ context.Context, bucket string) (_ Versioning, err error) {
	defer d.explain(&err, "read the versioning of", bucket, "")
	r, err := d.record(bucket)
	return r.Versioning, err
}
