package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/bucket/s3store/s3test"
)

// The disk of the object store is full: what was acknowledged waits, and is signed when
// there is room.
func TestServeWithAFullObjectStore(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("nothing can be mounted here: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	h := newServeHome(t)
	h.onS3(t, s3test.Versity{Dir: dir, Sidecar: true}.Start(t), "")
	s := h.start(t)
	c := robin(t, 0, always(h.key(t, "maria")), s.address)
	in := h.app(t, c)
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 8<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	ids := map[string]bool{}
	for range 3 {
		mine := *in
		out, err := c.StartSigningJob(t.Context(), &mine)
		must(t, err)
		ids[aws.ToString(out.JobId)] = true
	}
	for id := range ids {
		s.says(t, "job "+id+": ") // why it could not be signed
	}
	must(t, os.Remove(filepath.Join(dir, "ballast")))
	h.checkSignedOnce(t, c, ids)
	if strings.Contains(s.logged(), "panic") {
		t.Error(s.logged())
	}
}
