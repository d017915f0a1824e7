package s3server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/s3server"
)

// pythons are the Pythons on this machine that have a module. There may be more than
// one, and the clients in them of different ages: some add checksums by themselves, and
// send them in trailers, and some do not.
func pythons(t *testing.T, module string) (all []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		python := filepath.Join(dir, "python3")
		version, err := exec.Command(python, "-c", "import "+module+"; print("+module+".__version__, "+module+".__file__)").Output()
		if err == nil && !seen[string(version)] {
			seen[string(version)] = true
			all = append(all, python)
		}
	}
	if len(all) == 0 {
		t.Skipf("this test needs a python3 with %s (Debian: python3-boto3, awscli)", module)
	}
	return all
}

// script is a Python that runs a script, and sees no settings of AWS's but the given
// ones.
func script(python string, args ...string) *exec.Cmd {
	c := exec.Command(python, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.Contains(strings.ToLower(v), "_proxy=") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true", "PYTHONWARNINGS=ignore",
		"AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1")
	return c
}

// run runs a script, which says when it has come to its end.
func (s *site) run(c *exec.Cmd) {
	if out, err := c.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "done\n") {
		s.t.Errorf("%v\n%s\n%s", err, out, s.log.text())
	}
}

// TestBoto has boto3 do what programs do with it.
func TestBoto(t *testing.T) {
	t.Parallel()
	for _, python := range pythons(t, "boto3") {
		t.Run(python, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			s.run(script(python, "testdata/boto.py", s.URL, keyID, secret))
		})
	}
}

// TestAWSCLI has the AWS CLI do what people do with it.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	for _, python := range pythons(t, "awscli") {
		t.Run(python, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(c *s3server.Config) { c.Region = "" })
			s.run(script(python, "testdata/cli.py", s.URL, t.TempDir()))
		})
	}
}
