package cmd

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/api"
	"signer/pkg/document"
)

// s3Service is Amazon S3 under the AWS CLI's name for it, done by the local store
// or by S3.
func s3Service() *service {
	return &service{Service: api.S3(), open: openS3, operand: map[string]*positional{
		"GetObject": {name: "outfile", arity: one, doc: "The file that the object's content is written to."},
	}}
}

// buckets carries the operations of S3 out. The SDK's client does so as it is, and
// localS3 does for the local store.
type buckets interface {
	CreateBucket(context.Context, *s3.CreateBucketInput, ...func(*s3.Options)) (*s3.CreateBucketOutput, error)
	DeleteBucket(context.Context, *s3.DeleteBucketInput, ...func(*s3.Options)) (*s3.DeleteBucketOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	ListBuckets(context.Context, *s3.ListBucketsInput, ...func(*s3.Options)) (*s3.ListBucketsOutput, error)
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	PutBucketVersioning(context.Context, *s3.PutBucketVersioningInput, ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

var (
	_ buckets = (*s3.Client)(nil) // as it is
	_ buckets = (*localS3)(nil)
)

// openS3 opens the buckets that the user wants. The word is where the body of an
// answer goes.
func openS3(ctx context.Context, s *session, words []string) (caller, func(), error) {
	c := &s3Caller{session: s}
	if len(words) > 0 {
		c.outfile = words[0]
	}
	var err error
	if s.isRemote("AWS_ENDPOINT_URL_S3") {
		c.buckets, err = s.remoteS3(ctx)
	} else {
		c.buckets, err = s.localS3(ctx)
		c.local = true
	}
	return c.call, func() {}, err
}

// s3Caller takes documents to buckets, and answers back to documents.
type s3Caller struct {
	buckets
	*session
	local   bool
	outfile string
}

// call is a caller.
func (c *s3Caller) call(ctx context.Context, op *api.Operation, params *document.Object) (*document.Object, error) {
	if c.local {
		if err := refuseUnkept(op, params); err != nil {
			return nil, err
		}
	}
	answer, err := s3Calls[op.Name](ctx, c, op, params)
	if err != nil {
		return nil, withStatus(op, err)
	}
	c.showTimes(op.Output, answer)
	return answer, nil
}

// s3Call is how an operation is called.
type s3Call func(ctx context.Context, c *s3Caller, op *api.Operation, params *document.Object) (*document.Object, error)

var s3Calls = map[string]s3Call{
	"CreateBucket":        bindS3(buckets.CreateBucket),
	"DeleteBucket":        bindS3(buckets.DeleteBucket),
	"DeleteObject":        bindS3(buckets.DeleteObject),
	"GetBucketVersioning": bindS3(buckets.GetBucketVersioning),
	"GetObject":           getObject,
	"HeadObject":          bindS3(buckets.HeadObject),
	"ListBuckets":         bindS3(buckets.ListBuckets),
	"ListObjectVersions":  bindS3(buckets.ListObjectVersions),
	"ListObjectsV2":       bindS3(buckets.ListObjectsV2),
	"PutBucketVersioning": bindS3(buckets.PutBucketVersioning),
	"PutObject":           putObject,
}

// bindS3 makes a call of a method that has no body to pass on.
func bindS3[In, Out any](method func(buckets, context.Context, *In, ...func(*s3.Options)) (*Out, error)) s3Call {
	return func(ctx context.Context, c *s3Caller, op *api.Operation, params *document.Object) (*document.Object, error) {
		in := new(In)
		if err := op.Input.Decode(params, in); err != nil {
			return nil, err
		}
		out, err := method(c.buckets, ctx, in)
		if err != nil {
			return nil, err
		}
		return op.Output.Encode(out), nil
	}
}
