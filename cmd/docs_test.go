package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each difference from AWS that is written down has a script that shows it, and a
// script made to show one is written down.
func TestDifferencesAreShown(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "differences.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) < 4 || cells[0] == " What" || strings.HasPrefix(cells[0], " ---") {
			continue
		}
		name := strings.TrimSpace(cells[len(cells)-1])
		named[name] = true
		if name == "–" {
			continue // nothing happens, which no script can show
		}
		if _, err := os.Stat(filepath.Join("testdata", "script", name+".txtar")); err != nil {
			t.Errorf("%s: no script %q", strings.TrimSpace(cells[0]), name)
		}
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "differs_*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if name := strings.TrimSuffix(filepath.Base(script), ".txtar"); !named[name] {
			t.Errorf("docs/differences.md does not mention %s", name)
		}
	}
}

// The README names commands and options that exist, and the test command that the
// checks run.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"    sh docs/quickstart.sh\n", "    go test ./...\n"} {
		if !strings.Contains(string(text), command) {
			t.Errorf("the README lacks %q", command)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join("..", link[1])); err != nil {
			t.Errorf("the README links to %s: %v", link[1], err)
		}
	}
}
