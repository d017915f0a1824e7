package local

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/api"
	"signer/pkg/records"
)

// The texts of these operations are the service's own. In which order it looks
// at what is wrong is not known, but where one fault hides the other.

// AddProfilePermission permits another account or a role an action on a profile
// of the caller's. To permit again what is permitted changes nothing.
func (e *Engine) AddProfilePermission(ctx context.Context, in *signer.AddProfilePermissionInput, _ ...func(*signer.Options)) (*signer.AddProfilePermissionOutput, error) {
	if err := check("AddProfilePermission", in); err != nil {
		return nil, err
	}
	if err := checkStatementID(*in.StatementId); err != nil {
		return nil, err
	}
	who, err := e.principalARN(*in.Principal)
	if err != nil {
		return nil, err
	}
	revision, err := e.amend(ctx, *in.ProfileName, func(profile records.Profile, revision string, p policy) (policy, error) {
		s, err := newStatement(profile, in, who)
		if err != nil {
			return nil, err
		}
		return add(p, s, profile.Name, revision, aws.ToString(in.RevisionId))
	})
	if err != nil {
		return nil, err
	}
	return &signer.AddProfilePermissionOutput{RevisionId: &revision}, nil
}

// checkStatementID judges the name of a permission.
func checkStatementID(id string) error {
	switch {
	case id == "":
		return invalid(codeInvalidPermissionStatement, "statementId cannot be empty.")
	case !regexp.MustCompile(`^[a-zA-Z0-9_-]*$`).MatchString(id):
		return invalid(codeInvalidPermissionStatement, "Statement ID must contain only alphanumeric characters, underscores, and dashes")
	case len(id) > 64:
		return invalid(codeInvalidPermissionStatement, "Statement ID must be less than 64 characters length")
	}
	return nil
}

// principalARN is the ARN of who is given as an account or a role. AWS has been
// seen to refuse a role with a path; and it knows whether there is one.
func (e *Engine) principalARN(given string) (string, error) {
	if accountID(given) {
		return e.accountARN(given), nil
	}
	rest, ok := strings.CutPrefix(given, "arn:"+api.Partition(e.caller.Region)+":iam::")
	if !ok || !regexp.MustCompile(`^[0-9]{12}:role/[\w+=,.@-]{1,64}$`).MatchString(rest) {
		return "", invalid(codeInvalidPrincipal, "Principal is not a valid AWS account id or IAM Role Arn")
	}
	return given, nil
}

// newStatement makes a statement of what was asked for, if there is such a
// version of the profile and the platform knows the action.
func newStatement(profile records.Profile, in *signer.AddProfilePermissionInput, who string) (statement, error) {
	s := statement{
		Sid: *in.StatementId, Effect: "Allow", Principal: principal{who}, Action: *in.Action,
		Resource:  profileARN(profile.Partition, profile.Name),
		Condition: condition{stringEquals{aws.ToString(in.ProfileVersion)}},
	}
	if !s.isFor(profile.Version) {
		return s, absentVersion(*in.ProfileVersion, profile.Name)
	}
	if profile.Status != records.Active {
		return s, unchangeable(profile)
	}
	if actions := grantable(profile.Platform); !slices.Contains(actions, s.Action) {
		return s, invalid(unknownCode, "Action %s not supported for platform %s. Action must be one of [%s]", s.Action, profile.Platform, strings.Join(actions, ", "))
	}
	return s, nil
}

// grantable are the actions on profiles of a platform that others can be permitted.
func grantable(platform string) []string {
	sign := "signer:StartSigningJob"
	if platform == notation {
		sign = "signer:SignPayload"
	}
	return []string{sign, "signer:GetSigningProfile", "signer:RevokeSignature"}
}

func unchangeable(profile records.Profile) error {
	return invalid(codeProfileNotActive, "Cannot add permission to/remove permission from a profile in %s state", profile.Status)
}

// add returns a policy with one more statement. What is there already needs no
// revision, so that a request that is repeated does no harm.
func add(p policy, s statement, profile, revision, based string) (policy, error) {
	at := p.index(s.Sid)
	if at >= 0 && p[at] == s {
		return p, nil
	}
	switch {
	case revision == "" && based != "":
		return nil, invalid(unknownCode, "Resource Policy does not exist but revisionId was specified in the request")
	case revision != "" && based == "":
		return nil, invalid(unknownCode, "Resource Policy exists for Profile Name %s. But no revisionId was provided in the request", profile)
	case revision != based:
		return nil, stale(based, revision)
	case at >= 0:
		return nil, invalid(unknownCode, "Statement with statementId %s is already in the policy", s.Sid)
	}
	return p.with(s)
}

func stale(based, revision string) error {
	return conflict(codePolicyRevisionIDMismatch, "Specified revisionId (%s) does not match the revisionId of the existing policy (%s)", based, revision)
}

// RemoveProfilePermission takes a permission back. The policy ends with its last
// one; the revision that is answered then is good for nothing.
func (e *Engine) RemoveProfilePermission(ctx context.Context, in *signer.RemoveProfilePermissionInput, _ ...func(*signer.Options)) (*signer.RemoveProfilePermissionOutput, error) {
	if err := check("RemoveProfilePermission", in); err != nil {
		return nil, err
	}
	revision, err := e.amend(ctx, *in.ProfileName, func(profile records.Profile, revision string, p policy) (policy, error) {
		at := p.index(*in.StatementId)
		switch {
		case profile.Status != records.Active:
			return nil, unchangeable(profile)
		case revision != "" && revision != *in.RevisionId:
			return nil, stale(*in.RevisionId, revision)
		case at < 0:
			return nil, notFound(unknownCode, "No policy named %s associated with %s profile", *in.StatementId, profile.Name)
		}
		return slices.Delete(slices.Clone(p), at, at+1), nil
	})
	if err != nil {
		return nil, err
	}
	return &signer.RemoveProfilePermissionOutput{RevisionId: &revision}, nil
}

// amend changes the policy of a profile into what change makes of it and of its
// revision, "" being that of none, and returns the revision that it then has. If
// somebody else changes the policy meanwhile, it begins again with theirs.
func (e *Engine) amend(ctx context.Context, name string, change func(records.Profile, string, policy) (policy, error)) (string, error) {
	store, err := e.memory(ctx)
	if err != nil {
		return "", err
	}
	for {
		profile, kept, err := e.policyOf(ctx, store, name)
		if err != nil {
			return "", err
		}
		before, err := parsePolicy(kept)
		if err != nil {
			return "", err
		}
		after, err := change(profile, kept.Revision, before)
		if err != nil || slices.Equal(before, after) {
			return kept.Revision, err
		}
		revision, err := newID(e.random)
		if err != nil {
			return "", err
		}
		err = replace(ctx, store, kept, after, revision)
		if !errors.Is(err, records.ErrChanged) {
			return revision, err
		}
	}
}

// policyOf returns a profile of the caller's and the record of its policy, which
// has no revision if there is none.
func (e *Engine) policyOf(ctx context.Context, store *records.Store, name string) (records.Profile, records.Policy, error) {
	none := records.Policy{Partition: e.caller, Profile: name}
	profile, err := store.Profile(ctx, e.caller, name)
	if errors.Is(err, records.ErrNotFound) {
		err = notFound(codeProfileNotFound, "SigningProfile with name %s does not exist", name)
	}
	if err != nil {
		return profile, none, err
	}
	kept, err := store.Policy(ctx, e.caller, name)
	if errors.Is(err, records.ErrNotFound) {
		return profile, none, nil
	}
	return profile, kept, err
}

// replace puts a policy in the place of the one that is kept. An empty one is
// none.
func replace(ctx context.Context, store *records.Store, kept records.Policy, p policy, revision string) error {
	was := kept.Revision
	kept.Revision, kept.Statements = revision, p.String()
	switch {
	case was == "":
		return store.AddPolicy(ctx, kept)
	case len(p) == 0:
		return store.DeletePolicy(ctx, kept.Partition, kept.Profile, was)
	}
	return store.ReplacePolicy(ctx, kept, was)
}

// ListProfilePermissions lists what a profile permits others, whatever its
// status. There is never more than a page of it.
func (e *Engine) ListProfilePermissions(ctx context.Context, in *signer.ListProfilePermissionsInput, _ ...func(*signer.Options)) (*signer.ListProfilePermissionsOutput, error) {
	if err := check("ListProfilePermissions", in); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, errToken()
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	_, kept, err := e.policyOf(ctx, store, *in.ProfileName)
	if err != nil {
		return nil, err
	}
	if kept.Revision == "" {
		return nil, notFound(codePolicyNotFound, "No policies associated with profile %s", kept.Profile)
	}
	p, err := parsePolicy(kept)
	if err != nil {
		return nil, err
	}
	out := &signer.ListProfilePermissionsOutput{RevisionId: &kept.Revision, PolicySizeBytes: int32(len(p.String()))}
	for _, s := range p {
		out.Permissions = append(out.Permissions, s.permission())
	}
	return out, nil
}
