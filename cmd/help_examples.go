package cmd

import (
	"embed"
	"regexp"
	"slices"
	"strings"
)

// The examples of a command are in a file of Markdown that has the name of its
// page. What is indented is a command behind "$ ", with what it prints; all else
// says what it is good for. A test runs them.
//
//go:embed examples
var exampleFiles embed.FS

// example is a command line, with what it does and prints.
type example struct {
	doc     []string // paragraphs
	command string   // as it is typed, on several lines perhaps
	output  string   // a last line "..." stands for the rest of it
}

// examplesOf returns the examples of the command that has this page.
func examplesOf(page string) []example {
	text, err := exampleFiles.ReadFile("examples/" + page + ".md")
	if err != nil {
		return nil
	}
	return parseExamples(string(text))
}

func parseExamples(text string) []example {
	var all []example
	var doc []string
	for part := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		if !strings.HasPrefix(part, "    ") {
			doc = append(doc, strings.ReplaceAll(part, "\n", " "))
			continue
		}
		for run := range strings.SplitSeq(strings.TrimPrefix(dedent(part), "$ "), "\n$ ") {
			command, output := splitExample(run)
			all = append(all, example{doc, command, output})
			doc = nil
		}
	}
	return all
}

// splitExample parts a command, which goes on behind a backslash at the end of a
// line, from what it prints.
func splitExample(run string) (command, output string) {
	lines := strings.Split(run, "\n")
	n := 1 + slices.IndexFunc(lines, func(line string) bool { return !strings.HasSuffix(line, `\`) })
	return strings.Join(lines[:n], "\n"), strings.Join(lines[n:], "\n")
}

func (s *session) examplesSection(page string) section {
	sec := section{heading: "EXAMPLES"}
	for _, e := range examplesOf(page) {
		for _, p := range e.doc {
			sec.add(paragraph, 0, p)
		}
		sec.add(code, 1, s.called(e.command))
		if e.output != "" {
			sec.add(paragraph, 0, "Output:")
			sec.add(code, 1, e.output)
		}
	}
	return sec
}

// called is a command line as it reads under the name that the program has.
// Variables may be set before it.
func (s *session) called(command string) string {
	variables := settingVariables.FindString(command)
	rest, ok := strings.CutPrefix(command[len(variables):], "signer ")
	if !ok || s.name != "aws" {
		return command
	}
	for _, svc := range services {
		if strings.HasPrefix(rest, svc.name+" ") {
			return variables + "aws " + rest
		}
	}
	return variables + "aws signer " + rest
}

// settingVariables are the words before a command that set variables for it.
var settingVariables = regexp.MustCompile(`^([A-Z_]+=\S+ (\\\n *)?)*`)
