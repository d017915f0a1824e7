package records_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/pkg/listen/listentest"
	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// scissors are a way to a server that can be cut exactly: before one of the messages
// that the server answers, or when the server has answered it and nobody has heard.
type scissors struct {
	mu      sync.Mutex
	passing int  // so many more messages pass
	armed   bool // the one after those does not
	deaf    bool // it does, and its answer does not
	half    bool // of which one half does
	used    bool
}

// arm makes the scissors cut at a message.
func (s *scissors) arm(at int, deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passing, s.armed, s.deaf, s.used = at, true, deaf, false
}

// disarm tells whether they have cut.
func (s *scissors) disarm() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = false
	return s.used
}

// cuts tells whether to cut at the next message that the server answers, and how.
func (s *scissors) cuts() (cut, deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.passing--; !s.armed || s.passing >= 0 {
		return false, false
	}
	s.armed, s.used = false, true
	return true, s.deaf
}

// part is which part of the answer that is cut comes through: an n-th; of a very high
// one that is nothing.
func (s *scissors) part() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.half {
		return 2
	}
	return 1 << 20
}

// carry passes messages on (https://www.postgresql.org/docs/current/protocol-message-formats.html):
// the first has no kind, all others have a kind and a length.
func (s *scissors) carry(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	deaf := make(chan int, 1)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		defer client.Close()
		for buf := make([]byte, 32<<10); ; {
			n, err := server.Read(buf)
			select {
			case part := <-deaf:
				client.Write(buf[:n/part])
				return
			default:
			}
			if _, wrong := client.Write(buf[:n]); err != nil || wrong != nil {
				return
			}
		}
	}()
	for first := true; ; first = false {
		message, err := readMessage(client, first)
		if err != nil {
			return
		}
		if kind := message[0]; !first && (kind == 'Q' || kind == 'S') { // a query, or the end of several messages
			cut, deafly := s.cuts()
			if cut && !deafly {
				return
			}
			if cut {
				deaf <- s.part()
				server.Write(message)
				<-heard
				return
			}
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

func readMessage(r io.Reader, first bool) ([]byte, error) {
	head := make([]byte, 5)
	if first {
		head = head[:4]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
	_, err := io.ReadFull(r, rest)
	return append(head, rest...), err
}

// deed is something that a Store does to what bears a name.
type deed struct {
	name string
	seed func(s *records.Store, name string) error
	do   func(s *records.Store, name string) error
}

func deeds() []deed {
	first := func(name string) records.Policy {
		return records.Policy{Partition: here, Profile: name, Revision: "1", Statements: "[]"}
	}
	next := func(name string) records.Policy {
		p := first(name)
		p.Revision = "2"
		return p
	}
	job := func(name string) records.Job {
		j := job(here, name)
		j.Profile, j.Token, j.For = name, "token "+name, time.Hour
		return j
	}
	key := func(name string) records.AccessKey {
		return records.AccessKey{ID: name, Account: here.Account, User: name, Secret: "secret", Status: "Active", CreatedAt: noon}
	}
	add := func(s *records.Store, name string) error { return s.AddProfile(ctx, profile(here, name)) }
	withPolicy := func(s *records.Store, name string) error {
		return errors.Join(add(s, name), s.AddPolicy(ctx, first(name)))
	}
	addJob := func(s *records.Store, name string) error {
		_, isNew, err := s.AddJob(ctx, job(name))
		if err == nil && !isNew {
			err = errors.New("it is taken for an old one")
		}
		return err
	}
	withJob := func(s *records.Store, name string) error { return errors.Join(add(s, name), addJob(s, name)) }
	waitingJob := func(s *records.Store, name string) error {
		return errors.Join(withJob(s, name), s.ReturnJob(ctx, name, job(name).Claim, 0))
	}
	addKey := func(s *records.Store, name string) error { return s.AddAccessKey(ctx, key(name), 1) }
	success := records.Result{Status: "Succeeded", CompletedAt: noon}
	tags := map[string]string{"a": "b"}
	return []deed{
		{"AddProfile", nil, add},
		{"CancelProfile", withPolicy, func(s *records.Store, name string) error {
			_, err := s.CancelProfile(ctx, here, name, noon, "2")
			return err
		}},
		{"RevokeProfile", add, func(s *records.Store, name string) error {
			return s.RevokeProfile(ctx, here, name, "v123456789", records.ProfileRevocation{At: noon, Effective: noon, By: "me", Reason: "lost"})
		}},
		{"SetTags", add, func(s *records.Store, name string) error { return s.SetTags(ctx, here, name, nil, tags) }},
		{"DeleteProfile", func(s *records.Store, name string) error {
			added := withPolicy(s, name)
			_, err := s.CancelProfile(ctx, here, name, noon, "2")
			return errors.Join(added, err)
		}, func(s *records.Store, name string) error { return s.DeleteProfile(ctx, here, name, "v123456789") }},
		{"AddPolicy", add, func(s *records.Store, name string) error { return s.AddPolicy(ctx, first(name)) }},
		{"ReplacePolicy", withPolicy, func(s *records.Store, name string) error { return s.ReplacePolicy(ctx, next(name), "1") }},
		{"DeletePolicy", withPolicy, func(s *records.Store, name string) error { return s.DeletePolicy(ctx, here, name, "1") }},
		{"AddAccessKey", nil, addKey},
		{"SetAccessKeyStatus", addKey, func(s *records.Store, name string) error {
			return s.SetAccessKeyStatus(ctx, here.Account, name, name, "Inactive")
		}},
		{"DeleteAccessKey", addKey, func(s *records.Store, name string) error {
			return s.DeleteAccessKey(ctx, here.Account, name, name)
		}},
		{"AddJob", add, addJob},
		{"AddJob with an event", add, func(s *records.Store, name string) error {
			_, isNew, err := s.AddJob(ctx, job(name), event("begun", noon, 0))
			if err == nil && !isNew {
				err = errors.New("it is taken for an old one")
			}
			return err
		}},
		{"FinishJob", withJob, func(s *records.Store, name string) error { return s.FinishJob(ctx, name, job(name).Claim, success) }},
		{"FinishJob with an event", withJob, func(s *records.Store, name string) error {
			return s.FinishJob(ctx, name, job(name).Claim, success, event("ended", noon, 0))
		}},
		{"RevokeJob", withJob, func(s *records.Store, name string) error {
			return s.RevokeJob(ctx, here, name, records.Revocation{At: noon, By: "me", Reason: "lost"})
		}},
		{"TakeJob", waitingJob, func(s *records.Store, name string) error {
			return s.TakeJob(ctx, name, records.Claim{Attempt: 1}, records.Claim{Worker: "w2", Attempt: 2, For: time.Hour})
		}},
		{"ReturnJob", withJob, func(s *records.Store, name string) error {
			return s.ReturnJob(ctx, name, job(name).Claim, time.Hour)
		}},
		{"RenewJob", withJob, func(s *records.Store, name string) error {
			return s.RenewJob(ctx, name, records.Claim{Worker: "w1", Attempt: 1, For: time.Hour})
		}},
		{"BeginJob", withJob, func(s *records.Store, name string) error {
			return s.BeginJob(ctx, name, records.Claim{Worker: "w1", Attempt: 1, For: time.Hour}, 2)
		}},
		{"ClaimWaiting", waitingJob, func(s *records.Store, name string) error {
			return claimed(name, s.ClaimWaiting)
		}},
		{"ClaimLapsed", func(s *records.Store, name string) error {
			return errors.Join(withJob(s, name), s.RenewJob(ctx, name, records.Claim{Worker: "w1", Attempt: 1, For: time.Microsecond}))
		}, func(s *records.Store, name string) error {
			return claimed(name, s.ClaimLapsed)
		}},
		{"DeleteJobs", func(s *records.Store, name string) error {
			return errors.Join(withJob(s, name), s.FinishJob(ctx, name, job(name).Claim, success))
		}, func(s *records.Store, name string) error {
			n, err := s.DeleteJobs(ctx, []string{name})
			if err == nil && n != 1 {
				err = fmt.Errorf("it deleted %d jobs", n)
			}
			return err
		}},
		{"read", func(s *records.Store, name string) error {
			return errors.Join(withPolicy(s, name), addJob(s, name), addKey(s, name))
		}, read},
	}
}

// read reads all that there is under a name, and some of what else there is.
func read(s *records.Store, name string) error {
	_, err := s.Profile(ctx, here, name)
	_, noPolicy := s.Policy(ctx, here, name)
	_, noJob := s.Job(ctx, here, name)
	_, noToken := s.JobByToken(ctx, here, "token "+name)
	keys, noKeys := s.AccessKeys(ctx, here.Account, name)
	profiles, noProfiles := s.Profiles(ctx, records.ProfileQuery{Partition: here, Limit: 9})
	jobs, noJobs := s.Jobs(ctx, records.JobQuery{Partition: here, Limit: 9})
	filtered, noFiltered := s.Jobs(ctx, records.JobQuery{Partition: here, Invoker: here.Account, Limit: 9})
	oldest, noOldest := s.Oldest(ctx, records.OldestQuery{Partition: here, Limit: 9})
	_, noWaiting := s.Waiting(ctx)
	if fmt.Sprint(len(keys), len(profiles), len(jobs), len(filtered), len(oldest)) != "1 9 9 9 9" {
		err = errors.Join(err, fmt.Errorf("it read %d, %d, %d, %d, %d", len(keys), len(profiles), len(jobs), len(filtered), len(oldest)))
	}
	return errors.Join(err, noPolicy, noJob, noToken, noKeys, noProfiles, noJobs, noFiltered, noOldest, noWaiting)
}

// claimed claims a job, and looks whether it was that one, and no other. As long as the
// server has not noticed that a connection is gone, it keeps what was locked there, and
// whoever claims passes over that: he comes again.
func claimed(id string, claim func(context.Context, records.Claiming) ([]records.Job, error)) error {
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		jobs, err := claim(ctx, records.Claiming{Worker: "w2", For: time.Hour, Limit: 1})
		switch {
		case err != nil:
			return err
		case len(jobs) == 0 && time.Now().Before(until):
		case len(jobs) != 1 || jobs[0].ID != id:
			return fmt.Errorf("it claimed %v", jobIDs(jobs))
		default:
			return nil
		}
	}
}

// state is all that there is under a name, and the events that there are.
func state(t *testing.T, s *records.Store, name string) string {
	t.Helper()
	var b strings.Builder
	p, err := s.Profile(ctx, here, name)
	fmt.Fprintln(&b, p, err)
	policy, err := s.Policy(ctx, here, name)
	fmt.Fprintln(&b, policy, err)
	j, err := s.Job(ctx, here, name)
	if !j.Until.IsZero() { // which depends on the time of day
		j.Until = noon
	}
	fmt.Fprintln(&b, j, err)
	k, err := s.AccessKeys(ctx, here.Account, name)
	fmt.Fprintln(&b, k, err, told(t, s, "log"))
	again := profile(here, name) // a name that is taken stays so
	fmt.Fprintln(&b, s.AddProfile(ctx, again))
	return strings.ReplaceAll(b.String(), name, "NAME")
}

// Wherever the connection breaks while something is done, it is done once, and who
// asked for it is told so.
func testServerIsCut(t *testing.T, server *recordstest.Server) {
	url := server.New(t)
	way := &scissors{}
	s := openURL(t, strings.Replace(url, server.Addr(), listentest.Between(t, server.Addr(), way.carry), 1))
	direct := openURL(t, url)
	n := 0
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			run := func(at int, deaf bool) (string, bool) {
				n++
				name := fmt.Sprint("name", n, "x")
				if d.seed != nil {
					must(t, d.seed(direct, name))
				}
				way.arm(at, deaf)
				err := d.do(s, name)
				cut := way.disarm()
				if err != nil {
					t.Errorf("cut at %d, unheard %v, half %v: %v", at, deaf, way.half, err)
				}
				return state(t, direct, name), cut
			}
			want, _ := run(1000, false)
			way.half = d.name == "read" // what was written is answered in a word
			for _, heard := range []string{"not sent", "unheard"} {
				for at := 0; ; at++ {
					got, cut := run(at, heard != "not sent")
					if got != want {
						t.Errorf("cut at %d, %s: got\n%swant\n%s", at, heard, got, want)
					}
					if !cut {
						break
					}
				}
			}
		})
	}
}
