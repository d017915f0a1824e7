package s3test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"signer/pkg/listen/listentest"
)

// Versity is how versitygw is to be.
type Versity struct {
	Region string // "" is that of all servers
	Dir    string // for all that it keeps; "": one of the test's own

	// Sidecar has it keep what it knows of an object in a file, where the file system
	// has no extended attributes to keep that in.
	Sidecar bool
}

// Start starts versitygw, which ends with the test.
func (v Versity) Start(t testing.TB) Server {
	t.Helper()
	s := Server{Region: cmp.Or(v.Region, Region), KeyID: KeyID, Secret: Secret}
	dir := cmp.Or(v.Dir, t.TempDir())
	made := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	address := listentest.Free(t)
	args := []string{"--port", address, "--access", s.KeyID, "--secret", s.Secret, "--quiet", "--region", s.Region,
		"--iam-dir", made("accounts"), "posix", "--versioning-dir", made("versions")}
	if v.Sidecar {
		args = append(args, "--sidecar", made("sidecar"))
	}
	listentest.Start(t, exec.Command(VersityProgram(t), append(args, made("objects"))...), address)
	s.URL = "http://" + address
	return s
}

// VersityProgram is where versitygw is.
func VersityProgram(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"versitygw", filepath.Join(goPath(), "bin", "versitygw")} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	t.Skip("no versitygw is installed (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)")
	return ""
}

func goPath() string {
	home, _ := os.UserHomeDir()
	return cmp.Or(os.Getenv("GOPATH"), filepath.Join(home, "go"))
}
