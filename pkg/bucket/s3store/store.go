// Package s3store keeps versioned objects on Amazon S3, or on any server that
// speaks S3's protocol: it is [bucket.Store] over the S3 client of
// aws-sdk-go-v2.
//
// It is a package of its own so that only programs that want S3 link its SDK.
// Endpoint, region, credentials, retries, checksums and addressing style are
// the client's. What the service answers is passed on as it is, under the same
// codes as [bucket.Dir] has. Where S3 itself is more lenient, so is the store: in
// us-east-1, S3 takes a second CreateBucket by the owner for a success.
//
// Bodies stream. Two things need a temporary file on the local disk, of the
// object's size: the body of a Put that cannot be read twice (the SDK signs and
// retries what it sends, and S3 must know its length beforehand), and an
// object of which ReadAt is asked. A Put is one request, for which S3 takes up
// to 5 GB.
package s3store

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/bucket"
)

// Config says what a Store works with.
type Config struct {
	Client  *s3.Client
	TempDir string // for temporary files; empty: the system's

	// Once has the client send a request that makes a version only once: where the
	// answer is lost, another one could make a second version.
	Once bool
}

// Store is a [bucket.Store] on S3. It may be used by several goroutines at once,
// and there is nothing to close.
type Store struct {
	client  *s3.Client
	temp    string
	once    bool
	foreign bool     // the server is not Amazon's, and may lack anything
	heeds   sync.Map // the buckets of which it is known that it heeds If-None-Match
	keeps   sync.Map // those of which it is known that they keep versions
}

var _ bucket.Checker = (*Store)(nil)

// New returns the buckets that a client reaches. It sends nothing.
func New(c Config) *Store {
	return &Store{client: c.Client, temp: c.TempDir, once: c.Once, foreign: c.Client.Options().BaseEndpoint != nil}
}

// attempts says how often a request that makes a version is sent.
func (s *Store) attempts(o *s3.Options) {
	if s.once {
		onlyOnce(o)
	}
}

// check refuses names of buckets and keys that are none anywhere: they would lead
// a request elsewhere. Whether it takes others is for the service to say.
func check(name, key string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return bucket.CheckKey(name, key)
}

func checkName(name string) error {
	if strings.HasPrefix(name, "arn:") { // of an access point
		return nil
	}
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '.' && r != '_' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	})
	if odd || strings.Trim(name, ".") == "" {
		e := bucket.NewError(bucket.InvalidBucketName)
		e.Bucket = name
		return e
	}
	return nil
}

// CreateBucket makes a bucket in the region of opts, or in the client's.
func (s *Store) CreateBucket(ctx context.Context, name string, opts bucket.CreateOptions) error {
	if err := bucket.CheckBucket(name); err != nil {
		return err
	}
	region := opts.Region
	if region == "" {
		region = s.client.Options().Region
	}
	in := &s3.CreateBucketInput{Bucket: &name}
	if region != "" && region != "us-east-1" { // which S3 does not take for a place
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(region),
		}
	}
	_, err := s.client.CreateBucket(ctx, in)
	if err != nil || len(opts.Tags) == 0 {
		return explain(err, "create bucket", place{bucket: name})
	}
	return s.PutBucketTags(ctx, name, opts.Tags)
}

// DeleteBucket removes an empty bucket.
func (s *Store) DeleteBucket(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	_, err := s.client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name})
	return explain(err, "delete bucket", place{bucket: name})
}

// HeadBucket tells the name and, if the service does, the region of a bucket.
func (s *Store) HeadBucket(ctx context.Context, name string) (bucket.Bucket, error) {
	if err := checkName(name); err != nil {
		return bucket.Bucket{}, err
	}
	out, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	if err != nil {
		return bucket.Bucket{}, explainHeadBucket(err, name)
	}
	return bucket.Bucket{Name: name, Region: aws.ToString(out.BucketRegion)}, nil
}

// explainHeadBucket finds the words for a status that has none.
func explainHeadBucket(err error, name string) error {
	err = explain(err, "look at bucket", place{bucket: name})
	var e *bucket.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return reword(e, bucket.NoSuchBucket)
	}
	return err
}

// ListBuckets returns all buckets by name.
func (s *Store) ListBuckets(ctx context.Context) ([]bucket.Bucket, error) {
	var all []bucket.Bucket
	pages := s3.NewListBucketsPaginator(s.client, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain(err, "list buckets", place{})
		}
		for _, b := range page.Buckets {
			all = append(all, bucket.Bucket{
				Name:    aws.ToString(b.Name),
				Region:  aws.ToString(b.BucketRegion),
				Created: aws.ToTime(b.CreationDate),
			})
		}
	}
	slices.SortFunc(all, func(a, b bucket.Bucket) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Check asks the server whether it takes the credentials. What these may do is not looked
// at. What waiting will not mend is an [Unfit].
func (s *Store) Check(ctx context.Context) error {
	_, err := s.client.ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)})
	switch err = explain(err, "list buckets", place{}); {
	case bucket.IsCode(err, "AccessDenied"):
		return nil
	case notKnown(err):
		return &Unfit{err}
	}
	return err
}

// Unfit says that a store cannot be used until somebody has seen to it.
type Unfit struct{ Err error }

func (u *Unfit) Error() string { return u.Err.Error() }

// Unwrap returns what is wrong.
func (u *Unfit) Unwrap() error { return u.Err }

// notKnown tells whether the server does not take who asks for whom he says.
func notKnown(err error) bool {
	return bucket.IsCode(err, "InvalidAccessKeyId") || bucket.IsCode(err, "SignatureDoesNotMatch")
}

// PutVersioning sets whether the bucket keeps versions.
func (s *Store) PutVersioning(ctx context.Context, name string, v bucket.Versioning) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := v.Check(name); err != nil {
		return err
	}
	_, err := s.client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket:                  &name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatus(v)},
	})
	if err != nil {
		return s.versionless(explain(err, "set the versioning of", place{bucket: name}), name)
	}
	return s.setIndeed(ctx, name, v)
}

// Versioning tells whether the bucket keeps versions.
func (s *Store) Versioning(ctx context.Context, name string) (bucket.Versioning, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name})
	if err != nil {
		return "", explain(err, "read the versioning of", place{bucket: name})
	}
	return bucket.Versioning(out.Status), nil
}
