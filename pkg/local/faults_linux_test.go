package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/local"
)

// confinedChildren are children that change what is mounted.
var confinedChildren = map[string]func(*home, string) error{"full": childFull, "read-only": childReadOnly}

// confined runs a child with mounts of its own and returns what it said.
func (h *home) confined(t *testing.T, child string) string {
	t.Helper()
	out, _ := confined(t, h.command(child, ""))
	if reason, skipped := strings.CutPrefix(out, "skip: "); skipped {
		t.Skip(reason)
	}
	return out
}

// confined runs a command with mounts of its own, and returns what it said and whether
// it failed.
func confined(t *testing.T, c *exec.Cmd) (string, error) {
	t.Helper()
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Skipf("no namespaces here: %v", err)
	}
	return string(out), err
}

// childFull starts jobs on a small disk until it is full, looks at what there is,
// and goes on when there is room again.
func childFull(h *home, _ string) error {
	if err := syscall.Mount("tmpfs", h.Dir, "tmpfs", 0, "size=2m"); err != nil {
		fmt.Println("skip: cannot mount:", err)
		return nil
	}
	e, err := h.furnish()
	if err != nil {
		return err
	}
	defer e.Close()
	answered := map[string]bool{}
	for err == nil {
		var id string
		if id, err = h.start(ctx, e, ""); err == nil {
			answered[id] = true
		}
	}
	fmt.Printf("full after %t: %v\n", len(answered) > 2, err)
	fmt.Println("listed:", missed(ctx, e, answered))
	if err := syscall.Mount("tmpfs", h.Dir, "tmpfs", syscall.MS_REMOUNT, "size=9m"); err != nil {
		return err
	}
	next, err := local.Open(h.eventful())
	if err != nil {
		return err
	}
	defer next.Close()
	fmt.Println("then:", missed(ctx, next, answered))
	_, err = h.start(ctx, next, "")
	fmt.Println("again:", err)
	return nil
}

// missed tells what of the jobs that were answered is not there as it was.
func missed(ctx context.Context, e *local.Engine, answered map[string]bool) error {
	for id := range answered {
		out, err := e.DescribeSigningJob(ctx, &signer.DescribeSigningJobInput{JobId: &id})
		if err != nil {
			return err
		}
		if out.Status != "Succeeded" {
			return fmt.Errorf("job %s is %s", id, out.Status)
		}
	}
	_, err := e.ListSigningJobs(ctx, &signer.ListSigningJobsInput{})
	return err
}

// A full disk fails what finds no room, in words, and nothing else.
func TestFullDisk(t *testing.T) {
	h := homeIn(t.TempDir())
	said := h.confined(t, "full")
	lines := strings.Split(said, "\n") // of which the error may have two
	if len(lines) < 5 || !strings.HasPrefix(lines[0], "full after true: ") || !strings.Contains(said, "no space left") && !strings.Contains(said, "disk is full") {
		t.Errorf("got %s", said)
		return
	}
	for i, want := range []string{"listed: <nil>", "then: <nil>", "again: <nil>"} {
		if line := lines[len(lines)-4+i]; line != want {
			t.Errorf("got %s, want %s", line, want)
		}
	}
}

// childReadOnly does everything in a home that cannot be written.
func childReadOnly(h *home, _ string) error {
	err := syscall.Mount(h.Dir, h.Dir, "", syscall.MS_BIND, "")
	if err == nil {
		err = syscall.Mount("", h.Dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
	}
	if err != nil {
		fmt.Println("skip: cannot mount:", err)
		return nil
	}
	e, err := local.Open(h.eventful())
	if err != nil {
		return err
	}
	defer e.Close()
	list, err := e.ListSigningJobs(ctx, &signer.ListSigningJobsInput{})
	fmt.Println("list:", err)
	fmt.Println("describe:", missed(ctx, e, map[string]bool{*list.Jobs[0].JobId: true}))
	_, err = h.start(ctx, e, "")
	fmt.Println("start:", err)
	_, err = e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("next"), PlatformId: aws.String(lambdaID)})
	fmt.Println("put:", err)
	_, err = e.CancelSigningProfile(ctx, &signer.CancelSigningProfileInput{ProfileName: aws.String("web")})
	fmt.Println("cancel:", err)
	return nil
}

// A home that cannot be written can be read, and says why the rest fails.
func TestReadOnlyHome(t *testing.T) {
	h := app(t)
	e := open(t, h.eventful())
	_, err := h.start(ctx, e, "")
	must(t, err)
	must(t, e.Close())
	said := h.confined(t, "read-only")
	for _, want := range []string{"list: <nil>\n", "describe: <nil>\n", "put: add profile next: the records in " + h.Dir + "/records.db are read-only: see who may write",
		"cancel: cancel profile web: the records in " + h.Dir + "/records.db are read-only", "start: ", "read-only file system"} {
		if !strings.Contains(said, want) {
			t.Errorf("got %s\nwant %s", said, want)
		}
	}
	h.checkJobs(t, nil)
}
