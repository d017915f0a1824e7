// Tests runs go test and prints what that prints, and at the end which tests were
// skipped, and why:
//
//	go run ./.ci/tests [-complete FILE] [ARGUMENTS OF GO TEST]
//
// With -complete a test is a fault that is skipped for one of the reasons in the file: a
// line each, a regular expression for "PACKAGE TEST: WHY". So is a process that the
// tests have left behind (on Linux, where that can be seen).
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

func main() {
	args, faults := os.Args[1:], ""
	if len(args) > 1 && args[0] == "-complete" {
		args, faults = args[2:], args[1]
	}
	if err := run(args, faults); err != nil {
		fmt.Fprintln(os.Stderr, "tests:", err)
		os.Exit(1)
	}
}

func run(args []string, faults string) error {
	patterns, err := read(faults)
	if err != nil {
		return err
	}
	adopt()
	c := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	r := report{out: os.Stdout, held: map[string][]event{}, skipped: map[string][]string{}}
	r.all(out)
	failed := c.Wait()
	missing := r.summary(patterns)
	left := orphans()
	for _, process := range left {
		fmt.Println("left behind:", process)
	}
	switch {
	case failed != nil:
		return failed
	case missing > 0:
		return fmt.Errorf("%d tests were skipped that should not have been: what they need was not found", missing)
	case faults != "" && len(left) > 0:
		return fmt.Errorf("%d processes were left behind", len(left))
	}
	return nil
}

// read returns the expressions of a file; of none, none.
func read(file string) (all []*regexp.Regexp, err error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		one, err := regexp.Compile("^(?:" + line + ")$")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, one)
	}
	return all, nil
}

// event is what "go test -json" says: see "go doc test2json".
type event struct {
	Action, Package, ImportPath, Test, Output string
}

type report struct {
	out     io.Writer
	held    map[string][]event  // of tests that have not passed, by package
	skipped map[string][]string // tests, by why
}

func (r *report) all(from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case json.Unmarshal(line, &e) == nil:
			r.one(e)
		case len(line) > 0:
			r.out.Write(line)
		}
		if err != nil {
			return
		}
	}
}

func (r *report) one(e event) {
	switch {
	case e.Action == "build-output":
		io.WriteString(r.out, e.Output)
	case e.Action == "output":
		r.held[e.Package] = append(r.held[e.Package], e)
	case e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
		r.end(e.Package, e.Action == "fail")
	case e.Action == "skip":
		r.skip(e)
		r.drop(e)
	case e.Action == "pass":
		r.drop(e)
	}
}

// drop forgets what a test has said.
func (r *report) drop(e event) {
	r.held[e.Package] = slices.DeleteFunc(r.held[e.Package], func(said event) bool { return said.Test == e.Test })
}

// position is where a test calls Skip.
var position = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

// skip keeps what a test said last before it was skipped.
func (r *report) skip(e event) {
	why := ""
	for _, said := range r.held[e.Package] {
		if line := strings.TrimSpace(said.Output); said.Test == e.Test && !strings.HasPrefix(line, "--- ") && !strings.HasPrefix(line, "=== ") {
			why = position.ReplaceAllString(said.Output, "")
		}
	}
	why = strings.TrimSpace(why)
	r.skipped[why] = append(r.skipped[why], e.Package+" "+e.Test)
}

// end prints what is left of a package: one line, if all went well.
func (r *report) end(name string, failed bool) {
	for _, said := range r.held[name] {
		if failed || said.Test == "" && said.Output != "PASS\n" {
			io.WriteString(r.out, said.Output)
		}
	}
	delete(r.held, name)
}

// summary prints what was skipped, and returns how many tests must not have been.
func (r *report) summary(faults []*regexp.Regexp) (missing int) {
	for _, why := range slices.Sorted(maps.Keys(r.skipped)) {
		var here []string
		for _, test := range r.skipped[why] {
			if slices.ContainsFunc(faults, func(p *regexp.Regexp) bool { return p.MatchString(test + ": " + why) }) {
				missing++
				test += " (which must not be)"
			}
			here = append(here, strings.TrimPrefix(test, "signer/"))
		}
		fmt.Fprintf(r.out, "skipped: %s: %s\n", cmp.Or(why, "(it did not say why)"), strings.Join(here, ", "))
	}
	return missing
}
