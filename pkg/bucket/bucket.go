// Package bucket keeps versioned objects, in the terms of Amazon S3: buckets,
// keys, versions, delete markers, entity tags and S3's own error codes.
//
// [Store] is the contract. [Dir] keeps it in a directory of the local disk;
// package signer/pkg/bucket/s3store keeps it on S3 or any server that speaks
// S3's protocol; package signer/pkg/bucket/buckettest holds both to it. Only
// s3store links the S3 SDK, so that a program that stays on its disk does not
// pay for it.
//
// The package knows nothing of signing, accounts, permissions or HTTP. It does
// not cache, replicate, encrypt or compress.
//
// # The directory
//
// A Dir may be used by any number of goroutines and processes at once. Nothing
// outside its directory is read or written: every file is opened relative to
// that directory by [os.Root], which refuses links that lead out of it.
//
//	my-bucket/bucket.json       when the bucket was made, region, versioning
//	my-bucket/uploads/18a9…/    an object that is being put in parts: a directory
//	  upload.json               for its id, and in it what goes with the object
//	  part-00001                and the parts, which are files as versions are
//	my-bucket/objects/          the bucket exists while this directory does
//	  =app.zip/                 a key: all versions of "app.zip"
//	    null                    its null version, if it has one
//	    v18a9…                  any other version: order and random part, in hex
//	  +photos/                  the keys that begin with "photos/"
//	    =a.jpg/                 the key "photos/a.jpg"
//	  @…/                       the keys that go on after 80 bytes without a slash
//	.tmp/                       what is being written
//	.locks/                     empty files to hold locks on
//
// A key becomes a path by cutting it after each of its first 16 slashes, and
// after 80 bytes where none comes sooner. Each piece is written with a-z, 0-9,
// "-", "_" and "."; any other byte is %xx. So "x" and "x/y" can both exist, ".."
// is a name like any other, keys that differ in case or in Unicode form only
// stay apart on every file system, and no name is longer than 241 bytes. Pieces
// sort as keys do, which is what lets a listing read only the directories that
// its page needs.
//
// A version is one file: the object's bytes, a table of the parts that it was put
// in if it was, then its record in JSON, then 16 bytes that tell the length and
// the checksum of the record. It is written to .tmp, fsynced, and renamed to its
// place; the directories are then fsynced as well. The rename is the only commit
// point: bytes and record can't disagree, and a process that is killed leaves at
// most a file in .tmp, which a later Put removes when it is an hour old and no
// living process has it locked.
//
// Parts are put together by copying them, which takes room for both until it is
// done: where the file system can share blocks, the kernel lets it. The record
// names the upload, so that one which is completed a second time, after a crash or
// by a caller that did not hear the answer, is known.
//
// The order of versions is a number that grows with each version of a key: the
// time in nanoseconds, or one more than the last where clocks disagree. The
// null version's number is in its record, since its file name is always "null"
// so that one rename replaces it.
//
// The directory must be on a local disk, where renames, fsync and file locks hold
// for everybody who uses it.
//
// Writers of one key take turns by a file lock, held while the version gets its
// place, not while its bytes are written. Readers take no lock and wait for
// nobody. Making and removing a bucket are one mkdir and one rmdir of objects/.
package bucket

import (
	"context"
	"io"
	"time"

	"signer/pkg/bucket/checksum"
)

// Store keeps versioned objects in buckets. All methods may be called by
// several goroutines at once.
//
// What S3 refuses is refused with an [*Error] that carries S3's code, text and
// status. Any other error is a failure of the disk or the network and wraps its
// cause.
//
// A version is named by its id; "null" names the version that was written while
// the bucket kept no versions, and "" the current one. An id that no S3 store
// would give out is refused with InvalidArgument, an unknown one with
// NoSuchVersion.
type Store interface {
	Uploads

	// CreateBucket makes an empty bucket without versioning. It is durable
	// when CreateBucket returns. InvalidBucketName, BucketAlreadyOwnedByYou.
	CreateBucket(ctx context.Context, bucket string, opts CreateOptions) error
	// DeleteBucket removes an empty bucket. One that holds any version or
	// delete marker is not empty: BucketNotEmpty. Uploads are given up.
	DeleteBucket(ctx context.Context, bucket string) error
	// HeadBucket describes a bucket. Over S3 the creation date is not known.
	HeadBucket(ctx context.Context, bucket string) (Bucket, error)
	// ListBuckets returns all buckets by name.
	ListBuckets(ctx context.Context) ([]Bucket, error)
	// PutVersioning sets whether the bucket keeps versions: Enabled or
	// Suspended. Writes that are under way meanwhile go either way.
	PutVersioning(ctx context.Context, bucket string, v Versioning) error
	// Versioning tells whether the bucket keeps versions.
	Versioning(ctx context.Context, bucket string) (Versioning, error)

	// Put reads body to its end and makes it the current version of key.
	//
	// The version is durable and visible when Put returns. If Put fails, or
	// the process dies, nothing of it is visible. Memory does not grow with
	// the body. In an Enabled bucket each Put adds a version; otherwise it
	// replaces the null version. Put does not close body.
	Put(ctx context.Context, bucket, key string, body io.Reader, opts PutOptions) (Stored, error)
	// Get opens a version. The caller closes it. ctx governs reading too.
	//
	// The bytes are those of the version that Get found, even if it is
	// overwritten or deleted before they are read. A delete marker has no
	// bytes: as the current version it is NoSuchKey, by its id it is
	// MethodNotAllowed, and the Error tells so.
	Get(ctx context.Context, bucket, key, version string) (*Object, error)
	// Head is Get without the bytes.
	Head(ctx context.Context, bucket, key, version string) (Info, error)
	// Delete without a version hides the key behind a delete marker (Enabled),
	// replaces the null version by a delete marker (Suspended), or removes the
	// object. With a version it removes that version for good. What does not
	// exist is deleted without complaint. The outcome is durable when Delete
	// returns.
	Delete(ctx context.Context, bucket, key, version string) (Deleted, error)
	// DeleteIf is Delete of a version that meets conditions: PreconditionFailed
	// if it does not, and NoSuchKey if a version of some tag does not exist
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html).
	DeleteIf(ctx context.Context, bucket, key, version string, c Conditions) (Deleted, error)

	// ListObjects returns a page of current objects by key, in the order of
	// the keys' bytes.
	ListObjects(ctx context.Context, bucket string, opts ListOptions) (ObjectPage, error)
	// ListVersions returns a page of versions and delete markers by key, and
	// the newest first for each key.
	ListVersions(ctx context.Context, bucket string, opts VersionOptions) (VersionPage, error)
}

// Checker is a Store on a server, which may be away, or may not be told what it wants to
// know.
type Checker interface {
	Store

	// Check tells whether the server is there and takes requests, and changes nothing.
	Check(ctx context.Context) error
}

// Null is the id of the version that was written while its bucket kept no
// versions.
const Null = "null"

// MaxKeys is the most entries that a page holds.
const MaxKeys = 1000

// Versioning is what a bucket does with versions.
type Versioning string

// The states of a bucket. Once versions were kept there is no way back to
// Unversioned.
const (
	Unversioned Versioning = ""
	Enabled     Versioning = "Enabled"
	Suspended   Versioning = "Suspended"
)

// CreateOptions are what CreateBucket can be told.
type CreateOptions struct {
	Region string // empty: the store's own
	Tags   []Tag  // a Tagger keeps them
}

// Bucket describes a bucket.
type Bucket struct {
	Name    string
	Region  string // empty where the store does not tell
	Created time.Time
}

// Info describes a version of an object. Pages leave ContentType, Metadata,
// Headers, Tags and the value of Checksum empty, and ListObjects the version too.
type Info struct {
	Key          string
	VersionID    string // empty if the bucket never kept versions and none was asked for
	Size         int64
	ETag         string // with its quotes; the MD5 of the bytes in hex, if they came in one piece unencrypted
	LastModified time.Time
	ContentType  string
	Metadata     map[string]string
	DeleteMarker bool
	Headers
	Checksum Checksum // the one that was asked for, or that the store takes anyhow; empty if there is none
	Parts    int      // how many it was put in; 0 is in one piece
	Tags     []Tag    // a Tagger tells them
}

// Headers are what S3 keeps with an object and tells with it, without heeding it
// itself.
type Headers struct {
	CacheControl       string `json:"cacheControl,omitempty"`
	ContentDisposition string `json:"contentDisposition,omitempty"`
	ContentEncoding    string `json:"contentEncoding,omitempty"`
	ContentLanguage    string `json:"contentLanguage,omitempty"`
	Expires            string `json:"expires,omitempty"`
	WebsiteRedirect    string `json:"websiteRedirect,omitempty"`
}

// Checksum is a checksum of an object or of a part of one.
type Checksum struct {
	Algorithm checksum.Algorithm `json:"algorithm"`
	Type      ChecksumType       `json:"type,omitempty"`
	Value     string             `json:"value,omitempty"` // in base64; a Composite one ends with - and the number of parts
}

// ChecksumType tells what the checksum of an object that was put in parts is of.
type ChecksumType string

// The types: the checksum of the bytes, and the checksum of the checksums of the
// parts. Only Linear algorithms can have the first, and CRC64NVME has only that.
const (
	FullObject ChecksumType = "FULL_OBJECT"
	Composite  ChecksumType = "COMPOSITE"
)

// Object is an open version. Read, ReadAt and Close are its Content's; ReadAt may
// be called by several goroutines at once.
type Object struct {
	Info
	Content
}

// Content gives the bytes of an open version, Info.Size of them.
type Content interface {
	io.Reader
	io.ReaderAt
	io.Closer
}

// WriteTo writes what Read has not read yet, by the system's own means of
// copying where Content has them.
func (o *Object) WriteTo(w io.Writer) (int64, error) {
	if c, ok := o.Content.(io.WriterTo); ok {
		return c.WriteTo(w)
	}
	return io.Copy(w, struct{ io.Reader }{o.Content})
}

// PutOptions go with an object.
type PutOptions struct {
	ContentType string            // empty: binary/octet-stream
	Metadata    map[string]string // names are kept in lower case; 2 KB in all
	ContentMD5  string            // base64 of the MD5 that the body must have; empty: any
	IfNoneMatch string            // "*": fail with PreconditionFailed if key has a current object
	IfMatch     string            // fail with PreconditionFailed unless this is its entity tag, and with NoSuchKey if there is none
	Headers
	Tags []Tag // a Tagger keeps them

	// Checksum is calculated and kept, if it has an Algorithm. If it has a Value,
	// the body must have that: else BadDigest. The Type is always FullObject.
	Checksum Checksum
	// Trailer, if it is set, is asked for the Checksum's Value when the body has
	// been read to its end.
	Trailer func() string
}

// Conditions are what a version must be like. Those left empty are met.
type Conditions struct {
	IfMatch  string // its entity tag, with or without quotes; "*" is any
	Size     *int64
	Modified time.Time // to the second
}

// Stored is what became of a Put.
type Stored struct {
	VersionID string // empty unless the bucket is Enabled, as S3 has it
	ETag      string
	Size      int64
	Checksum  Checksum
}

// Deleted is what became of a Delete.
type Deleted struct {
	VersionID    string // of the version that was removed or the marker that was made
	DeleteMarker bool   // it was or is a delete marker
}

// ListOptions choose a page of objects.
type ListOptions struct {
	Prefix     string
	Delimiter  string // keys that share what comes up to it after Prefix are one entry
	StartAfter string // ignored when there is a Token
	Token      string // NextToken of the page before
	MaxKeys    int    // 0, or more than MaxKeys: MaxKeys
}

// ObjectPage is a page of objects. Objects and Prefixes are each in order and
// count together.
type ObjectPage struct {
	Objects   []Info
	Prefixes  []string // common prefixes
	Truncated bool     // there is more
	NextToken string   // for the page after, if there is more
}

// VersionOptions choose a page of versions.
type VersionOptions struct {
	Prefix        string
	Delimiter     string
	KeyMarker     string // start after this key or,
	VersionMarker string // if this is set, within it, after this version
	MaxKeys       int    // 0, or more than MaxKeys: MaxKeys
}

// Version is an entry of a VersionPage.
type Version struct {
	Info
	Latest bool // the key's current version
}

// VersionPage is a page of versions and delete markers.
type VersionPage struct {
	Versions          []Version
	Prefixes          []string
	Truncated         bool
	NextKeyMarker     string // for the page after, if there is more
	NextVersionMarker string // empty if the page ended with a common prefix
}
