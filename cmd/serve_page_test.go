package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/serve.md shows works, in its order: the commands, and then boto3.
func TestServePage(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	a := newAWSCLI(t, s.url, h.key(t, "admin"))
	must(t, os.WriteFile(filepath.Join(a.dir, "app.zip"), archive(t), 0o600))
	text, err := os.ReadFile(filepath.Join("..", "docs", "serve.md"))
	must(t, err)
	page := strings.NewReplacer(
		"http://127.0.0.1:8333", s.url,
		"command aws", a.program, // which may not be the first of that name
		// The waiter would sleep for twenty seconds if it came too early.
		"aws signer wait", "while [ \"$(signer describe-signing-job --job-id \"$job\" --query status --output text)\" = InProgress ]; do sleep 0.05; done\naws signer wait",
	).Replace(string(text))
	script, boto3 := "set -euo pipefail\n", ""
	for _, block := range regexp.MustCompile("(?s)```(sh|python)\n(.*?)```").FindAllStringSubmatch(page, -1) {
		if block[1] == "sh" {
			script += regexp.MustCompile(`(?m)^signer serve.*$`).ReplaceAllString(block[2], "") // it serves already
		} else {
			boto3 += block[2]
		}
	}
	if exec.Command("python3", "-c", "import boto3").Run() == nil {
		must(t, os.WriteFile(filepath.Join(a.dir, "work.py"), []byte(boto3), 0o600))
		script += "python3 work.py\n"
	}
	c := h.command()
	c.Path, err = exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	c.Args, c.Dir = []string{"bash", "-c", script}, a.dir
	c = withEnv(c, "PATH="+filepath.Dir(h.program)+":"+os.Getenv("PATH"), "HOME="+a.dir, "AWS_PAGER=")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"signatureStatus": "VALID"`) || strings.Contains(script, "work.py") && !strings.Contains(string(out), "'key': 'signed/") {
		t.Errorf("%v\n%s", err, out)
	}
}
