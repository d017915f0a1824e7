package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/s3server"
)

// localS3 opens the local store.
func (s *session) localS3(ctx context.Context) (*localS3, error) {
	at, err := s.place()
	if err != nil {
		return nil, err
	}
	store, err := s.openBuckets(ctx, at.home, s.env.Now)
	if err != nil {
		return nil, err
	}
	return &localS3{store: store, region: at.region, account: at.account}, nil
}

// localS3 answers as S3 does, out of a store of buckets.
type localS3 struct {
	store   bucket.Store
	region  string // of the caller
	account string
}

// owner is who owns all buckets and objects: the account. As in S3 the id says
// nothing of the account's number.
func (l *localS3) owner() *types.Owner {
	return &types.Owner{ID: aws.String(s3server.OwnerID(l.account))}
}

// owned refuses what goes to a bucket that ought to be another account's.
func (l *localS3) owned(expected *string) error {
	if expected == nil || *expected == l.account {
		return nil
	}
	return s3Error("AccessDenied", 403, "Access Denied")
}

func s3Error(code string, status int, format string, args ...any) error {
	return &bucket.Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

func bucketARN(name string) *string { return aws.String("arn:aws:s3:::" + name) }

func (l *localS3) CreateBucket(ctx context.Context, in *s3.CreateBucketInput, _ ...func(*s3.Options)) (*s3.CreateBucketOutput, error) {
	region, err := l.regionFor(in.CreateBucketConfiguration)
	if err != nil {
		return nil, err
	}
	if err := l.store.CreateBucket(ctx, *in.Bucket, bucket.CreateOptions{Region: region, Tags: bucketTags(in.CreateBucketConfiguration)}); err != nil {
		return nil, err
	}
	location := "/" + *in.Bucket
	if region != "us-east-1" {
		location = "http://" + *in.Bucket + ".s3.amazonaws.com/"
	}
	return &s3.CreateBucketOutput{Location: &location, BucketArn: bucketARN(*in.Bucket)}, nil
}

// regionFor is the region of a new bucket. As in S3 a caller in us-east-1 may
// choose any other, and one elsewhere only his own; unlike in S3 he need not say
// so.
func (l *localS3) regionFor(c *types.CreateBucketConfiguration) (string, error) {
	if c == nil {
		return l.region, nil
	}
	if c.Location != nil || c.Bucket != nil {
		return "", unkept("--create-bucket-configuration beyond LocationConstraint and Tags")
	}
	if c.LocationConstraint == "" {
		return l.region, nil
	}
	region := string(c.LocationConstraint)
	if !slices.Contains(locationConstraints(), region) {
		return "", s3Error("InvalidLocationConstraint", 400, "The specified location-constraint is not valid")
	}
	if region == "EU" {
		region = "eu-west-1"
	}
	if l.region != "us-east-1" && l.region != region {
		return "", s3Error("IllegalLocationConstraintException", 400,
			"The %s location constraint is incompatible for the region specific endpoint this request was sent to.", region)
	}
	return region, nil
}

// bucketTags are the tags of a new bucket.
func bucketTags(c *types.CreateBucketConfiguration) (tags []bucket.Tag) {
	if c == nil {
		return nil
	}
	for _, t := range c.Tags {
		tags = append(tags, bucket.Tag{Key: aws.ToString(t.Key), Value: aws.ToString(t.Value)})
	}
	return tags
}

func locationConstraints() []string {
	return api.S3().Operation("CreateBucket").Input.Member("CreateBucketConfiguration").Shape.Member("LocationConstraint").Shape.Enum
}

func (l *localS3) DeleteBucket(ctx context.Context, in *s3.DeleteBucketInput, _ ...func(*s3.Options)) (*s3.DeleteBucketOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	return &s3.DeleteBucketOutput{}, l.store.DeleteBucket(ctx, *in.Bucket)
}

func (l *localS3) PutBucketVersioning(ctx context.Context, in *s3.PutBucketVersioningInput, _ ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	c := in.VersioningConfiguration
	if c.MFADelete == types.MFADeleteEnabled {
		return nil, unkept("MFADelete")
	}
	if c.Status == "" {
		return nil, s3Error("IllegalVersioningConfigurationException", 400, "The Versioning element must be specified")
	}
	return &s3.PutBucketVersioningOutput{}, l.store.PutVersioning(ctx, *in.Bucket, bucket.Versioning(c.Status))
}

func (l *localS3) GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput, _ ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	if err := l.owned(in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	v, err := l.store.Versioning(ctx, *in.Bucket)
	return &s3.GetBucketVersioningOutput{Status: types.BucketVersioningStatus(v)}, err
}

// ListBuckets tells the regions of buckets only if it is asked for something, as
// S3 does.
func (l *localS3) ListBuckets(ctx context.Context, in *s3.ListBucketsInput, _ ...func(*s3.Options)) (*s3.ListBucketsOutput, error) {
	all, err := l.store.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	asked := in.MaxBuckets != nil || in.Prefix != nil || in.BucketRegion != nil || in.ContinuationToken != nil
	out := &s3.ListBucketsOutput{Buckets: []types.Bucket{}, Owner: l.owner(), Prefix: in.Prefix}
	for _, b := range all {
		if !wanted(b, in) {
			continue
		}
		if in.MaxBuckets != nil && len(out.Buckets) == int(*in.MaxBuckets) {
			out.ContinuationToken = out.Buckets[len(out.Buckets)-1].Name
			break
		}
		told := types.Bucket{Name: aws.String(b.Name), CreationDate: aws.Time(b.Created), BucketArn: bucketARN(b.Name)}
		if asked {
			told.BucketRegion = aws.String(b.Region)
		}
		out.Buckets = append(out.Buckets, told)
	}
	return out, nil
}

// wanted tells whether a bucket is among those that a listing asks for.
func wanted(b bucket.Bucket, in *s3.ListBucketsInput) bool {
	return strings.HasPrefix(b.Name, aws.ToString(in.Prefix)) &&
		(in.BucketRegion == nil || b.Region == *in.BucketRegion) &&
		b.Name > aws.ToString(in.ContinuationToken)
}
