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

// childWorker says its name as a worker, and waits to be killed.
func childWorker(path string) error {
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	name, err := s.Enlist()
	fmt.Println(name)
	time.Sleep(time.Minute)
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
