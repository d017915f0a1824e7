package bucket

import (
	"context"
	"io"
	"time"

	"signer/pkg/bucket/checksum"
)

// MaxParts is the most parts that an object can be put in. They have the numbers
// from 1 on, not necessarily all of them.
const MaxParts = 10_000

// MinPart is the least size of any part but the last.
const MinPart = 5 << 20

// Uploads puts objects in parts, which may come at once and in any order.
//
// An upload lasts until it is completed or aborted, and longer than any process.
// Nothing of it is an object before that. An id that is unknown, or belongs to
// another key, is refused with NoSuchUpload.
type Uploads interface {
	// CreateUpload begins an upload. It is durable when CreateUpload returns.
	CreateUpload(ctx context.Context, bucket, key string, opts UploadOptions) (Upload, error)
	// PutPart reads body to its end and makes it a part, in the place of one that
	// has the number. It is durable when PutPart returns, and if it fails nothing
	// of it is kept. Memory does not grow with the body, which is not closed.
	PutPart(ctx context.Context, bucket, key, id string, number int, body io.Reader, opts PartOptions) (Part, error)
	// CompleteUpload makes the current version of key of these parts, given in
	// order by number and entity tag, and drops the others: InvalidPart,
	// InvalidPartOrder, EntityTooSmall. What holds for Put holds here. Completed
	// again, as long as its version is the newest one, it returns the same.
	CompleteUpload(ctx context.Context, bucket, key, id string, parts []Part, opts CompleteOptions) (Stored, error)
	// AbortUpload gives up an upload and its parts.
	AbortUpload(ctx context.Context, bucket, key, id string) error
	// ListParts returns a page of the parts that an upload has, by number.
	ListParts(ctx context.Context, bucket, key, id string, opts PartListOptions) (PartPage, error)
	// ListUploads returns a page of uploads by key, and the oldest first for each
	// key.
	ListUploads(ctx context.Context, bucket string, opts UploadListOptions) (UploadPage, error)

	// Parts returns a page of the parts that a version was put in, if it was, as
	// far as the store knows of them. They are counted from 1 without gaps, and
	// have no entity tags.
	Parts(ctx context.Context, bucket, key, version string, opts PartListOptions) (PartPage, error)
}

// UploadOptions go with the object that an upload will become.
type UploadOptions struct {
	ContentType string
	Metadata    map[string]string
	Headers
	Tags []Tag // a Tagger keeps them

	// Checksum says by Algorithm and Type what checksum the object gets, if any.
	// If it is Composite, each part has to come with one.
	Checksum Checksum
	// Implied says that nobody asked for that checksum: parts, and what becomes of
	// them, may come with others, which are not kept.
	Implied bool
}

// Upload is an object that is being put in parts.
type Upload struct {
	Key, ID   string
	Initiated time.Time
	Checksum  Checksum // Algorithm and Type
	Implied   bool
}

// PartOptions go with a part, and mean what they mean in PutOptions.
type PartOptions struct {
	ContentMD5 string
	Checksum   Checksum
	Trailer    func() string
}

// Part is a part of an upload or of an object.
type Part struct {
	Number   int
	ETag     string // with its quotes
	Size     int64
	Modified time.Time
	Checksum Checksum
	Offset   int64 // in the object; it is not known before there is one
}

// CompleteOptions go with the completion of an upload.
type CompleteOptions struct {
	IfNoneMatch, IfMatch string   // as in PutOptions
	Checksum             Checksum // what the object must have, as far as it is given
	Size                 *int64   // that the object must have
}

// PartListOptions choose a page of parts.
type PartListOptions struct {
	After int // a part's number
	Max   int // 0, or more than MaxKeys: MaxKeys
}

// PartPage is a page of parts.
type PartPage struct {
	Upload    Upload // of ListParts
	ETag      string // of Parts: of the object
	Checksum  Checksum
	Total     int // of Parts: how many parts there are in all
	Parts     []Part
	Truncated bool // there are more; the page after begins after the last one here
}

// UploadListOptions choose a page of uploads.
type UploadListOptions struct {
	Prefix       string
	Delimiter    string // as in ListOptions
	KeyMarker    string // start after this key or common prefix or,
	UploadMarker string // if this is set, after this upload, the key of which is the first from KeyMarker on
	Max          int    // 0, or more than MaxKeys: MaxKeys
}

// UploadPage is a page of uploads. Uploads and Prefixes are each in order and count
// together.
type UploadPage struct {
	Uploads          []Upload
	Prefixes         []string
	Truncated        bool
	NextKeyMarker    string // for the page after, if there is more
	NextUploadMarker string // a common prefix in which the page ends can be told again then
}

// CheckType returns an InvalidRequest unless the algorithm can have checksums of the
// type for objects that are put in parts.
func CheckType(a checksum.Algorithm, t ChecksumType) error {
	if t == FullObject && !a.Linear() || t == Composite && a == checksum.CRC64NVME {
		return mistaken("The %s checksum type cannot be used with the %s checksum algorithm.", t, lower(a))
	}
	return nil
}
