package local_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/local"
)

// childStorm does one thing after the other until it is killed. Every third such
// process signs in the background, as servers do.
func childStorm(h *home, seed string) error {
	n, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		return err
	}
	c := h.eventful()
	if n%3 == 0 {
		c.Background = 1000
	}
	e, err := local.Open(c)
	if err != nil {
		return err
	}
	if c.Background > 0 {
		e.Work(2)
	}
	s := &stormer{home: h, engine: e, random: rand.New(rand.NewPCG(n, 0)), id: strconv.FormatUint(n, 36)}
	for err == nil {
		s.count++
		err = s.act()
	}
	fmt.Printf("wrong %s.\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	return nil
}

// stormer is a process in the storm.
type stormer struct {
	home   *home
	engine *local.Engine
	random *rand.Rand
	id     string // makes names its own
	count  int
}

func (s *stormer) act() error {
	switch s.random.IntN(8) {
	case 0, 1:
		return s.start(fmt.Sprint(s.id, "-", s.count))
	case 2:
		return s.start(fmt.Sprint("shared-", s.random.IntN(30)))
	case 3:
		return s.revoked()
	case 4:
		return s.profile()
	case 5, 6:
		return s.permission()
	}
	_, err := s.engine.ListSigningJobs(ctx, &signer.ListSigningJobsInput{})
	return err
}

func (s *stormer) start(token string) error {
	id, err := s.home.start(ctx, s.engine, token)
	if err == nil {
		fmt.Printf("job %s %s.\n", token, id)
	}
	return err
}

// does says that something is about to be done, does it, and says that it is done.
func does(what string, do func() error) error {
	fmt.Printf("try %s.\n", what)
	err := do()
	if err == nil {
		fmt.Printf("did %s.\n", what)
	}
	return err
}

// revoked signs, and revokes the signature.
func (s *stormer) revoked() error {
	token := fmt.Sprint(s.id, "-", s.count)
	id, err := s.home.start(ctx, s.engine, token)
	if err != nil {
		return err
	}
	fmt.Printf("job %s %s.\n", token, id)
	if status, err := s.end(id); err != nil || status == types.SigningStatusFailed { // of which we shall hear
		return err
	}
	return does("revoke "+id, func() error {
		_, err := s.engine.RevokeSignature(ctx, &signer.RevokeSignatureInput{JobId: &id, Reason: aws.String("storm")})
		return err
	})
}

// end waits for the end of a job.
func (s *stormer) end(id string) (types.SigningStatus, error) {
	for {
		job, err := s.engine.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
		if err != nil {
			return "", err
		}
		if job.Status != types.SigningStatusInProgress {
			return job.Status, nil
		}
		time.Sleep(time.Millisecond)
	}
}

// profile makes a profile, and perhaps ends it.
func (s *stormer) profile() error {
	name := fmt.Sprint("p", s.id, "_", s.count)
	var version *string
	err := does("put "+name, func() error {
		out, err := s.engine.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(lambdaID)})
		if err == nil {
			version = out.ProfileVersion
		}
		return err
	})
	if err == nil && s.random.IntN(2) == 0 {
		err = does("cancel "+name, func() error {
			_, err := s.engine.CancelSigningProfile(ctx, &signer.CancelSigningProfileInput{ProfileName: &name})
			return err
		})
	}
	if err == nil && s.random.IntN(2) == 0 {
		err = does("void "+name, func() error {
			_, err := s.engine.RevokeSigningProfile(ctx, &signer.RevokeSigningProfileInput{ProfileName: &name, ProfileVersion: version,
				Reason: aws.String("storm"), EffectiveTime: aws.Time(time.Now().Add(-time.Minute))})
			return err
		})
	}
	return err
}

// permission gives a permission and takes it back.
func (s *stormer) permission() error {
	id := fmt.Sprint(s.id, "-", s.count)
	err := s.change("permit "+id, func(ctx context.Context, revision *string) error {
		_, err := s.engine.AddProfilePermission(ctx, &signer.AddProfilePermissionInput{ProfileName: aws.String("web"), StatementId: &id,
			Action: aws.String("signer:GetSigningProfile"), Principal: aws.String("444455556666"), RevisionId: revision})
		return err
	})
	switch {
	case refused(err) == "ServiceLimitExceededException": // the policy is full for now
		return nil
	case err != nil || s.random.IntN(20) == 0: // some stay
		return err
	}
	return s.change("forbid "+id, func(ctx context.Context, revision *string) error {
		_, err := s.engine.RemoveProfilePermission(ctx, &signer.RemoveProfilePermissionInput{ProfileName: aws.String("web"), StatementId: &id, RevisionId: revision})
		return err
	})
}

// change changes the permissions from what they are, again and again until nobody
// else does so meanwhile.
func (s *stormer) change(what string, change func(ctx context.Context, revision *string) error) error {
	for {
		var revision *string
		list, err := s.engine.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: aws.String("web")})
		switch {
		case err == nil:
			revision = list.RevisionId
		case refused(err) != "ResourceNotFoundException":
			return err
		}
		fmt.Printf("try %s.\n", what)
		err = change(ctx, revision)
		switch refused(err) {
		case "ConflictException", "ValidationException": // of which the second says that there is a policy by now, or no more
			fmt.Printf("conflict %s.\n", what)
			continue
		}
		if err == nil {
			fmt.Printf("did %s.\n", what)
		}
		return err
	}
}
