package local

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/api"
	"signer/pkg/records"
)

// An account can do everything with what is its own, and with another's what the
// policy of the profile permits; AWS wants it permitted by an IAM policy of the
// caller's own account as well, of which nothing is known here. Of what is
// permitted to nobody the caller does not learn whether it exists.

// of is the caller's own partition, or that of another account in the region.
func (e *Engine) of(owner *string) records.Partition {
	return records.Partition{Account: cmp.Or(aws.ToString(owner), e.caller.Account), Region: e.caller.Region}
}

// profileFor returns the profile of an owner (nil is the caller) that the caller
// wants to do something with; records.ErrNotFound if the caller's own account
// does not have it.
func (e *Engine) profileFor(ctx context.Context, owner *string, name, action string) (records.Profile, error) {
	store, err := e.memory(ctx)
	if err != nil {
		return records.Profile{}, err
	}
	in := e.of(owner)
	p, err := store.Profile(ctx, in, name)
	if err == nil {
		err = e.permit(ctx, store, in, name, p.Version, action)
	}
	if in != e.caller && errors.Is(err, records.ErrNotFound) {
		err = e.unauthorized(action, profileARN(in, name))
	}
	return p, err
}

// jobFor returns the job of an owner (nil is the caller) that the caller wants to
// do something with, finished if that was left to do. To have started it is not
// enough. What was refused is named by the job's ARN, since the profile's is not
// for everybody to know.
func (e *Engine) jobFor(ctx context.Context, owner *string, id, action string) (records.Job, error) {
	store, err := e.memory(ctx)
	if err != nil {
		return records.Job{}, err
	}
	in := e.of(owner)
	job, err := ownJob(ctx, store, in, id)
	if err == nil {
		err = e.permit(ctx, store, in, job.Profile, job.ProfileVersion, action)
	}
	switch {
	case err == nil:
		return e.meet(ctx, job)
	case !errors.Is(err, records.ErrNotFound):
		return job, err
	case in != e.caller:
		return job, e.unauthorized(action, jobARN(in, id))
	}
	return job, absentJob(id)
}

// ownJob returns a job that belongs to a partition, or records.ErrNotFound.
func ownJob(ctx context.Context, store *records.Store, in records.Partition, id string) (records.Job, error) {
	job, err := store.Job(ctx, in, id)
	if err == nil && job.Partition != in {
		err = records.ErrNotFound // it has only been started from there
	}
	return job, err
}

// permit returns nil if the caller may do something with a version of a profile:
// it is the caller's own, or its policy permits it. Else, as if there were
// nothing, it returns records.ErrNotFound.
func (e *Engine) permit(ctx context.Context, store *records.Store, in records.Partition, profile, version, action string) error {
	if in == e.caller {
		return nil
	}
	kept, err := store.Policy(ctx, in, profile)
	if err != nil {
		return err
	}
	p, err := parsePolicy(kept)
	if err == nil && !p.permits(e.names(), action, version) {
		err = records.ErrNotFound
	}
	return err
}

// names are what a policy may call the caller: the account, and the role that
// the caller has or has assumed.
func (e *Engine) names() []string {
	all := []string{e.accountARN(e.caller.Account)}
	session, assumed := strings.CutPrefix(e.principal, e.identityARN("sts", e.caller.Account)+"assumed-role/")
	role, _, _ := strings.Cut(session, "/")
	roles := e.identityARN("iam", e.caller.Account) + "role/"
	switch {
	case assumed:
		all = append(all, roles+role)
	case strings.HasPrefix(e.principal, roles):
		all = append(all, e.principal)
	}
	return all
}

// identityARN begins the ARNs of an account's identities, and accountARN is that
// of all of them.
func (e *Engine) identityARN(service, account string) string {
	return "arn:" + api.Partition(e.caller.Region) + ":" + service + "::" + account + ":"
}

func (e *Engine) accountARN(account string) string {
	return e.identityARN("iam", account) + "root"
}
