package cmd

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The manual pages hold nothing that their language could take for its own.
func TestMan(t *testing.T) {
	macro := regexp.MustCompile(`^\.(TH|SH|PP|TP 4|IP \\\(bu 2|RS 4|RE|nf|fi|BR)( |$)`)
	for _, p := range pages() {
		for line := range strings.SplitSeq(p.man(), "\n") {
			if (strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'")) && !macro.MatchString(line) {
				t.Errorf("%s: %q is taken for a request", p.command, line)
			}
		}
	}
}

func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		"plain":              "plain",
		".so /etc/passwd":    `\&.so /etc/passwd`,
		"a\n.b\n'c":          "a\n\\&.b\n\\(aqc",
		`back\slash \fB`:     `back\eslash \efB`,
		"--option":           `\-\-option`,
		"^[a-z]~`\"quoted\"": "\\(ha[a\\-z]\\(ti\\(ga\\(dqquoted\\(dq",
	} {
		if got := roff(text); got != want {
			t.Errorf("roff(%q) = %q, want %q", text, got, want)
		}
	}
}

// groff takes every page without a complaint, and shows what can be copied.
func TestManIsRead(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not here")
	}
	s, root := tree("signer")
	var all strings.Builder
	for _, p := range s.allPages(root) {
		all.WriteString(p.man())
	}
	show := exec.Command(groff, "-man", "-Tascii", "-P-c", "-Wbreak", "-wmac", "-wreg", "-wfont", "-wchar", "-wsyntax", "-wescape", "-rcR=1")
	show.Stdin = strings.NewReader(all.String())
	var complaints strings.Builder
	show.Stderr = &complaints
	out, err := show.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("%v\n%s", err, complaints.String())
	}
	text := regexp.MustCompile(".\b").ReplaceAllString(string(out), "") // bold is typed twice
	for _, want := range []string{"SIGNER-START-SIGNING-JOB(1)", "--source 's3={bucketName=signer-source,key=MyCode.zip", `"type": "DAYS"|"MONTHS"|"YEARS"`, "^[a-zA-Z0-9_]{2,}"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not shown", want)
		}
	}
}
