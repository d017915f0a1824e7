package s3store

import (
	"context"
	"io"

	"signer/pkg/bucket"
)

// CreateUpload begins to put an object in parts.
func (w *Within) CreateUpload(ctx context.Context, name, key string, opts bucket.UploadOptions) (bucket.Upload, error) {
	if err := w.writable(ctx, name, key); err != nil {
		return bucket.Upload{}, err
	}
	u, err := w.store.CreateUpload(ctx, w.bucket, w.key(name, key), opts)
	u.Key = key
	return u, w.told(ctx, err, name, key)
}

// PutPart sends a part.
func (w *Within) PutPart(ctx context.Context, name, key, id string, number int, body io.Reader, opts bucket.PartOptions) (bucket.Part, error) {
	if err := w.check(name, key); err != nil {
		return bucket.Part{}, err
	}
	p, err := w.store.PutPart(ctx, w.bucket, w.key(name, key), id, number, body, opts)
	return p, w.told(ctx, err, name, key)
}

// CompleteUpload puts the parts together.
func (w *Within) CompleteUpload(ctx context.Context, name, key, id string, parts []bucket.Part, opts bucket.CompleteOptions) (bucket.Stored, error) {
	if err := w.writable(ctx, name, key); err != nil {
		return bucket.Stored{}, err
	}
	stored, err := w.store.CompleteUpload(ctx, w.bucket, w.key(name, key), id, parts, opts)
	if err == nil && stored.VersionID == "" {
		err = w.keepsNone()
	}
	return stored, w.told(ctx, err, name, key)
}

// AbortUpload gives an upload up.
func (w *Within) AbortUpload(ctx context.Context, name, key, id string) error {
	if err := w.check(name, key); err != nil {
		return err
	}
	return w.told(ctx, w.store.AbortUpload(ctx, w.bucket, w.key(name, key), id), name, key)
}

// ListParts returns a page of the parts of an upload.
func (w *Within) ListParts(ctx context.Context, name, key, id string, opts bucket.PartListOptions) (bucket.PartPage, error) {
	if err := w.check(name, key); err != nil {
		return bucket.PartPage{}, err
	}
	page, err := w.store.ListParts(ctx, w.bucket, w.key(name, key), id, opts)
	page.Upload.Key = key
	return page, w.told(ctx, err, name, key)
}

// ListUploads returns a page of uploads.
func (w *Within) ListUploads(ctx context.Context, name string, opts bucket.UploadListOptions) (bucket.UploadPage, error) {
	if err := w.exists(ctx, name); err != nil {
		return bucket.UploadPage{}, err
	}
	w.below(name, &opts.Prefix, &opts.KeyMarker)
	page, err := w.store.ListUploads(ctx, w.bucket, opts)
	for i := range page.Uploads {
		w.strip(name, &page.Uploads[i].Key)
	}
	w.stripAll(name, page.Prefixes)
	w.strip(name, &page.NextKeyMarker)
	return page, w.told(ctx, err, name, "")
}

// Parts returns a page of the parts that a version was put in.
func (w *Within) Parts(ctx context.Context, name, key, version string, opts bucket.PartListOptions) (bucket.PartPage, error) {
	if err := w.check(name, key); err != nil {
		return bucket.PartPage{}, err
	}
	page, err := w.store.Parts(ctx, w.bucket, w.key(name, key), version, opts)
	return page, w.told(ctx, err, name, key)
}
