package cmd

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/records"
	"signer/pkg/remote"
	"signer/pkg/verify"
)

// revocations are who knows what was revoked: AWS with --engine aws, or else the
// home. done gives back what was opened for it.
func (v *verification) revocations() (r verify.Revocations, done func()) {
	if v.isRemote("AWS_ENDPOINT_URL_SIGNER") {
		return &remoteRevocations{session: v.session, clients: map[string]*signer.Client{}}, func() {}
	}
	h := &homeRevocations{session: v.session}
	return h, h.close
}

// homeRevocations knows what the home's records do.
type homeRevocations struct {
	*session
	mu     sync.Mutex
	opened bool
	store  *records.Store // nil: there are none
}

// open opens the records when they are first needed, if there are any.
func (h *homeRevocations) open(ctx context.Context) (_ *records.Store, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.opened {
		return h.store, nil
	}
	home, err := h.homeDirectory()
	if err != nil {
		return nil, err
	}
	h.store, err = h.openRecords(ctx, home, true)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	h.opened = true
	return h.store, nil
}

func (h *homeRevocations) close() {
	if h.store != nil {
		h.store.Close() // nothing was written
	}
}

// Revoked tells what of a job and a version of a profile was revoked. Where the
// records have neither, the signature is not theirs.
func (h *homeRevocations) Revoked(ctx context.Context, q verify.Question) ([]string, error) {
	store, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, verify.ErrUnknown
	}
	var revoked []string
	job, err := store.Job(ctx, partitionOfARN(q.Job), lastOfARN(q.Job))
	switch {
	case err != nil && !errors.Is(err, records.ErrNotFound):
		return nil, err
	case !job.Revocation.At.IsZero():
		revoked = append(revoked, q.Job)
	}
	// The name of a profile stands before its version.
	profile := strings.TrimSuffix(q.ProfileVersion, "/"+lastOfARN(q.ProfileVersion))
	p, failed := store.Profile(ctx, partitionOfARN(profile), lastOfARN(profile))
	switch {
	case failed != nil && !errors.Is(failed, records.ErrNotFound):
		return nil, failed
	case err != nil && failed != nil:
		return nil, verify.ErrUnknown
	case p.Version == lastOfARN(q.ProfileVersion) && p.Status == records.Revoked && !q.SignedAt.Before(p.Revocation.Effective.Truncate(time.Second)):
		revoked = append(revoked, q.ProfileVersion)
	}
	return revoked, nil
}

// partitionOfARN is the account and the region that an ARN belongs to.
func partitionOfARN(arn string) records.Partition {
	parts := append(strings.SplitN(arn, ":", 6), make([]string, 6)...)
	return records.Partition{Account: parts[4], Region: parts[3]}
}

func lastOfARN(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// remoteRevocations asks AWS, in the region of each signature unless one was given.
type remoteRevocations struct {
	*session
	mu      sync.Mutex
	clients map[string]*signer.Client // by region
}

// Revoked asks for envelopes; of other platforms AWS does not tell.
func (r *remoteRevocations) Revoked(ctx context.Context, q verify.Question) ([]string, error) {
	if q.Platform != notationPlatform {
		return nil, verify.ErrUnknown
	}
	client, err := r.client(ctx, partitionOfARN(q.Job).Region)
	if err != nil {
		return nil, err
	}
	out, err := client.GetRevocationStatus(ctx, &signer.GetRevocationStatusInput{
		PlatformId: &q.Platform, JobArn: &q.Job, ProfileVersionArn: &q.ProfileVersion,
		SignatureTimestamp: &q.SignedAt, CertificateHashes: q.Certificates,
	})
	if err != nil {
		return nil, &operationError{"GetRevocationStatus", err}
	}
	return out.RevokedEntities, nil
}

func (r *remoteRevocations) client(ctx context.Context, region string) (*signer.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[region]; c != nil {
		return c, nil
	}
	config := r.remoteConfig("signer")
	if config.Region == nil {
		config.Region = &region
	}
	c, err := remote.Open(ctx, config)
	if err == nil {
		r.clients[region] = c
	}
	return c, err
}
