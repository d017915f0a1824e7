package enginetest

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/engine"
)

// Two accounts meet here: the owner of a profile, who is the world's caller, and
// others who want to use it.

// as returns the world as another principal has it. Without others the test is
// skipped.
func (w *World) as(t *testing.T, account, principal string) *World {
	t.Helper()
	if w.As == nil {
		t.Skip("there is only one caller")
	}
	other := *w
	other.Account, other.Principal = account, strings.NewReplacer("PARTITION", w.partition(), "ACCOUNT", account).Replace(principal)
	other.Engine = w.As(account, other.Principal)
	return &other
}

const (
	user  = "arn:PARTITION:iam::ACCOUNT:user/maria"
	build = "arn:PARTITION:sts::ACCOUNT:assumed-role/Build/session-1"
)

// grant permits an action on a profile, and takes it back when undo is called.
func (w *World) grant(t *testing.T, profile, version, action, principal string) (undo func()) {
	t.Helper()
	in := w.permission(profile, "s"+action, "")
	in.Action, in.Principal, in.ProfileVersion = aws.String("signer:"+action), &principal, optional(version)
	if list, err := w.Engine.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: &profile}); err == nil {
		in.RevisionId = list.RevisionId
	}
	w.add(t, in)
	return func() {
		_, err := w.remove(profile, *in.StatementId, *w.permissions(t, profile).RevisionId)
		must(t, err)
	}
}

// denied checks that a caller was refused an action on a resource of another.
func (w *World) denied(t *testing.T, err error, action, resource string) {
	t.Helper()
	refusal{403, "AccessDeniedException", "", "User: " + w.Principal + " is not authorized to perform: signer:" + action + " on resource: " + resource}.check(t, err)
}

var accountTests = map[string]func(*testing.T, *World){
	"StartsJobsOfAnother":    testForeignJob,
	"SignsPayloadsOfAnother": testForeignPayload,
	"GetsProfilesOfAnother":  testForeignProfile,
	"RevokesForAnother":      testForeignRevocation,
	"WhoIsPermitted":         testPrincipals,
	"SeesItsOwn":             testBoundaries,
	"StatusIsForEverybody":   testForeignStatus,
	"CertificatesOfAnother": func(t *testing.T, w *World) {
		other := w.as(t, w.Other, user)
		_, err := other.Engine.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String(w.name("device")), PlatformId: aws.String(iot),
			SigningMaterial: &types.SigningMaterial{CertificateArn: &w.Certificate}})
		refusedAs[*types.ValidationException](t, err)
	},
}

func testForeignJob(t *testing.T, w *World) {
	other, stranger := w.as(t, w.Other, user), w.as(t, "555566667777", user)
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	arn := w.arn("signing-profiles/" + profile)
	in := &signer.StartSigningJobInput{ProfileName: &profile, ProfileOwner: &w.Account, Source: w.object(t, "app.zip", archive(t, "a")), Destination: w.destination("")}
	_, err := other.Engine.StartSigningJob(ctx, in)
	other.denied(t, err, "StartSigningJob", arn)
	undo := w.grant(t, profile, version, "StartSigningJob", w.Other)
	_, err = stranger.Engine.StartSigningJob(ctx, in)
	stranger.denied(t, err, "StartSigningJob", arn)
	_, err = other.Engine.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: &profile, Source: in.Source, Destination: in.Destination})
	refused(t, err, "ResourceNotFoundException", "ProfileNotFound", "profile with name "+profile+" does not exist") // of its own
	started, err := other.Engine.StartSigningJob(ctx, in)
	must(t, err)
	same(t, *started.JobOwner, w.Account)

	job := seen(t, w, started.JobId)
	same(t, []string{string(job.Status), *job.JobOwner, *job.JobInvoker, *job.RequestedBy}, []string{"Succeeded", w.Account, w.Other, other.Principal})
	same(t, seen(t, other, started.JobId), job)
	_, err = stranger.Engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: started.JobId})
	refused(t, err, "ResourceNotFoundException", "JobNotFound", "Signing job "+*started.JobId+" does not exist.")
	checkJobs(t, allJobs(t, w, signer.ListSigningJobsInput{JobInvoker: &w.Other, RequestedBy: &other.Principal}), []string{*started.JobId})
	checkJobs(t, allJobs(t, w, signer.ListSigningJobsInput{JobInvoker: &w.Account}), nil)
	checkJobs(t, allJobs(t, stranger, signer.ListSigningJobsInput{}), nil)

	undo()
	_, err = other.Engine.StartSigningJob(ctx, in)
	other.denied(t, err, "StartSigningJob", arn)
	w.grant(t, profile, "", "StartSigningJob", w.Other)
	w.cancel(t, profile)
	_, err = other.Engine.StartSigningJob(ctx, in)
	refused(t, err, "ValidationException", "ProfileNotActive", "Signing Profile "+profile+" is not active.")
}

func testForeignPayload(t *testing.T, w *World) {
	other := w.as(t, w.Other, user)
	profile := w.name("images")
	w.imageProfile(t, profile)
	in := w.payload(profile)
	in.ProfileOwner = &w.Account
	_, err := other.Engine.SignPayload(ctx, in)
	other.denied(t, err, "SignPayload", w.arn("signing-profiles/"+profile))
	w.grant(t, profile, "", "SignPayload", w.Other)
	out, err := other.Engine.SignPayload(ctx, in)
	must(t, err)
	same(t, *out.JobOwner, w.Account)
	job := seen(t, w, out.JobId)
	same(t, []string{*job.JobOwner, *job.JobInvoker, *job.RequestedBy}, []string{w.Account, w.Other, other.Principal})
	same(t, seen(t, other, out.JobId), job)
}

func testForeignProfile(t *testing.T, w *World) {
	other := w.as(t, w.Other, user)
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	get := func(name string) (*signer.GetSigningProfileOutput, error) {
		return other.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name, ProfileOwner: &w.Account})
	}
	w.grant(t, profile, "", "StartSigningJob", w.Other) // which is another action
	for _, name := range []string{profile, "nobody"} {  // of which one cannot tell which exists
		_, err := get(name)
		other.denied(t, err, "GetSigningProfile", w.arn("signing-profiles/"+name))
	}
	w.grant(t, profile, version, "GetSigningProfile", w.Other)
	got, err := get(profile)
	must(t, err)
	same(t, *got.ProfileVersionArn, w.arn("signing-profiles/"+profile+"/"+version))
}

func testForeignRevocation(t *testing.T, w *World) {
	other := w.as(t, w.Other, user)
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	w.grant(t, profile, version, "StartSigningJob", w.Other)
	started, err := other.Engine.StartSigningJob(ctx, &signer.StartSigningJobInput{ProfileName: &profile, ProfileOwner: &w.Account,
		Source: w.object(t, "app.zip", archive(t, "a")), Destination: w.destination("")})
	must(t, err)
	seen(t, w, started.JobId)
	in := &signer.RevokeSignatureInput{JobId: started.JobId, JobOwner: &w.Account, Reason: aws.String("a bug")}
	for _, id := range []*string{started.JobId, aws.String("no-such-job")} {
		_, err = other.Engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: id, JobOwner: &w.Account, Reason: in.Reason})
		other.denied(t, err, "RevokeSignature", w.arn("signing-jobs/"+*id)) // that it was started from here is not enough
	}
	w.grant(t, profile, version, "RevokeSignature", w.Other)
	refused(t, other.revokeJob(started.JobId), "ResourceNotFoundException", "JobNotFound", "Signing job "+*started.JobId+" does not exist.") // among its own
	_, err = other.Engine.RevokeSignature(ctx, in)
	must(t, err)
	same(t, *seen(t, w, started.JobId).RevocationRecord.RevokedBy, other.Principal)
}

// testPrincipals tells who of an account a statement means.
func testPrincipals(t *testing.T, w *World) {
	const role = "arn:PARTITION:iam::ACCOUNT:role/Build"
	replace := strings.NewReplacer("PARTITION", w.partition(), "ACCOUNT", w.Other)
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	get := func(e engine.Engine) error {
		_, err := e.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &profile, ProfileOwner: &w.Account})
		return err
	}
	for _, tc := range []struct {
		principal, account, caller string
		permitted                  bool
	}{
		{w.Other, w.Other, user, true},
		{w.Other, w.Other, build, true},
		{w.Other, "555566667777", user, false},
		{role, w.Other, build, true},
		{role, w.Other, "arn:PARTITION:sts::ACCOUNT:assumed-role/Build/another@example.com", true},
		{role, w.Other, role, true},
		{role, w.Other, user, false},
		{role, w.Other, "arn:PARTITION:iam::ACCOUNT:user/Build", false},
		{role, w.Other, "arn:PARTITION:sts::ACCOUNT:assumed-role/Builder/s", false},
		{role, w.Other, "arn:PARTITION:sts::ACCOUNT:assumed-role/Other/Build", false},
		{role, w.Other, "arn:PARTITION:iam::ACCOUNT:role/team/Build", false},
		{role, "555566667777", build, false},
	} {
		other := w.as(t, tc.account, tc.caller)
		undo := w.grant(t, profile, version, "GetSigningProfile", replace.Replace(tc.principal))
		err := get(other.Engine)
		if tc.permitted {
			must(t, err)
		} else {
			other.denied(t, err, "GetSigningProfile", w.arn("signing-profiles/"+profile))
		}
		undo()
	}
}

// testBoundaries: names, tags and changes of one account are nothing to another,
// even if everything is permitted that can be.
func testBoundaries(t *testing.T, w *World) {
	other := w.as(t, w.Other, user)
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	for _, action := range []string{"StartSigningJob", "GetSigningProfile", "RevokeSignature"} {
		w.grant(t, profile, "", action, w.Other)
	}
	absent := func(err error) {
		t.Helper()
		refusedAs[*types.ResourceNotFoundException](t, err)
	}
	_, err := other.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &profile})
	absent(err)
	_, err = other.Engine.CancelSigningProfile(ctx, &signer.CancelSigningProfileInput{ProfileName: &profile})
	absent(err)
	absent(other.revoke(profile, version, time.Now()))
	_, err = other.Engine.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: &profile})
	absent(err)
	_, err = other.Engine.AddProfilePermission(ctx, other.permission(profile, "mine", *w.permissions(t, profile).RevisionId))
	absent(err)
	_, err = other.remove(profile, "sStartSigningJob", *w.permissions(t, profile).RevisionId)
	absent(err)
	refusedAs[*types.BadRequestException](t, other.tag(w.arn("signing-profiles/"+profile), map[string]string{"a": "b"}))
	same(t, profilePages(t, other, signer.ListSigningProfilesInput{IncludeCanceled: true}), []string(nil))
	if other.lambdaProfile(t, profile) == version { // the name is free there
		t.Error("two profiles of one version")
	}
	got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &profile})
	must(t, err)
	same(t, []string{string(got.Status), *got.ProfileVersion}, []string{"Active", version})
}

func testForeignStatus(t *testing.T, w *World) {
	stranger := w.as(t, "555566667777", user)
	name := w.name("images")
	version := w.imageProfile(t, name)
	signed, err := w.Engine.SignPayload(ctx, w.payload(name))
	must(t, err)
	must(t, w.revokeJob(signed.JobId))
	must(t, w.revoke(name, version, time.Now()))
	profile, job := w.arn("signing-profiles/"+name+"/"+version), w.arn("signing-jobs/"+*signed.JobId)
	checkEntities(t, stranger.revoked(t, profile, job, time.Now()), []string{profile, job})
}
