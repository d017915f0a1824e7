package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The pages in docs/cli are those that the program shows. To write them anew:
//
//	go test ./cmd -run TestDocs -update
func TestDocs(t *testing.T) {
	dir := filepath.Join("..", "docs", "cli")
	all := pages()
	want := map[string]string{"README.md": index(all)}
	for _, p := range all {
		want[p.name+".md"] = p.markdown(all[0].name)
	}
	if *update {
		writeDocs(t, dir, want)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := want[f.Name()]; !ok {
			t.Errorf("%s is there, and no command has it", f.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(string(got), text); diff != "" {
			t.Errorf("%s is out of date: run go test ./cmd -run TestDocs -update\n%s", name, diff)
		}
	}
}

func writeDocs(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// markdown shows the page as a file of docs/cli. Sections that are the same on
// every page are a link to the page called whole.
func (p page) markdown(whole string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", p.command)
	for _, s := range p.sections {
		fmt.Fprintf(&b, "\n## %s\n", s.heading)
		if s.common {
			fmt.Fprintf(&b, "\nThose of [every command](%s.md#%s).\n", whole, strings.ReplaceAll(strings.ToLower(s.heading), " ", "-"))
			continue
		}
		for i, bl := range s.blocks {
			switch {
			case bl.kind == item && s.blocks[i-1].kind != item:
				b.WriteByte('\n')
				bl.writeMarkdown(&b)
			case i > 0 && s.blocks[i-1].kind == entry && s.blocks[i-1].leads(s.blocks[i:]):
				fmt.Fprintf(&b, ": %s\n", markdownText(bl.text))
			default:
				bl.writeMarkdown(&b)
			}
			if bl.kind == entry && !bl.leads(s.blocks[i+1:]) {
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

// writeMarkdown writes a block. Entries and items are items of lists, and what is
// further in belongs to its item.
func (b block) writeMarkdown(w *strings.Builder) {
	margin := strings.Repeat("  ", b.indent)
	switch b.kind {
	case paragraph:
		fmt.Fprintf(w, "\n%s%s\n", margin, markdownText(b.text))
	case code:
		margin = strings.Repeat("  ", max(b.indent-1, 0))
		fmt.Fprintf(w, "\n%s```\n%s%s\n%s```\n", margin, margin, strings.ReplaceAll(b.text, "\n", "\n"+margin), margin)
	case entry:
		fmt.Fprintf(w, "\n%s- %s", margin, b.markdownTerm())
	case item:
		fmt.Fprintf(w, "%s- %s\n", margin, b.markdownTerm())
	}
}

func (b block) markdownTerm() string {
	if b.link != "" {
		return fmt.Sprintf("[`%s`](%s.md)", b.text, b.link)
	}
	return "`" + b.text + "`"
}

func markdownText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "<", "&lt;", "[", `\[`, "`", "\\`").Replace(text)
}

// index is the page that leads to all the others.
func index(pages []page) string {
	var b strings.Builder
	b.WriteString("# The commands of signer\n\nThese pages are what `signer COMMAND help` shows. They are made by a test of package cmd.\n\n")
	for _, p := range pages {
		fmt.Fprintf(&b, "- [`%s`](%s.md): %s.\n", p.command, p.name, markdownText(p.summary()))
	}
	return b.String()
}
