package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/testing-pipelines.md shows is what the scripts run.
func TestTestingPipelines(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "testing-pipelines.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(?:yaml|sh)\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 5 {
		t.Errorf("there are %d examples", len(blocks))
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "testing_*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range scripts {
		script, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(script)
	}
	for _, block := range blocks {
		if !strings.Contains(all.String(), block[1]) {
			t.Errorf("no script runs\n%s", block[1])
		}
	}
}
