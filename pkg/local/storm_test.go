package local_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"

	"signer/pkg/doctor"
	"signer/pkg/local"
)

var stormFor = flag.Duration("storm", 500*time.Millisecond, "how long TestStorm lasts; minutes find what is rare")

// TestStorm has processes do everything at once in one home: start jobs with tokens
// of their own and shared ones, which are signed at once or in the background; make,
// cancel and revoke profiles; revoke signatures; give and take permissions of one
// profile. They are killed at any moment, and others take their places. In the end all
// that they were answered must be so:
//
//   - every job that was answered is there, and each token has one,
//   - each job has ended well, has one object, and that object's signature verifies;
//     but jobs that were in the hands of eight who died have failed, and have none,
//   - each job was told of as often as it changed,
//   - what was done to a profile or a signature is done,
//   - no change of permissions was lost, and those in conflict were refused,
//   - the home is sound.
//
// A longer storm: go test ./pkg/local -run TestStorm -storm 5m
func TestStorm(t *testing.T) {
	h := app(t)
	must(t, os.Chmod(h.Dir, 0o700))
	l := newLedger(t)
	l.rageUntil(h, *stormFor, l.busy)
	l.check(h)
	if !l.busy() {
		t.Error("it was too short")
	}
}

// ledger is what processes have said: what they are about to do, and what they have
// been answered that they did.
type ledger struct {
	t *testing.T

	// weather tells whether an error is one that something was done for; nil: none is.
	weather func(wrong string) bool

	mu                      sync.Mutex
	tokens                  map[string]string // to the one job
	jobs                    map[string]bool   // that were answered
	tried, done             map[string]bool   // such as "cancel web"
	conflicts, kills, wrong int
}

func newLedger(t *testing.T) *ledger {
	return &ledger{t: t, tokens: map[string]string{}, jobs: map[string]bool{}, tried: map[string]bool{}, done: map[string]bool{}}
}

// check holds a home to what its processes have said.
func (l *ledger) check(h *home) {
	e := open(l.t, h.eventful())
	jobs := h.jobs(l.t, e)
	h.checkJobsBut(l.t, l.jobs, func(reason string) bool {
		return reason == "Signing was interrupted too often." || l.weather != nil && l.weather(reason)
	})
	h.checkEvents(l.t, jobs)
	l.checkSignatures(jobs)
	l.checkProfiles(e)
	l.checkPermissions(e)
	report, err := doctor.Examine(ctx, doctor.Config{Home: h.Dir, Now: time.Now(), Quick: true})
	must(l.t, err)
	for _, p := range report.Problems {
		l.t.Errorf("%s %s", p.Subject, p.Found)
	}
	l.t.Logf("%d jobs, %d tokens, %d other changes, %d conflicts, %d kills, %d errors", len(jobs), len(l.tokens), len(l.done), l.conflicts, l.kills, l.wrong)
}

// busy tells whether anything has been done.
func (l *ledger) busy() bool { return len(l.done) > 0 && len(l.tokens) > 0 }

// rageUntil rages until something has come of it, which on a machine that has other
// things to do takes longer than a while.
func (l *ledger) rageUntil(h *home, lasting time.Duration, came func() bool) {
	for end := time.Now().Add(patience); ; {
		l.rage(h, lasting)
		if came() || time.Now().After(end) {
			return
		}
	}
}

// rage keeps a few processes alive for a while, and kills one after the other.
func (l *ledger) rage(h *home, lasting time.Duration) {
	const processes = 4
	var all sync.WaitGroup
	for i := range processes {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), uint64(time.Now().UnixNano())))
			for end := time.Now().Add(lasting); time.Now().Before(end); {
				l.live(h.command("storm", fmt.Sprint(random.Uint64())), time.Duration(random.IntN(300))*time.Millisecond)
			}
		})
	}
	all.Wait()
}

// live lets a process live for a while from when it begins to work, and hears what
// it says.
func (l *ledger) live(c *exec.Cmd, lasting time.Duration) {
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		l.t.Error(err)
		return
	}
	death := time.AfterFunc(time.Minute, func() { c.Process.Kill() })
	defer death.Stop()
	for lines, first := bufio.NewScanner(out), true; lines.Scan(); first = false {
		l.hear(lines.Text())
		if first {
			death.Reset(lasting)
		}
	}
	c.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kills++
}

// hear takes down a line: a verb, what it is about, and a full stop, without which
// somebody died while saying it.
func (l *ledger) hear(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line, whole := strings.CutSuffix(line, ".")
	verb, about, _ := strings.Cut(line, " ")
	switch {
	case !whole:
	case verb == "job":
		token, id, _ := strings.Cut(about, " ")
		if known := l.tokens[token]; known != "" && known != id {
			l.t.Errorf("the token %s has made %s and %s", token, known, id)
		}
		l.tokens[token], l.jobs[id] = id, true
	case verb == "try":
		l.tried[about] = true
	case verb == "did":
		l.done[about] = true
	case verb == "conflict":
		l.conflicts++
	case verb == "wrong" && l.weather != nil && l.weather(about):
		l.wrong++
	default:
		l.t.Error(line)
	}
}

// each calls f for everything that was tried of one verb. did tells that it was
// answered, too.
func (l *ledger) each(verb string, f func(about string, did bool)) {
	for tried := range l.tried {
		if about, ok := strings.CutPrefix(tried, verb+" "); ok {
			f(about, l.done[tried])
		}
	}
}

func (l *ledger) checkSignatures(jobs map[string]types.SigningJob) {
	revoked := map[string]bool{}
	l.each("revoke", func(id string, did bool) {
		revoked[id] = true
		if did && !jobs[id].IsRevoked {
			l.t.Errorf("the revocation of job %s is lost", id)
		}
	})
	for id, j := range jobs {
		if j.IsRevoked && !revoked[id] {
			l.t.Errorf("job %s is revoked, and nobody did it", id)
		}
	}
}

func (l *ledger) checkProfiles(e *local.Engine) {
	status := map[string]types.SigningProfileStatus{}
	for pages := signer.NewListSigningProfilesPaginator(e, &signer.ListSigningProfilesInput{IncludeCanceled: true}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		must(l.t, err)
		for _, p := range page.Profiles {
			status[*p.ProfileName] = p.Status
		}
	}
	l.each("put", func(name string, did bool) {
		canceled, voided := l.tried["cancel "+name], l.tried["void "+name]
		switch got := status[name]; {
		case did && got == "":
			l.t.Errorf("profile %s is lost", name)
		case l.done["void "+name] && got != types.SigningProfileStatusRevoked, l.done["cancel "+name] && got == types.SigningProfileStatusActive:
			l.t.Errorf("profile %s is %s: what was done to it is lost", name, got)
		case got == types.SigningProfileStatusCanceled && !canceled, got == types.SigningProfileStatusRevoked && !voided:
			l.t.Errorf("profile %s is %s, and nobody did it", name, got)
		}
	})
}

func (l *ledger) checkPermissions(e *local.Engine) {
	granted := map[string]bool{}
	list, err := e.ListProfilePermissions(ctx, &signer.ListProfilePermissionsInput{ProfileName: aws.String("web")})
	if refused(err) != "ResourceNotFoundException" { // all of them were taken back
		must(l.t, err)
		for _, p := range list.Permissions {
			granted[*p.StatementId] = true
		}
	}
	l.each("permit", func(id string, did bool) {
		tried, forbidden := l.tried["forbid "+id], l.done["forbid "+id]
		if did && !tried && !granted[id] {
			l.t.Errorf("the permission %s is lost", id)
		}
		if forbidden && granted[id] {
			l.t.Errorf("the permission %s was taken back and is there", id)
		}
		delete(granted, id)
	})
	for id := range granted {
		l.t.Errorf("the permission %s was given by nobody", id)
	}
}

// refused is the class of a service's error; "" for others.
func refused(err error) string {
	var refusal smithy.APIError
	if errors.As(err, &refusal) {
		return refusal.ErrorCode()
	}
	return ""
}
