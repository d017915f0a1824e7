package cmd_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/bucket"
	"signer/pkg/keys/keystest"
)

// What Terraform's AWS provider calls, in its order, for a profile that it makes, reads
// again, tags anew and destroys, for the profile's permissions, and for a job; for a
// certificate and for buckets. The calls are those of the provider's
// internal/service/signer, acm and s3.
func TestServeTerraform(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	c := s.client(t, h.key(t, "terraform"))
	version, err := h.put(t.Context(), "source", "app.zip", archive(t))
	must(t, err)

	arn := terraformCreates(t, c)
	terraformTags(t, c, arn)
	terraformPermits(t, c, "one", "two")
	terraformSigns(t, c, version)
	terraformForbids(t, c, "one", "two")
	terraformDestroys(t, c)
	terraformImports(t, s, h.key(t, "terraform"))
	terraformReadsBucket(t, s.s3(h.key(t, "buckets")))
	if err := s.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.quiet(t)
}

// terraformCreates is aws_signer_signing_profile, made and read.
func terraformCreates(t *testing.T, c *signer.Client) (arn string) {
	_, err := c.PutSigningProfile(t.Context(), &signer.PutSigningProfileInput{
		PlatformId: aws.String(lambda), ProfileName: aws.String("terraform_20261121"), Tags: map[string]string{"team": "one", "stage": "test"},
		SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 5, Type: types.ValidityTypeYears},
	})
	must(t, err)
	p, err := c.GetSigningProfile(t.Context(), &signer.GetSigningProfileInput{ProfileName: aws.String("terraform_20261121")})
	must(t, err)
	if aws.ToString(p.PlatformId) != lambda || aws.ToString(p.PlatformDisplayName) != "AWS Lambda" || p.Status != types.SigningProfileStatusActive || p.RevocationRecord != nil ||
		p.SignatureValidityPeriod == nil || *p.SignatureValidityPeriod != (types.SignatureValidityPeriod{Value: 5, Type: types.ValidityTypeYears}) ||
		len(p.Tags) != 2 || len(aws.ToString(p.ProfileVersion)) != 10 || aws.ToString(p.ProfileVersionArn) != *p.Arn+"/"+*p.ProfileVersion {
		t.Errorf("the profile is %+v", p)
	}
	return *p.Arn
}

// terraformTags changes tags as the provider does, and reads them.
func terraformTags(t *testing.T, c *signer.Client, arn string) {
	_, err := c.UntagResource(t.Context(), &signer.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"stage"}})
	must(t, err)
	_, err = c.TagResource(t.Context(), &signer.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"team": "two"}})
	must(t, err)
	out, err := c.ListTagsForResource(t.Context(), &signer.ListTagsForResourceInput{ResourceArn: &arn})
	must(t, err)
	if len(out.Tags) != 1 || out.Tags["team"] != "two" {
		t.Errorf("the tags are %v", out.Tags)
	}
}

// permitted are the statements of the profile's policy. Where there are none the
// service refuses, which the provider takes for an empty list.
func permitted(t *testing.T, c *signer.Client) (ids []string, revision string) {
	out, err := c.ListProfilePermissions(t.Context(), &signer.ListProfilePermissionsInput{ProfileName: aws.String("terraform_20261121")})
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		return nil, ""
	}
	must(t, err)
	for _, p := range out.Permissions {
		ids = append(ids, *p.StatementId)
	}
	if out.NextToken != nil {
		t.Errorf("there is a page %q behind %v", *out.NextToken, ids)
	}
	return ids, aws.ToString(out.RevisionId)
}

// terraformPermits is aws_signer_signing_profile_permission. The revision of the first
// is empty, and sent.
func terraformPermits(t *testing.T, c *signer.Client, ids ...string) {
	for i, id := range ids {
		before, revision := permitted(t, c)
		if len(before) != i || (revision == "") != (i == 0) {
			t.Errorf("before %s there are %v, of revision %q", id, before, revision)
		}
		_, err := c.AddProfilePermission(t.Context(), &signer.AddProfilePermissionInput{
			Action: aws.String("signer:StartSigningJob"), Principal: aws.String("444455556666"), ProfileName: aws.String("terraform_20261121"),
			RevisionId: &revision, StatementId: aws.String(id),
		})
		must(t, err)
		if after, _ := permitted(t, c); !slices.Contains(after, id) {
			t.Errorf("behind %s there are %v", id, after)
		}
	}
}

// terraformSigns is aws_signer_signing_job, which waits.
func terraformSigns(t *testing.T, c *signer.Client, version string) {
	job, err := c.StartSigningJob(t.Context(), &signer.StartSigningJobInput{
		ProfileName: aws.String("terraform_20261121"),
		Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String("source"), Key: aws.String("app.zip"), Version: &version}},
		Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String("destination"), Prefix: aws.String("")}},
	})
	must(t, err)
	w := signer.NewSuccessfulSigningJobWaiter(c, func(o *signer.SuccessfulSigningJobWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 20*time.Millisecond
	})
	d, err := w.WaitForOutput(t.Context(), &signer.DescribeSigningJobInput{JobId: job.JobId}, patience)
	must(t, err)
	if d.CompletedAt == nil || d.CreatedAt == nil || d.SignatureExpiresAt == nil || d.RevocationRecord != nil || aws.ToString(d.StatusReason) == "" ||
		aws.ToString(d.JobInvoker) != serveAccount || aws.ToString(d.JobOwner) != serveAccount || d.SignedObject == nil || aws.ToString(d.Source.S3.Version) != version {
		t.Errorf("the job is %+v", d)
	}
}

// terraformForbids takes the permissions away again.
func terraformForbids(t *testing.T, c *signer.Client, ids ...string) {
	for _, id := range ids {
		_, revision := permitted(t, c)
		_, err := c.RemoveProfilePermission(t.Context(), &signer.RemoveProfilePermissionInput{ProfileName: aws.String("terraform_20261121"), RevisionId: &revision, StatementId: aws.String(id)})
		must(t, err)
		if after, _ := permitted(t, c); slices.Contains(after, id) {
			t.Errorf("behind the end of %s there are %v", id, after)
		}
	}
}

// terraformDestroys cancels the profile. One that is canceled the provider takes for
// one that is not there; one that never was has to be refused as such.
func terraformDestroys(t *testing.T, c *signer.Client) {
	_, err := c.CancelSigningProfile(t.Context(), &signer.CancelSigningProfileInput{ProfileName: aws.String("terraform_20261121")})
	must(t, err)
	p, err := c.GetSigningProfile(t.Context(), &signer.GetSigningProfileInput{ProfileName: aws.String("terraform_20261121")})
	must(t, err)
	if p.Status != types.SigningProfileStatusCanceled {
		t.Errorf("the profile is %s", p.Status)
	}
	var none *types.ResourceNotFoundException
	if _, err := c.GetSigningProfile(t.Context(), &signer.GetSigningProfileInput{ProfileName: aws.String("terraform_never")}); !errors.As(err, &none) {
		t.Errorf("a profile that never was is refused with %v", err)
	}
}

// terraformImports is aws_acm_certificate, whose tags the provider asks for each time
// that it reads one.
func terraformImports(t *testing.T, s *served, key aws.Credentials) {
	type tags = []map[string]string
	device := keystest.Bundle(t, keystest.Key(t))
	arn := s.acm(t, key, "ImportCertificate", map[string]any{
		"Certificate": device.Certificate, "PrivateKey": []byte(device.PrivateKey), "Tags": tags{{"Key": "team", "Value": "one"}, {"Key": "stage", "Value": "test"}},
	})["CertificateArn"]
	s.acm(t, key, "RemoveTagsFromCertificate", map[string]any{"CertificateArn": arn, "Tags": tags{{"Key": "stage", "Value": "test"}}})
	s.acm(t, key, "AddTagsToCertificate", map[string]any{"CertificateArn": arn, "Tags": tags{{"Key": "team", "Value": "two"}}})
	got := s.acm(t, key, "ListTagsForCertificate", map[string]any{"CertificateArn": arn})
	if diff := cmp.Diff(map[string]any{"Tags": []any{map[string]any{"Key": "team", "Value": "two"}}}, got); diff != "" {
		t.Errorf("the tags (-want +got):\n%s", diff)
	}
	described, _ := s.acm(t, key, "DescribeCertificate", map[string]any{"CertificateArn": arn})["Certificate"].(map[string]any)
	if described["Type"] != "IMPORTED" || described["Status"] != "ISSUED" {
		t.Errorf("the certificate is %v", described)
	}
	s.acm(t, key, "DeleteCertificate", map[string]any{"CertificateArn": arn})
}

// terraformReadsBucket is what aws_s3_bucket asks of a bucket that has nothing but its
// name. The codes are those that the provider takes for an answer.
func terraformReadsBucket(t *testing.T, c *s3.Client) {
	ctx, name := t.Context(), aws.String("terraform")
	_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: name})
	must(t, err)
	lacks := func(code string, err error) {
		t.Helper()
		if !bucket.IsCode(err, code) {
			t.Errorf("not %s but %v", code, err)
		}
	}
	_, err = c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: name})
	lacks("NoSuchBucketPolicy", err)
	_, err = c.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: name})
	lacks("NoSuchCORSConfiguration", err)
	_, err = c.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: name})
	lacks("NoSuchWebsiteConfiguration", err)
	_, err = c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: name})
	lacks("NoSuchLifecycleConfiguration", err)
	_, err = c.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: name})
	lacks("ReplicationConfigurationNotFoundError", err)
	_, err = c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name})
	lacks("ServerSideEncryptionConfigurationNotFoundError", err)
	_, err = c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name})
	lacks("NoSuchPublicAccessBlockConfiguration", err)
	_, err = c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: name})
	lacks("ObjectLockConfigurationNotFoundError", err)
	terraformReadsDefaults(t, c, name)
	_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: name})
	must(t, err)
}

// terraformReadsDefaults is the rest: what every bucket has an answer to.
func terraformReadsDefaults(t *testing.T, c *s3.Client, name *string) {
	ctx := t.Context()
	accelerate, err := c.GetBucketAccelerateConfiguration(ctx, &s3.GetBucketAccelerateConfigurationInput{Bucket: name})
	must(t, err)
	payment, err := c.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: name})
	must(t, err)
	logging, err := c.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: name})
	must(t, err)
	acl, err := c.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: name})
	must(t, err)
	versioning, err := c.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name})
	must(t, err)
	if accelerate.Status != "" || payment.Payer != "BucketOwner" || logging.LoggingEnabled != nil || len(acl.Grants) != 1 || versioning.Status != "" {
		t.Errorf("the bucket is %+v %+v %+v %+v %+v", accelerate, payment, logging, acl, versioning)
	}
}
