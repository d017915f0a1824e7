package cmd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/google/uuid"

	"signer/pkg/engine"
	"signer/pkg/interrupt"
	"signer/pkg/local"
	"signer/pkg/sign"
)

// remoteFiles signs files with AWS, or what an endpoint stands for it: each is
// uploaded, signed by a job, and fetched.
type remoteFiles struct {
	signOptions
	*session
	engine  engine.Engine
	buckets buckets
	profile *signer.GetSigningProfileOutput
	since   time.Time // when this run began, by the service's clock; zero: it does not tell
}

func (s *session) openRemoteFiles(ctx context.Context, e engine.Engine, o signOptions) (fileSigner, error) {
	if o.sourceBucket == "" || o.destinationBucket == "" {
		return nil, usageErrorf("the following arguments are required with --engine aws: --source-bucket, --destination-bucket")
	}
	b, err := s.remoteS3(ctx)
	if err != nil {
		return nil, err
	}
	p, err := e.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &o.profile, ProfileOwner: o.owner})
	if err != nil {
		return nil, &operationError{"GetSigningProfile", err}
	}
	since, _ := middleware.GetServerTime(p.ResultMetadata)
	return &remoteFiles{o, s, e, b, p, since}, nil
}

func (r *remoteFiles) platform() string { return aws.ToString(r.profile.PlatformId) }

// atOnce is for a service that refuses to be asked too much in a second; a job takes
// a few requests and some seconds.
func (r *remoteFiles) atOnce() int { return 8 }

func (r *remoteFiles) sign(ctx context.Context, f *signFile) (signedFile, error) {
	if r.skipSigned && r.isSigned(ctx, f.source) {
		return signedFile{}, local.ErrSigned
	}
	sum, err := f.source.sum()
	if err != nil {
		return signedFile{}, err
	}
	version, err := r.upload(ctx, f, sum)
	if err != nil {
		return signedFile{}, err
	}
	return r.signUploaded(ctx, f, sum, version)
}

// mostOutlived is how many jobs of earlier runs are passed over. Nobody has as many;
// a service whose clocks disagree could make it seem so.
const mostOutlived = 32

// signUploaded signs a file that lies in the source bucket. Its token finds the job
// of an earlier run; if that one is no answer any more, the next token is made of it.
func (r *remoteFiles) signUploaded(ctx context.Context, f *signFile, sum, version string) (signedFile, error) {
	token := r.token(f, sum)
	for n := 0; ; n++ {
		job, err := r.run(ctx, f, version, token)
		if err != nil {
			return signedFile{}, err
		}
		signed, err := r.take(ctx, f, job)
		if f.token != "" || n == mostOutlived || !r.outlived(job, err) {
			return signed, err
		}
		token = tokenOf(token, aws.ToString(job.JobId))
	}
}

// token is the one that was given, or made of what the job is about.
func (r *remoteFiles) token(f *signFile, sum string) string {
	if f.token != "" {
		return f.token
	}
	return tokenOf(sum, aws.ToString(r.profile.ProfileVersionArn), r.sourceBucket, sourceKey(f), r.destinationBucket, r.keyPrefix)
}

func tokenOf(about ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.Join(about, "\n"))).String()
}

// outlived tells whether a job, of which err became, is to be followed by another:
// its signature has expired, or it is of an earlier run, and failed, or what it
// signed is gone.
func (r *remoteFiles) outlived(job *signer.DescribeSigningJobOutput, err error) bool {
	var failure *local.FileFailure
	earlier := job.CreatedAt != nil && job.CreatedAt.Before(r.since)
	return errors.Is(err, errExpired) || earlier && (errors.As(err, &failure) || isLost(err))
}

// isLost tells whether an object is not where it was put.
func isLost(err error) bool {
	refused, ok := engine.AsAPIError(err)
	return ok && refused.Code == "NoSuchKey"
}

// isSigned tells whether a file is what the profile's platform makes.
func (r *remoteFiles) isSigned(ctx context.Context, source *signSource) bool {
	if r.platform() == lambdaPlatform {
		return sign.IsSignedArchive(ctx, source)
	}
	return sign.IsSignedJSON(source)
}

// sum is the SHA-256 of the file, in hex.
func (f *signSource) sum() (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f.content()); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// content is the file from its beginning.
func (f *signSource) content() *io.SectionReader { return io.NewSectionReader(f.File, 0, f.size) }

// contentHash is the metadata of an upload that tells what is in it, so that it
// need not be repeated.
const contentHash = "signer-sha256"

// sourceKey is the key of an upload.
func sourceKey(f *signFile) string {
	if f.name == "-" {
		return "stdin"
	}
	return f.name[strings.LastIndexAny(f.name, `/\`)+1:]
}

// upload makes sure that a file is in the source bucket, and returns its version.
func (r *remoteFiles) upload(ctx context.Context, f *signFile, sum string) (version string, err error) {
	key := sourceKey(f)
	there, err := r.buckets.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &r.sourceBucket, Key: &key})
	if err == nil && there.Metadata[contentHash] == sum && aws.ToInt64(there.ContentLength) == f.source.size && keeps(there.VersionId) {
		return *there.VersionId, nil
	}
	put, err := r.buckets.PutObject(ctx, &s3.PutObjectInput{Bucket: &r.sourceBucket, Key: &key,
		Body: f.source.content(), ContentLength: &f.source.size, Metadata: map[string]string{contentHash: sum}})
	if err != nil {
		return "", &operationError{"PutObject", err}
	}
	if !keeps(put.VersionId) {
		return "", fmt.Errorf("the bucket %s keeps no versions, which a job asks for: turn them on with s3api put-bucket-versioning --bucket %[1]s --versioning-configuration Status=Enabled", r.sourceBucket)
	}
	return *put.VersionId, f.source.unchanged()
}

func keeps(version *string) bool { return version != nil && *version != "" && *version != "null" }

// run starts a job, or finds the one that has the token, and waits for its end.
func (r *remoteFiles) run(ctx context.Context, f *signFile, version, token string) (*signer.DescribeSigningJobOutput, error) {
	key := sourceKey(f)
	started, err := r.engine.StartSigningJob(ctx, &signer.StartSigningJobInput{
		Source:             &types.Source{S3: &types.S3Source{BucketName: &r.sourceBucket, Key: &key, Version: &version}},
		Destination:        &types.Destination{S3: &types.S3Destination{BucketName: &r.destinationBucket, Prefix: &r.keyPrefix}},
		ProfileName:        &r.signOptions.profile,
		ProfileOwner:       r.owner,
		ClientRequestToken: &token,
	})
	if err != nil {
		return nil, &operationError{"StartSigningJob", err}
	}
	return r.wait(ctx, aws.ToString(started.JobId))
}

// Jobs take seconds. The first looks come soon after each other.
const (
	firstLook = 500 * time.Millisecond
	lastLook  = 5 * time.Second
	patient   = 10 * time.Minute
)

// wait waits for the end of a job.
func (r *remoteFiles) wait(ctx context.Context, id string) (*signer.DescribeSigningJobOutput, error) {
	for pause, waited := firstLook, time.Duration(0); waited < patient; pause, waited = min(2*pause, lastLook), waited+pause {
		job, err := r.engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
		if err != nil {
			return nil, &operationError{"DescribeSigningJob", err}
		}
		if job.Status != types.SigningStatusInProgress {
			return job, nil
		}
		if err := r.pause(ctx, pause); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("job %s is still in progress: run the command again to fetch what it signs", id)
}

// errExpired is the error of a job whose signature has expired.
var errExpired = errors.New("the signature has expired")

// take brings what a job signed to the file's place, if it signed it for good.
func (r *remoteFiles) take(ctx context.Context, f *signFile, job *signer.DescribeSigningJobOutput) (signedFile, error) {
	id := aws.ToString(job.JobId)
	switch {
	case job.Status == types.SigningStatusFailed:
		return signedFile{}, &local.FileFailure{JobID: id, Reason: aws.ToString(job.StatusReason)}
	case job.RevocationRecord != nil:
		return signedFile{}, fmt.Errorf("job %s signed it, and was revoked: to sign it again, give a token of your own", id)
	case job.SignatureExpiresAt != nil && !r.env.Now().Before(*job.SignatureExpiresAt):
		return signedFile{}, fmt.Errorf("job %s signed it, and %w: give another token", id, errExpired)
	case job.SignedObject == nil || job.SignedObject.S3 == nil:
		return signedFile{}, fmt.Errorf("job %s is %s, and names no signed object", id, job.Status)
	}
	signed := signedFile{id, aws.ToString(job.SignedObject.S3.BucketName), aws.ToString(job.SignedObject.S3.Key)}
	return signed, r.fetch(ctx, f, signed)
}

func (r *remoteFiles) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.env.Sleep(d):
		return nil
	}
}

// fetch brings the signed object of a job to its place. What is there already must
// be the same.
func (r *remoteFiles) fetch(ctx context.Context, f *signFile, job signedFile) error {
	object, err := r.buckets.GetObject(ctx, &s3.GetObjectInput{Bucket: &job.bucket, Key: &job.key})
	if err != nil {
		return &operationError{"GetObject", err}
	}
	defer object.Body.Close()
	draft, err := f.target.Draft()
	if err != nil {
		return err
	}
	defer draft.Discard()
	sum := sha256.New()
	body := &told{Reader: interrupt.Reader(ctx, object.Body), total: aws.ToInt64(object.ContentLength), tell: f.progress}
	if _, err := io.Copy(io.MultiWriter(draft, sum), body); err != nil {
		return fmt.Errorf("fetch s3://%s/%s: %w", job.bucket, job.key, err)
	}
	if err := draft.Sync(); err != nil {
		return err
	}
	if err := draft.Place(); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return r.sameThere(f, job, sum.Sum(nil))
}

// sameThere returns an error unless what has the file's place has this hash.
func (r *remoteFiles) sameThere(f *signFile, job signedFile, sum []byte) error {
	there, err := f.target.Open()
	if err != nil {
		return err
	}
	defer there.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(there, 0, there.Size())); err != nil {
		return err
	}
	if !bytes.Equal(h.Sum(nil), sum) {
		return fmt.Errorf("%s is there already, and is not what job %s signed of this file: move it away, or choose another place", f.target.Name(), job.job)
	}
	return nil
}

// told tells how much of a body has been read.
type told struct {
	io.Reader
	done, total int64
	tell        func(done, total int64)
}

func (t *told) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.done += int64(n)
	t.tell(min(t.done, t.total), t.total)
	return n, err
}
