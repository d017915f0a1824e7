package records_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signer/pkg/records"
)

// patience only ends tests that have failed: machines may be slow.
const patience = 3 * time.Minute

// childWorker says its name as a worker, and waits to be killed.
func childWorker(path string) error {
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	name, err := s.Enlist()
	fmt.Println(name)
	time.Sleep(patience)
	return err
}

func TestWorkersLiveAsLongAsTheirProcess(t *testing.T) {
	path := made(t)
	s := openAt(t, path)
	c, out := start(t, "worker", path)
	lines := bufio.NewScanner(out)
	lines.Scan()
	name := lines.Text()
	if name == "" || !s.Lives(name) || !s.Lives(name) {
		t.Errorf("worker %q is taken for dead", name)
	}
	c.Process.Kill()
	c.Wait()
	if s.Lives(name) {
		t.Error("the worker was killed and lives")
	}
	if s.Lives(name) || s.Lives("") || s.Lives("../records.db") {
		t.Error("somebody lives who never did")
	}
}

func TestWorkersLiveUntilClosed(t *testing.T) {
	path := made(t)
	s, other := openAt(t, path), openAt(t, path)
	name, err := s.Enlist()
	must(t, err)
	again, err := s.Enlist()
	must(t, err)
	same(t, again, name)
	if !s.Lives(name) || !other.Lives(name) {
		t.Error("the worker is taken for dead")
	}
	must(t, s.Close())
	if other.Lives(name) {
		t.Error("the worker lives on")
	}
	left, err := os.ReadDir(path + ".workers")
	must(t, err)
	same(t, len(left), 0)
}

func TestDeadWorkersAreSweptAway(t *testing.T) {
	path := made(t)
	old, young := filepath.Join(path+".workers", "old"), filepath.Join(path+".workers", "young")
	must(t, os.Mkdir(path+".workers", 0o700))
	must(t, os.WriteFile(old, nil, 0o600))
	must(t, os.WriteFile(young, nil, 0o600))
	must(t, os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour)))
	_, err := openAt(t, path).Enlist()
	must(t, err)
	_, err = os.Stat(old)
	refused(t, err, os.ErrNotExist)
	_, err = os.Stat(young)
	must(t, err)
}

// On one machine it is known at once that a worker is dead.
func TestAbandonedByTheDead(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "records.db"))
	for _, in := range []records.Partition{here, other} {
		must(t, s.AddProfile(ctx, profile(in, "web")))
	}
	living, err := s.Enlist()
	must(t, err)
	for i, in := range []records.Partition{here, here, other, here, here, here} {
		j := job(in, fmt.Sprint(i))
		j.CreatedAt = noon.Add(-time.Duration(i) * time.Second)
		j.Worker = []string{"w1", "w1", "", "w2", living, "w1"}[i]
		addJob(t, s, j)
	}
	must(t, s.FinishJob(ctx, "1", records.Claim{Worker: "w1", Attempt: 1}, records.Result{Status: "Failed"}))
	for _, tc := range []struct {
		in    records.Partition
		limit int
		want  []string
	}{{here, 9, []string{"5", "3", "0"}}, {here, 2, []string{"5", "3"}}, {there, 9, nil}, {records.Partition{}, 9, []string{"5", "3", "2", "0"}}} {
		jobs, err := s.Abandoned(ctx, tc.in, tc.limit)
		must(t, err)
		same(t, jobIDs(jobs), tc.want)
	}
}
