package console

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is quoted is one word, the same for a shell.
func TestQuote(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for _, text := range []string{"", "plain", "it's", `"$(rm -rf /)" ` + "`x`", `a\b`, "two\nlines", "\x1b[31m\x03", "\u202egpj", "\xff\xfe0", "über", "-x", "a$b!c", "~root", "{a,b}"} {
		got, err := exec.Command(bash, "--norc", "-c", "printf %s "+quote(text)).Output()
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(text, string(got)); diff != "" {
			t.Errorf("%s: %s", quote(text), diff)
		}
		if visible(quote(text)) != quote(text) {
			t.Errorf("%q is not all to be seen", quote(text))
		}
	}
}
