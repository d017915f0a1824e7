package s3server_test

import (
	"os/exec"
	"testing"
)

// TestBoto has boto3 do what programs do with it.
func TestBoto(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("this test needs python3")
	}
	if out, err := exec.Command(python, "-c", "import boto3").CombinedOutput(); err != nil {
		t.Skipf("this test needs boto3 (pip install boto3): %s", out)
	}
	s := serve(t)
	if out, err := exec.Command(python, "testdata/boto.py", s.URL, keyID, secret).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, s.log.text())
	}
}
