package records_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signer/pkg/records"
)

var confinedChildren = map[string]func(string) error{
	"look":     childLook,
	"readonly": childReadOnly,
	"tiny":     childTiny,
	"full":     childFull,
}

// confined runs a child with mounts of its own, as root of these or, with
// another uid, as somebody for whom permissions count. It returns what the child
// wrote.
func confined(t *testing.T, child, path string, uid int) string {
	t.Helper()
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), childEnv+"="+child, pathEnv+"="+path)
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Skipf("no namespaces here: %v", err)
	}
	if reason, skipped := strings.CutPrefix(string(out), "skip: "); skipped {
		t.Skip(reason)
	}
	return string(out)
}

// childLook lists the jobs and tries to add a profile.
func childLook(path string) error {
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	defer s.Close()
	jobs, err := s.Jobs(ctx, records.JobQuery{Partition: here, Limit: 100})
	if err != nil {
		return err
	}
	fmt.Println("jobs:", len(jobs))
	fmt.Println("ready:", s.Ready(ctx))
	return s.AddProfile(ctx, profile(here, "next"))
}

// childReadOnly does so on a disk that is mounted read-only.
func childReadOnly(path string) error {
	dir := filepath.Dir(path)
	err := syscall.Mount(dir, dir, "", syscall.MS_BIND, "")
	if err == nil {
		err = syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
	}
	if err != nil {
		fmt.Println("skip: cannot mount:", err)
		return nil
	}
	return childLook(path)
}

// What cannot be written can be read, whatever it is that forbids writing.
func TestReadOnly(t *testing.T) {
	const root, user = 0, 1000
	for _, tc := range []struct {
		name      string
		file, dir os.FileMode
		child     string
		uid       int
		inUse     bool
	}{
		{"disk", 0o600, 0o700, "readonly", root, false},
		{"file", 0o400, 0o700, "look", user, false},
		{"directory", 0o600, 0o500, "look", user, false},
		{"both", 0o400, 0o500, "look", user, false},
		{"both, beside a writer", 0o400, 0o500, "look", user, true},
		{"disk, beside a writer", 0o600, 0o700, "readonly", root, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := made(t)
			if tc.inUse {
				s := openAt(t, path)
				must(t, s.FinishJob(ctx, "1", records.Claim{Worker: "w1", Attempt: 1}, records.Result{Status: "Failed"}))
			}
			permit(t, path, tc.file, tc.dir)
			got := confined(t, tc.child, path, tc.uid)
			contains(t, got, "jobs: 3\n", "\nready: begin to write the records: the records in "+path+" are read-only", "\nerror: add profile next: the records in "+path+" are read-only")
		})
	}
}

func TestUnreadable(t *testing.T) {
	path := made(t)
	permit(t, path, 0, 0o700)
	contains(t, confined(t, "look", path, 1000), "error: the records in "+path+" cannot be opened: see who may read")
}

// permit sets the modes of all files of the records, and of their directory.
func permit(t *testing.T, path string, file, dir os.FileMode) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	must(t, err)
	for _, name := range files {
		must(t, os.Chmod(name, file))
	}
	must(t, os.Chmod(filepath.Dir(path), dir))
	t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o700) })
}

func contains(t *testing.T, got string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(got, want) {
			t.Errorf("%q\nis not in\n%s", want, got)
		}
	}
}

// onTmpfs puts a small disk where the records are to be.
func onTmpfs(path, size string) bool {
	dir := filepath.Dir(path)
	os.MkdirAll(dir, 0o700)
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)
	if err != nil {
		fmt.Println("skip: cannot mount:", err)
	}
	return err == nil
}

// childTiny makes records where there is no room, and then again with room.
func childTiny(path string) error {
	if !onTmpfs(path, "32k") {
		return nil
	}
	_, err := records.Open(ctx, records.Config{Path: path})
	entries, _ := os.ReadDir(filepath.Dir(path))
	fmt.Println(err, "left:", entries)
	if err := syscall.Mount("tmpfs", filepath.Dir(path), "tmpfs", syscall.MS_REMOUNT, "size=9m"); err != nil {
		return err
	}
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	fmt.Println("then:", s.AddProfile(ctx, profile(here, "web")))
	return s.Close()
}

// childFull adds jobs until the disk is full, reads them all, and goes on when
// there is room again.
func childFull(path string) error {
	if !onTmpfs(path, "1m") {
		return nil
	}
	s, err := records.Open(ctx, records.Config{Path: path})
	if err != nil {
		return err
	}
	if err := s.AddProfile(ctx, profile(here, "web")); err != nil {
		return err
	}
	added := 0
	for ; err == nil; added++ {
		_, _, err = s.AddJob(ctx, job(here, fmt.Sprint("job-", added)))
	}
	fmt.Println("full:", err)
	jobs, err := s.Jobs(ctx, records.JobQuery{Partition: here, Limit: 1 << 20})
	fmt.Println("missing:", added-1-len(jobs), err)
	fmt.Println("closed:", s.Close())
	if s, err = records.Open(ctx, records.Config{Path: path}); err != nil {
		return err
	}
	jobs, err = s.Jobs(ctx, records.JobQuery{Partition: here, Limit: 1 << 20})
	fmt.Println("missing again:", added-1-len(jobs), err)
	if err := syscall.Mount("tmpfs", filepath.Dir(path), "tmpfs", syscall.MS_REMOUNT, "size=9m"); err != nil {
		return err
	}
	_, _, err = s.AddJob(ctx, job(here, "last"))
	fmt.Println("then:", err)
	return nil
}

// A full disk is a clear error, loses nothing, and is over when there is room.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home", "records.db")
	contains(t, confined(t, "tiny", path, 0),
		"make the records: the records in "+path+": the disk is full, nothing was recorded", "left: [- records.db.lock]\n", "then: <nil>\n")
	contains(t, confined(t, "full", path, 0),
		"full: add job", path+": the disk is full", "missing: 0 <nil>\n", "closed: <nil>\n", "missing again: 0 <nil>\n", "then: <nil>\n")
}
