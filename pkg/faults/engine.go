package faults

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/engine"
)

// Engine acts by a plan, and otherwise as the engine behind it.
type Engine struct {
	inner  engine.Engine
	plan   *Plan
	counts *Counts
}

// New returns an engine that acts by a plan. The clock is not its business: it is
// for whoever opens the engine behind it to move.
func New(inner engine.Engine, plan *Plan, counts *Counts) *Engine {
	return &Engine{inner, plan, counts}
}

// Inner is the engine behind.
func (e *Engine) Inner() engine.Engine { return e.inner }

// refuse returns the error that a call is refused with, or nil. Every rule counts the
// calls that it is about, also those that another one has refused.
func (e *Engine) refuse(ctx context.Context, operation string) error {
	var refused error
	for i, c := range e.plan.Calls {
		if c.Operation != "*" && c.Operation != operation {
			continue
		}
		n, err := e.counts.next(ctx, e.plan, "calls by rule "+strconv.Itoa(i+1))
		if err != nil {
			return err
		}
		if refused == nil && n%c.Every == 0 {
			refused = refusals[c.Error]()
		}
	}
	return refused
}

func keyOf(s *types.Source) string {
	if s == nil || s.S3 == nil {
		return ""
	}
	return aws.ToString(s.S3.Key)
}

// DescribeSigningJob describes a job, which is in progress for as many calls as the
// plan says.
func (e *Engine) DescribeSigningJob(ctx context.Context, in *signer.DescribeSigningJobInput, o ...func(*signer.Options)) (*signer.DescribeSigningJobOutput, error) {
	out, err := through(ctx, e, "DescribeSigningJob", e.inner.DescribeSigningJob, in, o)
	if err != nil {
		return nil, err
	}
	rule := e.plan.job(aws.ToString(out.ProfileName), keyOf(out.Source))
	if rule == nil || rule.Describes == 0 {
		return out, nil
	}
	n, err := e.counts.next(ctx, e.plan, described(out.JobId))
	if err != nil {
		return nil, err
	}
	if n <= rule.Describes {
		out.Status = types.SigningStatusInProgress
		out.StatusReason, out.CompletedAt, out.SignatureExpiresAt, out.SignedObject, out.RevocationRecord = nil, nil, nil, nil, nil
	}
	return out, nil
}

func described(job *string) string { return "describes of " + aws.ToString(job) }

// ListSigningJobs lists jobs as DescribeSigningJob shows them, and does not count.
// Pages may be short.
func (e *Engine) ListSigningJobs(ctx context.Context, in *signer.ListSigningJobsInput, o ...func(*signer.Options)) (*signer.ListSigningJobsOutput, error) {
	if !e.holdsUp() {
		return through(ctx, e, "ListSigningJobs", e.inner.ListSigningJobs, in, o)
	}
	all := *in
	all.Status = "" // which jobs have it is known only when they have been held up
	out, err := through(ctx, e, "ListSigningJobs", e.inner.ListSigningJobs, &all, o)
	if err != nil {
		return nil, err
	}
	kept := []types.SigningJob{}
	for _, row := range out.Jobs {
		if err := e.holdUp(&row); err != nil {
			return nil, err
		}
		if passes(&row, in) {
			kept = append(kept, row)
		}
	}
	out.Jobs = kept
	return out, nil
}

// holdsUp tells whether jobs are held up at all.
func (e *Engine) holdsUp() bool {
	for _, j := range e.plan.Jobs {
		if j.Describes > 0 {
			return true
		}
	}
	return false
}

// holdUp shows a job in progress if it has not been described often enough.
func (e *Engine) holdUp(row *types.SigningJob) error {
	rule := e.plan.job(aws.ToString(row.ProfileName), keyOf(row.Source))
	if rule == nil || rule.Describes == 0 {
		return nil
	}
	n, err := e.counts.count(e.plan, described(row.JobId))
	if err != nil || n > rule.Describes {
		return err
	}
	row.Status, row.IsRevoked = types.SigningStatusInProgress, false
	row.SignatureExpiresAt, row.SignedObject = nil, nil
	return nil
}

// passes tells whether a job passes the filters that being held up has to do with.
func passes(row *types.SigningJob, in *signer.ListSigningJobsInput) bool {
	expires := in.SignatureExpiresAfter != nil || in.SignatureExpiresBefore != nil
	return (in.Status == "" || in.Status == row.Status) && !(in.IsRevoked && !row.IsRevoked) && !(expires && row.SignatureExpiresAt == nil)
}

// through makes a call of the engine behind, unless it is refused.
func through[In, Out any](ctx context.Context, e *Engine, operation string, call func(context.Context, *In, ...func(*signer.Options)) (*Out, error), in *In, o []func(*signer.Options)) (*Out, error) {
	if err := e.refuse(ctx, operation); err != nil {
		return nil, err
	}
	return call(ctx, in, o...)
}
