package cmd

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/console"
	"signer/pkg/keys"
	"signer/pkg/local"
	"signer/pkg/records"
	"signer/pkg/remote"
	"signer/pkg/sign"
)

// console is a page to look at the home, of all accounts.
func (d *daemon) console() http.Handler {
	return console.New(console.Config{
		Places: d.places, Engine: d.lookInto, Certificates: d.certificatesOf, Facts: d.facts,
		Home: d.at.home, Now: d.env.Now, Log: d.log,
	})
}

// mostPlaces is how many accounts and regions the console's overview has.
const mostPlaces = 500

// places are the accounts and regions of the home, and the server's own.
func (d *daemon) places(ctx context.Context) ([]console.Place, error) {
	own := console.Place{Account: d.at.account, Region: d.at.region}
	all := []console.Place{own}
	for at := (records.Partition{}); len(all) < mostPlaces; {
		next, err := d.records.NextPartition(ctx, at)
		if errors.Is(err, records.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		at = next
		if p := console.Place(at); p != own {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b console.Place) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	return all, nil
}

// lookInto is AWS Signer in a place, without the faults of the test mode.
func (d *daemon) lookInto(p console.Place) (console.Engine, error) {
	if err := remote.CheckRegion(p.Region); err != nil {
		return nil, err
	}
	return d.engine.For(p.Account, p.Region, "")
}

// certificatesOf are the certificates of a job's signature, if that, or the
// certificate, is in the home.
func (d *daemon) certificatesOf(ctx context.Context, job *signer.DescribeSigningJobOutput) ([]*x509.Certificate, error) {
	if m := job.SigningMaterial; m != nil && m.CertificateArn != nil {
		all, err := d.keys.Publics(ctx)
		i := slices.IndexFunc(all, func(p keys.Public) bool { return p.ARN == *m.CertificateArn })
		if i < 0 {
			return nil, err
		}
		return []*x509.Certificate{all[i].Certificate}, nil
	}
	if job.SignedObject == nil || job.SignedObject.S3 == nil || aws.ToString(job.SignedObject.S3.BucketName) == local.FileBucket {
		return nil, nil
	}
	object, err := d.buckets.Get(ctx, aws.ToString(job.SignedObject.S3.BucketName), aws.ToString(job.SignedObject.S3.Key), "")
	if err != nil {
		return nil, err
	}
	defer object.Close()
	text, err := sign.Find(ctx, io.NewSectionReader(object, 0, object.Size))
	if err != nil || text == nil {
		return nil, err
	}
	s, err := sign.ParseSignature(text)
	if err != nil {
		return nil, err
	}
	return s.Chain, nil
}

// facts are what the console's overview tells of the server.
func (d *daemon) facts(ctx context.Context) []console.Fact {
	waiting, working := d.engine.Load()
	state := "ready"
	if err := d.ready(ctx); err != nil {
		state = "not ready: the log says why"
	}
	return []console.Fact{
		{Name: "State", Value: state}, {Name: "Version", Value: version}, {Name: "Home", Value: d.at.home},
		{Name: "Started", Value: d.started.UTC().Format("2006-01-02 15:04:05 UTC")}, {Name: "Up for", Value: d.env.Now().Sub(d.started).Round(time.Second).String()},
		{Name: "Jobs waiting", Value: strconv.Itoa(waiting)}, {Name: "Jobs being signed", Value: strconv.Itoa(working) + " of " + strconv.Itoa(*d.workers) + " at once"},
	}
}
