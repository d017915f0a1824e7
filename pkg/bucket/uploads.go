package bucket

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// The upload's directory holds its parts and this file, which its completion and
// its end lock.
const uploadFile = "/upload.json"

// uploadFormat is the newest layout of uploads that this program knows.
const uploadFormat = 1

// uploadRecord is what upload.json tells.
type uploadRecord struct {
	Format      int               `json:"format"`
	Key         string            `json:"key"`
	Initiated   time.Time         `json:"initiated"`
	ContentType string            `json:"contentType"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Headers
	Tags     []Tag    `json:"tags,omitempty"`
	Checksum Checksum `json:"checksum"`
	Implied  bool     `json:"implied,omitempty"`
}

func (u uploadRecord) upload(id string) Upload {
	return Upload{Key: u.Key, ID: id, Initiated: u.Initiated, Checksum: u.Checksum, Implied: u.Implied}
}

// uploadDir is the directory of an upload, which need not exist.
type uploadDir struct {
	keyDir
	id   string
	path string // from root
}

func (k keyDir) upload(id string) uploadDir {
	return uploadDir{k, id, k.bucket + uploadsDir + "/" + id}
}

// newUploadID returns a fresh id. Ids sort as the uploads began.
func (d *Dir) newUploadID() (string, error) {
	b := binary.BigEndian.AppendUint64(nil, uint64(max(0, d.now().UnixNano())))
	b = append(b, make([]byte, 16)...)
	_, err := io.ReadFull(d.random, b[8:])
	return hex.EncodeToString(b), err
}

// isUploadID tells whether an upload can have this id, which then is safe as the name
// of a file.
func isUploadID(id string) bool {
	b, err := hex.DecodeString(id)
	return err == nil && len(b) == 24 && hex.EncodeToString(b) == id
}

// CreateUpload begins an upload.
func (d *Dir) CreateUpload(ctx context.Context, bucket, key string, opts UploadOptions) (_ Upload, err error) {
	defer d.explain(&err, "begin an upload of", bucket, key)
	if err := checkObject(bucket, key, ""); err != nil {
		return Upload{}, err
	}
	if err := opts.Check(bucket, key); err != nil {
		return Upload{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return Upload{}, err
	}
	defer root.Close()
	id, err := d.newUploadID()
	if err != nil {
		return Upload{}, err
	}
	rec := uploadRecord{
		Format:      uploadFormat,
		Key:         key,
		Initiated:   d.now().UTC().Truncate(time.Second),
		ContentType: typeOr(opts.ContentType),
		Metadata:    lowerNames(opts.Metadata),
		Headers:     opts.Headers,
		Tags:        opts.Tags,
		Checksum:    Checksum{Algorithm: opts.Checksum.Algorithm, Type: opts.Checksum.Type},
		Implied:     opts.Implied,
	}
	return rec.upload(id), newKeyDir(root, bucket, key).upload(id).make(d, rec)
}

// make makes the directory with the file in it aside, and renames it to its place.
func (u uploadDir) make(d *Dir, rec uploadRecord) error {
	b, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	aside, err := d.asideDir(u.root)
	if err != nil {
		return err
	}
	if err := d.replaceFile(u.root, aside, uploadFile, append(b, '\n')); err != nil {
		return errors.Join(err, u.root.RemoveAll(aside))
	}
	if err := u.moveIn(aside); err != nil {
		return errors.Join(err, u.root.RemoveAll(aside))
	}
	return syncDir(u.root, u.bucket+uploadsDir)
}

// asideDir makes a directory to work in, which is swept away if nobody does that
// before.
func (d *Dir) asideDir(root *os.Root) (string, error) {
	name, err := d.freshName()
	if err != nil {
		return "", err
	}
	dir := tmpDir + "/" + name
	err = root.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := root.Mkdir(tmpDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		err = root.Mkdir(dir, 0o700)
	}
	return dir, err
}

// moveIn renames the directory to its place, unless the bucket is gone.
func (u uploadDir) moveIn(aside string) error {
	err := u.root.Mkdir(u.bucket+uploadsDir, 0o700)
	switch {
	case err == nil:
		if err := syncDir(u.root, u.bucket); err != nil {
			return err
		}
	case errors.Is(err, fs.ErrNotExist):
		return cmp.Or(bucketExists(u.root, u.bucket), err)
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := u.root.Rename(aside, u.path); err != nil {
		return cmp.Or(bucketExists(u.root, u.bucket), err)
	}
	if err := bucketExists(u.root, u.bucket); err != nil {
		return errors.Join(err, u.root.RemoveAll(u.path))
	}
	return nil
}

// read reads what is known of the upload: NoSuchUpload if there is none of the key.
func (u uploadDir) read() (uploadRecord, error) {
	rec, err := readUpload(u.root, u.bucket, u.id)
	if errors.Is(err, fs.ErrNotExist) || err == nil && rec.Key != u.key {
		return uploadRecord{}, u.unknown()
	}
	return rec, err
}

// unknown returns what S3 says of an upload that does not exist.
func (u uploadDir) unknown() *Error {
	return refuse(NoSuchUpload, u.bucket, u.key, "").With("UploadId", u.id)
}

// readUpload reads what is known of an upload: fs.ErrNotExist if there is none.
func readUpload(root *os.Root, bucket, id string) (uploadRecord, error) {
	if !isUploadID(id) {
		return uploadRecord{}, fs.ErrNotExist
	}
	name := bucket + uploadsDir + "/" + id + uploadFile
	b, err := root.ReadFile(name)
	if err != nil {
		return uploadRecord{}, err
	}
	var rec uploadRecord
	if err := json.Unmarshal(b, &rec); err != nil {
		return uploadRecord{}, fmt.Errorf("damaged: %s is not JSON: %w", name, err)
	}
	if rec.Format > uploadFormat {
		return uploadRecord{}, errors.New("the upload was begun by a newer version of this program: use that one")
	}
	return rec, nil
}

// lock waits for the right to end the upload, and reads what is known of it.
func (u uploadDir) lock(ctx context.Context) (rec uploadRecord, unlock func(), err error) {
	if rec, err = u.read(); err != nil {
		return uploadRecord{}, nil, err
	}
	f, err := u.root.OpenFile(u.path+uploadFile, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return uploadRecord{}, nil, u.unknown()
	}
	if err != nil {
		return uploadRecord{}, nil, err
	}
	if err = waitLock(ctx, f); err == nil {
		rec, err = u.read() // it may have ended meanwhile
	}
	if err != nil {
		f.Close()
		return uploadRecord{}, nil, err
	}
	return rec, func() { f.Close() }, nil
}

// AbortUpload gives up an upload and its parts.
func (d *Dir) AbortUpload(ctx context.Context, bucket, key, id string) (err error) {
	defer d.explain(&err, "abort an upload of", bucket, key)
	u, err := d.enterUpload(bucket, key, id)
	if err != nil {
		return err
	}
	defer u.root.Close()
	_, unlock, err := u.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return u.remove(d)
}

// enterUpload opens the directory for work on an upload, which need not exist.
func (d *Dir) enterUpload(bucket, key, id string) (uploadDir, error) {
	if err := checkObject(bucket, key, ""); err != nil {
		return uploadDir{}, err
	}
	root, err := d.enter(bucket)
	if err != nil {
		return uploadDir{}, err
	}
	return newKeyDir(root, bucket, key).upload(id), nil
}

// remove ends the upload by one rename, and then removes what it had.
func (u uploadDir) remove(d *Dir) error {
	aside, err := d.asideDir(u.root)
	if err != nil {
		return err
	}
	if err := u.root.Rename(u.path, aside+"/gone"); err != nil {
		return errors.Join(err, u.root.RemoveAll(aside))
	}
	if err := syncDir(u.root, u.bucket+uploadsDir); err != nil {
		return err
	}
	return u.root.RemoveAll(aside)
}
