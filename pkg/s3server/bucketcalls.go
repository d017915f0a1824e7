package s3server

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/bucket"
)

type owner struct{ ID string }

func (x *exchange) owner() *owner { return &owner{OwnerID(x.caller.Account)} }

type bucketXML struct {
	Name         string
	CreationDate stamp
	BucketRegion string `xml:",omitempty"`
	BucketArn    string `xml:",omitempty"`
}

type bucketsXML struct {
	Owner             *owner
	Buckets           []bucketXML `xml:"Buckets>Bucket"`
	ContinuationToken string      `xml:",omitempty"`
	Prefix            string      `xml:",omitempty"`
}

// listBuckets tells the regions of buckets only if it is asked for something.
func (x *exchange) listBuckets() error {
	all, err := x.store.ListBuckets(x.r.Context())
	if err != nil {
		return err
	}
	most, err := x.maxBuckets()
	if err != nil {
		return err
	}
	asked := x.query.has("max-buckets") || x.query.has("prefix") || x.query.has("bucket-region") || x.query.has("continuation-token")
	out := bucketsXML{Owner: x.owner(), Prefix: x.query["prefix"]}
	for _, b := range all {
		if !x.wants(b) {
			continue
		}
		if len(out.Buckets) == most {
			out.ContinuationToken = out.Buckets[most-1].Name
			break
		}
		one := bucketXML{Name: b.Name, CreationDate: stamp(b.Created), BucketArn: "arn:aws:s3:::" + b.Name}
		if asked {
			one.BucketRegion = b.Region
		}
		out.Buckets = append(out.Buckets, one)
	}
	return x.answer("ListAllMyBucketsResult", out)
}

// maxBuckets is how many buckets a page may have.
func (x *exchange) maxBuckets() (int, error) {
	const most = 10_000
	value, given := x.query["max-buckets"]
	if !given {
		return most, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, badArgument("max-buckets", value, "Argument max-buckets must be an integer between 1 and 10000.")
	}
	return n, nil
}

// wants tells whether a bucket is among those that a listing asks for.
func (x *exchange) wants(b bucket.Bucket) bool {
	region := x.query["bucket-region"]
	return strings.HasPrefix(b.Name, x.query["prefix"]) && (region == "" || region == b.Region) && b.Name > x.query["continuation-token"]
}

func (x *exchange) createBucket() error {
	if err := x.unkept(); err != nil {
		return err
	}
	opts, err := x.createOptions()
	if err != nil {
		return err
	}
	if err := x.store.CreateBucket(x.r.Context(), x.bucket, opts); err != nil {
		return err
	}
	x.set("Location", "/"+x.bucket)
	x.set("x-amz-bucket-arn", "arn:aws:s3:::"+x.bucket)
	return x.nothing(http.StatusOK)
}

// nothing answers without a body.
func (x *exchange) nothing(status int) error {
	x.begun = true
	if status != http.StatusNoContent {
		x.set("Content-Length", "0")
	}
	x.w.WriteHeader(status)
	return nil
}

// createXML is what a new bucket is to be like.
type createXML struct {
	XMLName            xml.Name `xml:"CreateBucketConfiguration"`
	LocationConstraint string
	Location           *struct{} // of directory buckets
	Bucket             *struct{} // their kind
	Tags               *tagSetXML
}

func (x *exchange) createOptions() (opts bucket.CreateOptions, err error) {
	opts.Region = cmp.Or(x.Region, x.caller.Region)
	body, err := x.readAll()
	if err != nil || len(body) == 0 {
		return opts, err
	}
	var in createXML
	if err := parseXML(body, &in); err != nil {
		return opts, err
	}
	if in.Location != nil || in.Bucket != nil {
		return opts, notImplemented("directory buckets", "")
	}
	if opts.Tags = in.Tags.tags(); len(opts.Tags) > 0 {
		if _, err := x.tagger(); err != nil {
			return opts, err
		}
	}
	opts.Region, err = x.bucketRegion(in.LocationConstraint)
	return opts, err
}

// bucketRegion is where a new bucket goes. A server of one region has buckets there. Else
// a caller in us-east-1 may choose any other region, as in S3, and one elsewhere only
// his own; unlike in S3 he need not say so.
func (x *exchange) bucketRegion(constraint string) (string, error) {
	here, region := cmp.Or(x.Region, x.caller.Region), constraint
	if region == "EU" {
		region = "eu-west-1"
	}
	switch {
	case region == "":
		return here, nil
	case !isRegion(region) || region == "us-east-1" && here == "us-east-1" || x.Region != "" && region != x.Region:
		return "", refused("InvalidLocationConstraint", http.StatusBadRequest, "The specified location-constraint is not valid").With("LocationConstraint", constraint)
	case here != "us-east-1" && here != region:
		return "", refused("IllegalLocationConstraintException", http.StatusBadRequest, "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", region)
	}
	return region, nil
}

// isRegion tells whether a region can have this name: parts of lower-case letters and
// a number behind them.
func isRegion(name string) bool {
	parts := strings.Split(name, "-")
	if len(parts) < 3 {
		return false
	}
	for i, part := range parts {
		letters, digits := strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") == "", strings.Trim(part, "0123456789") == ""
		if part == "" || i < len(parts)-1 && !letters || i == len(parts)-1 && !digits {
			return false
		}
	}
	return true
}

func (x *exchange) deleteBucket() error {
	if err := x.store.DeleteBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	return x.nothing(http.StatusNoContent)
}

func (x *exchange) headBucket() error {
	b, err := x.store.HeadBucket(x.r.Context(), x.bucket)
	if err != nil {
		return err
	}
	x.setSome("x-amz-bucket-region", b.Region)
	x.set("x-amz-bucket-arn", "arn:aws:s3:::"+x.bucket)
	x.set("x-amz-access-point-alias", "false")
	x.set("Content-Type", "application/xml")
	return x.nothing(http.StatusOK)
}

// bucketLocation tells nothing for us-east-1, which is where a bucket is that nobody
// put elsewhere.
func (x *exchange) bucketLocation() error {
	b, err := x.store.HeadBucket(x.r.Context(), x.bucket)
	if err != nil {
		return err
	}
	if b.Region == "us-east-1" {
		b.Region = ""
	}
	return x.answer("LocationConstraint", struct {
		Region string `xml:",chardata"`
	}{b.Region})
}

type versioningXML struct {
	XMLName   xml.Name          `xml:"VersioningConfiguration"`
	Status    bucket.Versioning `xml:",omitempty"`
	MfaDelete string            `xml:",omitempty"`
}

func (x *exchange) bucketVersioning() error {
	v, err := x.store.Versioning(x.r.Context(), x.bucket)
	if err != nil {
		return err
	}
	return x.answer("VersioningConfiguration", versioningXML{Status: v})
}

func (x *exchange) putBucketVersioning() error {
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	var in versioningXML
	if err := x.readXML(&in); err != nil {
		return err
	}
	switch {
	case in.MfaDelete == "Enabled":
		return notImplemented("MfaDelete", "")
	case in.Status == "":
		return refused("IllegalVersioningConfigurationException", http.StatusBadRequest, "The Versioning element must be specified")
	}
	if err := x.store.PutVersioning(x.r.Context(), x.bucket, in.Status); err != nil {
		return err
	}
	return x.nothing(http.StatusOK)
}
