package console

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/api"
)

// jobList is a page of jobs.
type jobList struct {
	Jobs      []types.SigningJob
	Statuses  []types.SigningStatus
	Platforms []types.SigningPlatform
	Filter    *signer.ListSigningJobsInput
	Filtered  bool   // some jobs may be left out
	First     string // leads to the first page, from any other
	Next      string // leads to the next page, if there is one
}

// jobs shows the jobs that pass the query's filters, newest first.
func (c *console) jobs(r *http.Request) (*view, error) {
	p, e, err := c.place(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	in := &signer.ListSigningJobsInput{
		Status: types.SigningStatus(q.Get("status")), PlatformId: optional(q, "platform"), RequestedBy: optional(q, "requestedBy"),
		JobInvoker: optional(q, "invoker"), IsRevoked: q.Get("revoked") != "", NextToken: optional(q, "page"),
	}
	out, err := e.ListSigningJobs(r.Context(), in)
	if err != nil {
		return nil, err
	}
	platforms, err := allPlatforms(r.Context(), e)
	if err != nil {
		return nil, err
	}
	list := jobList{Jobs: out.Jobs, Statuses: types.SigningStatus("").Values(), Platforms: platforms, Filter: in, Next: pageLink(r, "page", out.NextToken)}
	list.Filtered = in.Status != "" || in.PlatformId != nil || in.RequestedBy != nil || in.JobInvoker != nil || in.IsRevoked
	if in.NextToken != nil {
		q.Del("page")
		list.First = "?" + q.Encode()
	}
	return &view{Title: "Jobs", Place: &p, Section: "jobs", Data: list}, nil
}

// allPlatforms are the platforms, of which there are few.
func allPlatforms(ctx context.Context, e Engine) ([]types.SigningPlatform, error) {
	out, err := e.ListSigningPlatforms(ctx, &signer.ListSigningPlatformsInput{})
	if err != nil {
		return nil, err
	}
	return out.Platforms, nil
}

// jobPage is a job with all that goes with it.
type jobPage struct {
	*signer.DescribeSigningJobOutput
	ARN, ProfileVersionARN string
	Certificates           []certificate
	Trouble                string // with finding the certificates
	Steps                  []step // to check the signature
}

// job shows a job.
func (c *console) job(r *http.Request) (*view, error) {
	p, job, err := c.find(r)
	if err != nil {
		return nil, err
	}
	page := jobPage{DescribeSigningJobOutput: job, ARN: arnOf(p, job, "signing-jobs", or(job.JobId, "")),
		ProfileVersionARN: arnOf(p, job, "signing-profiles", or(job.ProfileName, ""), or(job.ProfileVersion, ""))}
	if job.Status == types.SigningStatusSucceeded {
		chain, err := c.Certificates(r.Context(), job)
		if err != nil {
			c.Log.Warn("console", "path", r.URL.Path, "error", err)
			chain, page.Trouble = nil, "They cannot be read: the signed object may be gone, or be another by now. The server's log says more."
		}
		page.Certificates = certificates(chain, c.Now())
		page.Steps = c.steps(&page)
	}
	return &view{Title: "Job " + or(job.JobId, ""), Place: &p, Section: "jobs", Data: page}, nil
}

// find is the job that a request is about.
func (c *console) find(r *http.Request) (Place, *signer.DescribeSigningJobOutput, error) {
	p, e, err := c.place(r)
	if err != nil {
		return p, nil, err
	}
	job, err := e.DescribeSigningJob(r.Context(), &signer.DescribeSigningJobInput{JobId: aws.String(r.PathValue("id"))})
	return p, job, err
}

// arnOf is the ARN of something of the account that owns a job.
func arnOf(p Place, job *signer.DescribeSigningJobOutput, parts ...string) string {
	return "arn:" + api.Partition(p.Region) + ":signer:" + p.Region + ":" + or(job.JobOwner, p.Account) + ":/" + strings.Join(parts, "/")
}

// pem answers with the certificates of a job's signature.
func (c *console) pem(w http.ResponseWriter, r *http.Request) {
	_, job, err := c.find(r)
	var chain []*x509.Certificate
	if err == nil && job.Status == types.SigningStatusSucceeded {
		chain, err = c.Certificates(r.Context(), job)
	}
	if err == nil && len(chain) == 0 {
		err = &failure{http.StatusNotFound, "The certificates of this job's signature are not here."}
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	w.Header().Set("Content-Disposition", `attachment; filename="certificates.pem"`)
	for _, one := range chain {
		pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: one.Raw}) // nobody is left to be told that this fails
	}
}
