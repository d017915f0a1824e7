package records_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/pkg/records"
)

// children are what the test binary does when a test starts it again as another
// process: the argument is the path of the records. What a child writes to
// standard output is its answer.
var children = map[string]func(path string) error{
	"token":  childToken,
	"jobs":   childJobs,
	"worker": childWorker,
}

const childEnv, pathEnv = "RECORDS_TEST_CHILD", "RECORDS_TEST_PATH"

func TestMain(m *testing.M) {
	maps.Copy(children, confinedChildren)
	child := children[os.Getenv(childEnv)]
	if child == nil {
		os.Exit(m.Run())
	}
	if err := child(os.Getenv(pathEnv)); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func start(t *testing.T, child, path string) (*exec.Cmd, io.Reader) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childEnv+"="+child, pathEnv+"="+path)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	return c, out
}

// childToken makes a job with the one token and says which job answered.
func childToken(path string) error {
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.AddProfile(ctx, profile(here, "web")); err != nil && !strings.Contains(err.Error(), records.ErrExists.Error()) {
		return err
	}
	j := job(here, fmt.Sprint("job-", os.Getpid()))
	j.Token = "token"
	got, _, err := s.AddJob(ctx, j)
	fmt.Println(got.ID)
	return err
}

// Processes that make one home at once all succeed, and their one token makes
// one job.
func TestProcessesMakeOneHome(t *testing.T) {
	for range 2 {
		path := filepath.Join(t.TempDir(), "home", "records.db")
		var all []*exec.Cmd
		var outs []io.Reader
		for range 12 {
			c, out := start(t, "token", path)
			all, outs = append(all, c), append(outs, out)
		}
		answers := map[string]bool{}
		for i, c := range all {
			answer, _ := io.ReadAll(outs[i])
			if err := c.Wait(); err != nil {
				t.Errorf("%v: %s", err, answer)
			}
			answers[string(answer)] = true
		}
		if len(answers) != 1 {
			t.Errorf("one token made %v", answers)
		}
		// Two that close at the same moment leave SQLite's files to each other.
		must(t, openAt(t, path).Close())
		checkModes(t, path)
	}
}

// checkModes checks that only the owner can read the records, and that nothing
// is left of their making.
func checkModes(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		if e.Name() != "records.db" && e.Name() != "records.db.lock" {
			t.Errorf("%s is left over", e.Name())
		}
		same(t, info.Mode().Perm(), os.FileMode(0o600))
	}
	dir, err := os.Stat(filepath.Dir(path))
	must(t, err)
	same(t, dir.Mode().Perm(), os.FileMode(0o700))
}

// childJobs adds and finishes jobs until it is killed, and says each one that is
// recorded: "+ id" when it is there and "= id" when it has ended.
func childJobs(path string) error {
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	s.AddProfile(ctx, profile(here, "web"))
	for i := 0; ; i++ {
		j, _, err := s.AddJob(ctx, job(here, fmt.Sprint(os.Getpid(), "-", i)))
		if err != nil {
			return err
		}
		fmt.Println("+", j.ID)
		if err := s.FinishJob(ctx, j.ID, j.Claim, records.Result{Status: "Succeeded"}); err != nil {
			return err
		}
		fmt.Println("=", j.ID)
	}
}

// What a process was told is recorded is there, at whatever moment it and those
// beside it are killed; the making of the home included.
func TestKillLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	said := map[string]string{}
	for round := range 12 {
		c, out := start(t, "jobs", path)
		d, out2 := start(t, "jobs", path)
		words := bufio.NewReader(out)
		if round == 11 {
			words.Peek(1) // on a slow machine all others may have been killed too early to say anything
		}
		time.Sleep(time.Duration(round*round) * time.Millisecond)
		c.Process.Kill()
		d.Process.Kill()
		listen(said, words)
		listen(said, out2)
		c.Wait()
		d.Wait()
	}
	s := openAt(t, path)
	for id, mark := range said {
		j, err := s.Job(ctx, here, id)
		must(t, err)
		if mark == "=" && j.Status != "Succeeded" {
			t.Errorf("job %s had ended and is %s", id, j.Status)
		}
	}
	if len(said) == 0 {
		t.Error("the processes were killed before they did anything")
	}
}

func listen(said map[string]string, from io.Reader) {
	for lines := bufio.NewScanner(from); lines.Scan(); {
		if mark, id, ok := strings.Cut(lines.Text(), " "); ok && len(mark) == 1 {
			said[id] = mark
		}
	}
}
