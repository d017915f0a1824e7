package cmd

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// tree is the whole tree of commands of the program under a name.
func tree(name string) (*session, *cobra.Command) {
	env := OS()
	env.Args = []string{name}
	s := newSession(env)
	root := newRoot(s)
	s.growAll()
	return s, root
}

func pages() []page {
	s, root := tree("signer")
	return s.allPages(root)
}

// Every page is made of whole sentences and of sections that say something.
func TestHelp(t *testing.T) {
	for _, p := range pages() {
		for _, s := range p.sections {
			if len(s.blocks) == 0 {
				t.Errorf("%s: %s is empty", p.command, s.heading)
			}
			for i, b := range s.blocks {
				if fault := b.fault(s.blocks[i+1:]); fault != "" && s.heading != "NAME" {
					t.Errorf("%s: %s: %q %s", p.command, s.heading, b.text, fault)
				}
			}
		}
		for _, width := range []int{60, 80, 100} {
			checkWidth(t, p, width)
		}
	}
}

// fault says what is wrong with a block, if anything is.
func (b block) fault(rest []block) string {
	switch {
	case b.text == "":
		return "is empty"
	case b.kind == entry && (len(rest) == 0 || rest[0].indent <= b.indent) && !strings.HasSuffix(b.text, ")"):
		return "is not explained"
	case b.kind != paragraph || strings.HasSuffix(b.text, " syntax:"), slices.Contains([]string{"Output:", "Syntax:", "Possible values:", "Constraints:"}, b.text):
		return ""
	}
	first, _ := utf8.DecodeRuneInString(b.text)
	command, _, _ := strings.Cut(b.text, " ")
	switch {
	case !unicode.IsUpper(first) && command != "signer" && !strings.Contains(command, "-"):
		return "does not begin with a capital"
	case !strings.HasSuffix(b.text, ".") && !strings.HasSuffix(b.text, ":"):
		return "does not end with a full stop"
	case strings.Contains(b.text, "  ") || strings.Contains(b.text, "\n"):
		return "has blanks in it"
	}
	return ""
}

// checkWidth looks for lines that are longer than they must be: only code may be,
// and words that cannot be parted.
func checkWidth(t *testing.T, p page, width int) {
	t.Helper()
	var codes []string
	for _, s := range p.sections {
		for _, b := range s.blocks {
			if b.kind != paragraph {
				codes = append(codes, strings.Split(b.text, "\n")...)
			}
		}
	}
	for line := range strings.SplitSeq(p.text(width), "\n") {
		text := strings.TrimSpace(line)
		if utf8.RuneCountInString(line) > width && strings.Contains(text, " ") && !slices.ContainsFunc(codes, func(c string) bool { return strings.HasSuffix(text, strings.TrimSpace(c)) }) {
			t.Errorf("%s: longer than %d: %s", p.command, width, line)
		}
	}
}

// Every option has a sentence of its own, and every command that does something an
// example.
func TestHelpIsThere(t *testing.T) {
	_, root := tree("signer")
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		check := func(f *pflag.Flag) {
			if first, _ := utf8.DecodeRuneInString(f.Usage); !unicode.IsUpper(first) || !strings.HasSuffix(f.Usage, ".") {
				t.Errorf("%s --%s: %q is no sentence", c.CommandPath(), f.Name, f.Usage)
			}
		}
		c.Flags().VisitAll(check)
		c.PersistentFlags().VisitAll(check)
		if !c.HasSubCommands() && examplesOf(pageName(c)) == nil {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range commandsIn(c) {
			walk(sub)
		}
	}
	walk(root)
}

// Every file of examples belongs to a page, says what its commands are good for,
// and shows commands that are not too long to read.
func TestExamplesAreOfUse(t *testing.T) {
	all := pages()
	err := fs.WalkDir(exampleFiles, "examples", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(d.Name(), ".md")
		i := slices.IndexFunc(all, func(p page) bool { return p.name == name })
		if i < 0 {
			t.Errorf("%s belongs to no command", path)
			return nil
		}
		examples := examplesOf(name)
		if len(examples) == 0 || len(examples[0].doc) == 0 {
			t.Errorf("%s does not say what it shows", path)
		}
		for _, e := range examples {
			for line := range strings.SplitSeq(e.command, "\n") {
				if len(line) > 120 {
					t.Errorf("%s: too long: %s", path, line)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Called as aws the program shows commands as they are typed then.
func TestHelpAsAWS(t *testing.T) {
	s, root := tree("aws")
	for _, p := range s.allPages(root) {
		for _, section := range p.sections {
			for _, b := range section.blocks {
				if strings.HasPrefix(b.text, "signer ") && b.kind == code {
					t.Errorf("%s: %s", p.command, b.text)
				}
			}
		}
	}
}

// On a terminal help goes through the pager.
func TestHelpIsPaged(t *testing.T) {
	if _, err := exec.LookPath("sed"); err != nil {
		t.Skip("sed is not here")
	}
	var out strings.Builder
	env := OS()
	env.Args, env.Stdout, env.StdoutTerminal = []string{"signer", "wait", "help"}, &out, true
	env.LookupEnv = func(name string) (string, bool) {
		if name == "AWS_PAGER" {
			return "sed 's/^/paged: /'", true
		}
		return "", false
	}
	if code := Main(context.Background(), env); code != exitOK || !strings.HasPrefix(out.String(), "paged: NAME\n") {
		t.Errorf("ended with %d and showed %.50q", code, out.String())
	}
}

// The program's own variables are all described.
func TestHelpEnvironment(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	described := pages()[0].text(80)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`"SIGNER_[A-Z_]+"`).FindAllString(string(text), -1) {
			if !strings.Contains(described, strings.Trim(name, `"`)) {
				t.Errorf("%s reads %s, of which help says nothing", source, name)
			}
		}
	}
}
