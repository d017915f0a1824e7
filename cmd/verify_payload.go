package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
	"signer/pkg/engine"
	"signer/pkg/local"
	"signer/pkg/sign"
	"signer/pkg/verify"
)

// This file fetches what detached signatures are about, from where they say.

// fetch opens an object of the home's buckets or, with --engine aws, of S3; or the
// file that has an object's place where a file was signed; dir is where the
// signature is.
func (v *verification) fetch(ctx context.Context, at sign.Location, dir string) (io.ReadCloser, error) {
	switch {
	case at.Bucket == local.FileBucket:
		return v.fetchFile(at.Key, dir)
	case v.isRemote("AWS_ENDPOINT_URL_S3"):
		return v.fetchRemote(ctx, at)
	}
	store, err := v.inHome()
	if err != nil {
		return nil, err
	}
	object, err := store.Get(ctx, at.Bucket, at.Key, at.Version)
	var refusal *bucket.Error
	if errors.As(err, &refusal) {
		return nil, noPayload(refusal.Code)
	}
	if err != nil {
		return nil, err
	}
	return object, nil
}

func (v *verification) homeBuckets(ctx context.Context) (bucket.Store, error) {
	home, err := v.homeDirectory()
	if err != nil {
		return nil, err
	}
	return v.openBuckets(ctx, home, v.env.Now)
}

func noPayload(why string) error {
	return fmt.Errorf("%w (%s); name a copy of it with --payload", verify.ErrNoPayload, why)
}

// fetchRemote opens an object of S3.
func (v *verification) fetchRemote(ctx context.Context, at sign.Location) (io.ReadCloser, error) {
	client, err := v.inS3()
	if err != nil {
		return nil, err
	}
	in := &s3.GetObjectInput{Bucket: &at.Bucket, Key: &at.Key}
	if at.Version != "" {
		in.VersionId = &at.Version
	}
	object, err := client.GetObject(ctx, in)
	if refused, ok := engine.AsAPIError(err); ok {
		return nil, noPayload(refused.Code)
	}
	if err != nil {
		return nil, &operationError{"GetObject", err}
	}
	return object.Body, nil
}

// fetchFile opens a file that a signature names, which is meant to be beside it. It
// looks first whether it is one: a stranger may have chosen the name.
func (v *verification) fetchFile(path, dir string) (io.ReadCloser, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := v.env.Stat(path)
	switch {
	case err != nil:
		return nil, noPayload(v.plainError(err))
	case !info.Mode().IsRegular():
		return nil, noPayload("it is no file")
	}
	return v.env.Open(path)
}
