package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	"signer/pkg/engine"
	"signer/pkg/faults"
	"signer/pkg/keys"
	"signer/pkg/local"
	"signer/pkg/sign"
)

// The test mode is on while there is a file faults.yaml in the home, or another one
// that SIGNER_FAULTS names: the local engine then acts by it, and every command that
// has to do with that says so.

// faultPlan is what the local engine does wrong on purpose: nothing, but in test
// mode.
func (s *session) faultPlan() (*faults.Plan, error) {
	if s.faults != nil {
		return s.faults, nil
	}
	name, text, err := s.faultsFile()
	if err != nil {
		return nil, err
	}
	if s.faults, err = faults.Read(text); err != nil {
		return nil, &configError{"Configuration", fmt.Sprintf("The test mode's file %s cannot be understood: %v", name, err)}
	}
	s.faultsName = name
	return s.faults, nil
}

func (s *session) faultsFile() (name string, text []byte, err error) {
	if name := s.env.getenv("SIGNER_FAULTS"); name != "" {
		text, err := s.env.ReadFile(name)
		if err != nil {
			err = &configError{"Configuration", fmt.Sprintf("The file that SIGNER_FAULTS names cannot be read: %v", err)}
		}
		return name, text, err
	}
	home, err := s.homeDirectory()
	if err != nil {
		return "", nil, err
	}
	name = filepath.Join(home, "faults.yaml")
	text, err = s.env.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // the home is not there, or none
		err = nil
	case err != nil:
		err = &configError{"Configuration", fmt.Sprintf("The test mode's file cannot be read: %v", err)}
	}
	return name, text, err
}

// warnOfFaults says, if it is so, that the test mode is on.
func (s *session) warnOfFaults() {
	if s.faults.String() != "" {
		fmt.Fprintf(s.env.Stderr, "warning: test mode, by %s: %s\n", s.faultsName, s.faults)
	}
}

// acting returns the local engine as the plan wants it.
func (s *session) acting(e engine.Engine) (engine.Engine, error) {
	plan, err := s.faultPlan()
	if err != nil || plan.String() == "" {
		return e, err
	}
	home, err := s.homeDirectory()
	if err != nil {
		return nil, err
	}
	s.warnOfFaults()
	return faults.New(e, plan, faultCounts(home)), nil
}

// faultCounts is how often the rules of the plan have been met in a home.
func faultCounts(home string) *faults.Counts {
	return &faults.Counts{Path: filepath.Join(home, "faults-counts.json")}
}

// localEngine is the local engine itself, if it is one, also in test mode.
func localEngine(e engine.Engine) (*local.Engine, bool) {
	if acting, ok := e.(*faults.Engine); ok {
		e = acting.Inner()
	}
	own, ok := e.(*local.Engine)
	return own, ok
}

// localClock is the local engine's clock.
func (s *session) localClock() (func() time.Time, error) {
	plan, err := s.faultPlan()
	if err != nil {
		return nil, err
	}
	return plan.Clock.Now(s.env.Now), nil
}

// movedKeys are keys whose clock is moved. The root is made by the real clock, if
// that is behind: else it would not be good yet when the test is over.
type movedKeys struct {
	local.Signers
	real *keys.Store
}

// Service returns the identity that signs for the service.
func (k movedKeys) Service(ctx context.Context, region string, at time.Time) (sign.Identity, error) {
	if _, err := k.real.Roots(ctx); err != nil {
		return sign.Identity{}, err
	}
	return k.Signers.Service(ctx, region, at)
}

// localKeys are the keys of the local engine, by its clock.
func (s *session) localKeys(home string) (local.Keys, error) {
	plan, err := s.faultPlan()
	if err != nil {
		return nil, err
	}
	real, err := s.keysAt(home)
	if err != nil || plan.Clock.Text == "" {
		return local.Signers{Store: real}, err
	}
	moved, err := s.keysBy(home, plan.Clock.Now(s.env.Now))
	if plan.Clock.Back {
		return local.Signers{Store: moved}, err
	}
	return movedKeys{local.Signers{Store: moved}, real}, err
}
