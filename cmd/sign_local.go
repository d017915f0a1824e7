package cmd

import (
	"context"
	"path/filepath"

	"signer/pkg/local"
)

// localFiles signs files with the local engine.
type localFiles struct{ *local.FileSigner }

func openLocalFiles(ctx context.Context, e *local.Engine, o signOptions) (fileSigner, error) {
	if o.sourceBucket != "" || o.destinationBucket != "" || o.keyPrefix != "" {
		return nil, usageErrorf("arguments --source-bucket, --destination-bucket, --prefix: the local engine signs files without buckets; these are for --engine aws")
	}
	signer, err := e.FileSigner(ctx, o.owner, o.profile)
	if err != nil {
		return nil, &operationError{"StartSigningJob", err}
	}
	signer.SkipSigned = o.skipSigned
	return localFiles{signer}, nil
}

func (l localFiles) platform() string { return l.Platform() }

// atOnce is for a disk, for which the time of small files is spent waiting: it does
// much for many as fast as little for one.
func (l localFiles) atOnce() int { return 48 }

func (l localFiles) sign(ctx context.Context, f *signFile) (signedFile, error) {
	name, err := absolute(f.name)
	if err != nil {
		return signedFile{}, err
	}
	job, err := l.Sign(ctx, local.File{Name: name, Content: f.source, Target: f.target, Token: f.token, Check: f.source.unchanged, Progress: f.progress})
	if err != nil {
		return signedFile{}, err
	}
	return signedFile{*job.JobId, *job.SignedObject.S3.BucketName, *job.SignedObject.S3.Key}, nil
}

// absolute is the path of a file from the root; - stays what it is.
func absolute(name string) (string, error) {
	if name == "-" {
		return name, nil
	}
	return filepath.Abs(name)
}
