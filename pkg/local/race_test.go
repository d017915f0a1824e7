package local_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/local"
)

// among runs f on several engines of one home at once.
func (h *home) among(t *testing.T, n int, f func(i int, e *local.Engine)) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		e := h.engine(t)
		all.Go(func() { f(i, e) })
	}
	all.Wait()
}

// However many change permissions, each change is one that was made from what
// was there: none is lost.
func TestRacingPermissions(t *testing.T) {
	h := newHome(t)
	putProfile(t, h.engine(t), "web")
	added := make([]int, 4)
	h.among(t, len(added), func(i int, e *local.Engine) {
		for n := range 2 {
			var conflict *types.ConflictException
			for {
				in := &signer.AddProfilePermissionInput{ProfileName: aws.String("web"), StatementId: aws.String(fmt.Sprint("s", i, "-", n)),
					Action: aws.String("signer:GetSigningProfile"), Principal: aws.String("444455556666")}
				if list, err := e.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: aws.String("web")}); err == nil {
					in.RevisionId = list.RevisionId
				}
				_, err := e.AddProfilePermission(ctx, in)
				if err == nil {
					added[i]++
					break
				}
				first := (*types.ValidationException)(nil) // there is a policy by now
				if !errors.As(err, &conflict) && !errors.As(err, &first) {
					t.Error(err)
					return
				}
			}
		}
	})
	list, err := h.engine(t).ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: aws.String("web")})
	must(t, err)
	if len(list.Permissions) != 8 {
		t.Errorf("%v were added, and %d are there", added, len(list.Permissions))
	}
}

// Of revocations at once the earliest counts in the end.
func TestRacingRevocations(t *testing.T) {
	h := newHome(t)
	putProfile(t, h.engine(t), "web")
	profile, err := h.engine(t).GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: aws.String("web")})
	must(t, err)
	now := time.Now().Truncate(time.Second)
	h.among(t, 6, func(i int, e *local.Engine) {
		effective := now.Add(-time.Duration(1+i*5%6) * time.Hour)
		_, err := e.RevokeSigningProfile(ctx, &signer.RevokeSigningProfileInput{ProfileName: aws.String("web"), ProfileVersion: profile.ProfileVersion,
			Reason: aws.String(fmt.Sprint(i)), EffectiveTime: &effective})
		if refused := (*types.ValidationException)(nil); err != nil && !errors.As(err, &refused) {
			t.Error(err)
		}
	})
	got, err := h.engine(t).GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: aws.String("web")})
	must(t, err)
	if at := *got.RevocationRecord.RevocationEffectiveFrom; !at.Equal(now.Add(-6 * time.Hour)) {
		t.Errorf("it is revoked from %v", at)
	}
}
