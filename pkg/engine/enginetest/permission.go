package enginetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// permission is a request to permit the other account to start jobs.
func (w *World) permission(profile, id, revision string) *signer.AddProfilePermissionInput {
	return &signer.AddProfilePermissionInput{ProfileName: &profile, StatementId: &id, Action: aws.String("signer:StartSigningJob"),
		Principal: &w.Other, RevisionId: optional(revision)}
}

// add adds a permission and returns the revision.
func (w *World) add(t *testing.T, in *signer.AddProfilePermissionInput) string {
	t.Helper()
	out, err := w.Engine.AddProfilePermission(ctx, in)
	must(t, err)
	return *out.RevisionId
}

func (w *World) remove(profile, id, revision string) (string, error) {
	out, err := w.Engine.RemoveProfilePermission(ctx, &signer.RemoveProfilePermissionInput{ProfileName: &profile, StatementId: &id, RevisionId: &revision})
	if err != nil {
		return "", err
	}
	return *out.RevisionId, nil
}

func (w *World) permissions(t *testing.T, profile string) *signer.ListProfilePermissionsOutput {
	t.Helper()
	out, err := w.Engine.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: &profile})
	must(t, err)
	return out
}

// refusal is all that an error says of itself.
type refusal struct {
	status            int
	class, code, text string
}

func (r refusal) check(t *testing.T, err error) {
	t.Helper()
	status(t, err, r.status)
	refused(t, err, r.class, r.code, r.text)
}

var permissionTests = map[string]func(*testing.T, *World){
	"ComeAndGo":      testPermissions,
	"Statement":      testPermissionRefused,
	"Actions":        testPermissionActions,
	"Revision":       testPermissionRevision,
	"SameAgain":      testPermissionAgain,
	"Size":           testPolicySize,
	"Race":           testPermissionRace,
	"CanceledOrNone": testPermissionsOfCanceled,
}

func testPermissions(t *testing.T, w *World) {
	profile := w.name("web")
	version := w.lambdaProfile(t, profile)
	role := "arn:" + w.partition() + ":iam::" + w.Other + ":role/Build-Role+=,.@_1"
	first := w.add(t, w.permission(profile, "one", ""))
	in := w.permission(profile, "Two_2-", first)
	in.Action, in.Principal, in.ProfileVersion = aws.String("signer:GetSigningProfile"), &role, &version
	second := w.add(t, in)
	statement := `{"Sid":"%s","Effect":"Allow","Principal":{"AWS":"%s"},"Action":"%s","Resource":"` + w.arn("signing-profiles/"+profile) + `"%s}`
	one := fmt.Sprintf(statement, "one", "arn:"+w.partition()+":iam::"+w.Other+":root", "signer:StartSigningJob", "")
	two := fmt.Sprintf(statement, "Two_2-", role, "signer:GetSigningProfile", `,"Condition":{"StringEquals":{"signer:ProfileVersion":"`+version+`"}}`)
	same(t, w.permissions(t, profile), &signer.ListProfilePermissionsOutput{
		RevisionId: &second, PolicySizeBytes: int32(len("[" + one + "," + two + "]")),
		Permissions: []types.Permission{
			{Action: aws.String("signer:StartSigningJob"), Principal: &w.Other, StatementId: aws.String("one")},
			{Action: aws.String("signer:GetSigningProfile"), Principal: &role, StatementId: aws.String("Two_2-"), ProfileVersion: &version},
		},
	})
	third, err := w.remove(profile, "one", second)
	must(t, err)
	left := w.permissions(t, profile)
	same(t, []any{*left.RevisionId, left.PolicySizeBytes, *left.Permissions[0].StatementId}, []any{third, int32(len("[" + two + "]")), "Two_2-"})
	fourth, err := w.remove(profile, "Two_2-", third)
	must(t, err)
	revisions := map[string]bool{first: true, second: true, third: true, fourth: true, w.add(t, w.permission(profile, "three", "")): true} // after the last one: without a revision
	same(t, len(revisions), 5)
}

// testPermissionRefused makes one fault after the other in a first permission.
func testPermissionRefused(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	invalidPrincipal := refusal{400, "ValidationException", "InvalidPrincipal", "Principal is not a valid AWS account id or IAM Role Arn"}
	invalidID := refusal{400, "ValidationException", "InvalidPermissionStatement", "Statement ID must contain only alphanumeric characters, underscores, and dashes"}
	principal := func(who string) func(*signer.AddProfilePermissionInput) {
		return func(in *signer.AddProfilePermissionInput) {
			in.Principal = aws.String(strings.ReplaceAll(who, "PARTITION", w.partition()))
		}
	}
	id := func(id string) func(*signer.AddProfilePermissionInput) {
		return func(in *signer.AddProfilePermissionInput) { in.StatementId = &id }
	}
	for _, tc := range []struct {
		fault func(*signer.AddProfilePermissionInput)
		want  refusal
	}{
		{principal(""), invalidPrincipal},
		{principal("12345678901"), invalidPrincipal},
		{principal("1234567890123"), invalidPrincipal},
		{principal("*"), invalidPrincipal},
		{principal("arn:PARTITION:iam::111122223333:user/maria"), invalidPrincipal},
		{principal("arn:PARTITION:iam::111122223333:root"), invalidPrincipal},
		{principal("arn:PARTITION:sts::111122223333:assumed-role/R/S"), invalidPrincipal},
		{principal("arn:PARTITION:iam::111122223333:role/team/R"), invalidPrincipal}, // though it is the ARN of a role
		{principal("arn:PARTITION:iam::111122223333:role/"), invalidPrincipal},
		{principal("arn:aws-other:iam::111122223333:role/R"), invalidPrincipal},
		{id("a b"), invalidID},
		{id("é"), invalidID},
		{id("a.b"), invalidID},
		{id(strings.Repeat("a", 65)), refusal{400, "ValidationException", "InvalidPermissionStatement", "Statement ID must be less than 64 characters length"}},
		{id(""), refusal{400, "ValidationException", "InvalidPermissionStatement", "statementId cannot be empty."}},
		{func(in *signer.AddProfilePermissionInput) { in.RevisionId = aws.String("1") },
			refusal{400, "ValidationException", "", "Resource Policy does not exist but revisionId was specified in the request"}},
		{func(in *signer.AddProfilePermissionInput) { in.ProfileVersion = aws.String("ABCDEFGHIJ") },
			refusal{404, "ResourceNotFoundException", "ProfileVersionNotFound", "Version ABCDEFGHIJ does not exist for SigningProfile " + profile + "."}},
		{func(in *signer.AddProfilePermissionInput) { in.ProfileName = aws.String("nobody") },
			refusal{404, "ResourceNotFoundException", "ProfileNotFound", "SigningProfile with name nobody does not exist"}},
		{func(in *signer.AddProfilePermissionInput) { in.ProfileName = aws.String("no-name") },
			refusal{400, "ValidationException", "", invalid("no-name", "profileName", "satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}")}},
	} {
		in := w.permission(profile, "one", "")
		tc.fault(in)
		_, err := w.Engine.AddProfilePermission(ctx, in)
		tc.want.check(t, err)
	}
	w.add(t, w.permission(profile, strings.Repeat("a", 64), "")) // the first after all
}

func testPermissionActions(t *testing.T, w *World) {
	web, device, images := w.name("web"), w.name("device"), w.name("images")
	w.lambdaProfile(t, web)
	w.imported(t, device, iot, w.Certificate)
	w.put(t, &signer.PutSigningProfileInput{ProfileName: &images, PlatformId: aws.String(notation)})
	objects := []string{"signer:StartSigningJob", "signer:GetSigningProfile", "signer:RevokeSignature"}
	for _, tc := range []struct {
		profile, platform string
		good              []string
		bad               []string
	}{
		{web, lambda, objects, []string{"signer:SignPayload", "signer:startSigningJob", "StartSigningJob", "signer:*", ""}},
		{device, iot, objects, []string{"signer:SignPayload"}},
		{images, notation, []string{"signer:SignPayload", "signer:GetSigningProfile", "signer:RevokeSignature"}, []string{"signer:StartSigningJob"}},
	} {
		for _, action := range tc.bad {
			in := w.permission(tc.profile, "one", "")
			in.Action = &action
			_, err := w.Engine.AddProfilePermission(ctx, in)
			refusal{400, "ValidationException", "", "Action " + action + " not supported for platform " + tc.platform +
				". Action must be one of [" + strings.Join(tc.good, ", ") + "]"}.check(t, err)
		}
		revision := ""
		for i, action := range tc.good {
			in := w.permission(tc.profile, fmt.Sprint("s", i), revision)
			in.Action = &action
			revision = w.add(t, in)
		}
	}
}

func testPermissionRevision(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	_, err := w.remove(profile, "one", "1")
	refusal{404, "ResourceNotFoundException", "", "No policy named one associated with " + profile + " profile"}.check(t, err)
	first := w.add(t, w.permission(profile, "one", ""))
	second := w.add(t, w.permission(profile, "two", first))
	stale := refusal{409, "ConflictException", "PolicyRevisionIdMismatch",
		"Specified revisionId (" + first + ") does not match the revisionId of the existing policy (" + second + ")"}
	_, err = w.Engine.AddProfilePermission(ctx, w.permission(profile, "three", first))
	stale.check(t, err)
	_, err = w.remove(profile, "one", first)
	stale.check(t, err)
	_, err = w.Engine.AddProfilePermission(ctx, w.permission(profile, "three", ""))
	refusal{400, "ValidationException", "", "Resource Policy exists for Profile Name " + profile + ". But no revisionId was provided in the request"}.check(t, err)
	_, err = w.remove(profile, "three", second)
	refusal{404, "ResourceNotFoundException", "", "No policy named three associated with " + profile + " profile"}.check(t, err)
	same(t, *w.permissions(t, profile).RevisionId, second)
}

func testPermissionAgain(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	revision := w.add(t, w.permission(profile, "one", ""))
	same(t, w.add(t, w.permission(profile, "one", revision)), revision)
	same(t, w.add(t, w.permission(profile, "one", "")), revision) // the request of before, sent twice
	other := w.permission(profile, "one", revision)
	other.Action = aws.String("signer:GetSigningProfile")
	_, err := w.Engine.AddProfilePermission(ctx, other)
	refusal{400, "ValidationException", "", "Statement with statementId one is already in the policy"}.check(t, err)
	same(t, len(w.permissions(t, profile).Permissions), 1)
}

func testPolicySize(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	var err error
	var size, n int
	for revision := ""; err == nil && n < 20; n++ {
		var out *signer.AddProfilePermissionOutput
		if out, err = w.Engine.AddProfilePermission(ctx, w.permission(profile, fmt.Sprintf("statement-%02d", n), revision)); err == nil {
			revision = *out.RevisionId
			size = int(w.permissions(t, profile).PolicySizeBytes)
		}
	}
	refusal{402, "ServiceLimitExceededException", "ServiceLimitExceeded", "Policy cannot exceed maximum size of 2000 bytes"}.check(t, err)
	if each := size / max(n-1, 1); size > 2000 || size+each <= 2000 {
		t.Errorf("no room beside %d bytes of %d statements", size, n-1)
	}
}

// testPermissionRace changes one revision in many ways at once.
func testPermissionRace(t *testing.T, w *World) {
	profile := w.name("web")
	w.lambdaProfile(t, profile)
	revision := w.add(t, w.permission(profile, "a", w.add(t, w.permission(profile, "b", ""))))
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			if i%2 == 0 {
				_, errs[i] = w.remove(profile, "a", revision)
			} else {
				_, errs[i] = w.Engine.AddProfilePermission(ctx, w.permission(profile, fmt.Sprint("s", i), revision))
			}
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		refusedAs[*types.ConflictException](t, err)
	}
	same(t, won, 1)
	if n := len(w.permissions(t, profile).Permissions); n != 1 && n != 3 {
		t.Errorf("%d permissions", n)
	}
}

func testPermissionsOfCanceled(t *testing.T, w *World) {
	profile, empty := w.name("web"), w.name("empty")
	w.lambdaProfile(t, profile)
	w.lambdaProfile(t, empty)
	revision := w.add(t, w.permission(profile, "one", ""))
	w.cancel(t, profile)
	list := w.permissions(t, profile)
	same(t, len(list.Permissions), 1)
	if *list.RevisionId == revision {
		t.Error("canceling has left the revision as it was")
	}
	w.cancel(t, profile)
	same(t, w.permissions(t, profile), list)
	fixed := refusal{400, "ValidationException", "ProfileNotActive", "Cannot add permission to/remove permission from a profile in Canceled state"}
	_, err := w.Engine.AddProfilePermission(ctx, w.permission(profile, "two", *list.RevisionId))
	fixed.check(t, err)
	_, err = w.remove(profile, "one", *list.RevisionId)
	fixed.check(t, err)
	_, err = w.Engine.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: &empty})
	refusal{404, "ResourceNotFoundException", "PolicyNotFound", "No policies associated with profile " + empty}.check(t, err)
	_, err = w.Engine.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: aws.String("nobody")})
	refusal{404, "ResourceNotFoundException", "ProfileNotFound", "SigningProfile with name nobody does not exist"}.check(t, err)
	_, err = w.remove("nobody", "one", revision)
	refusal{404, "ResourceNotFoundException", "ProfileNotFound", "SigningProfile with name nobody does not exist"}.check(t, err)
	_, err = w.Engine.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: &profile, NextToken: aws.String("nonsense")})
	refusedToken(t, err)
}
