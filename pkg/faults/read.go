package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"signer/pkg/api"
	"signer/pkg/span"
)

// Read reads a plan, which is YAML or JSON:
//
//	clock: 135mo              # or -2d: earlier
//	jobs:
//	- profile: slow_*         # the first that fits a job counts
//	  source: "*.zip"
//	  describes: 3
//	  fails: The source object is not a valid ZIP archive.
//	calls:
//	- operation: StartSigningJob
//	  every: 3
//	  error: ThrottlingException
//
// All members may be left out, but a job must say what goes wrong, and a call which
// operation and how often. An empty text is the zero Plan. Errors name the line.
func Read(text []byte) (*Plan, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(text)
	p := &Plan{digest: hex.EncodeToString(digest[:])}
	if root == nil {
		return p, nil
	}
	return p, members(root, map[string]member{
		"clock": func(n *yaml.Node) (err error) { p.Clock, err = shift(n); return err },
		"jobs":  func(n *yaml.Node) (err error) { p.Jobs, err = list(n, job); return err },
		"calls": func(n *yaml.Node) (err error) { p.Calls, err = list(n, call); return err },
	})
}

// parse returns the root of the only document, or nil if there is none.
//
// The library counts lines from 0 in some errors and from 1 in others, and names none in
// many. So the line is the first one behind which the text may end, and is wrong in the
// same way.
func parse(text []byte) (*yaml.Node, error) {
	root, err := decode(text)
	if err == nil {
		return root, nil
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	before := sort.Search(len(lines)-1, func(n int) bool {
		_, wrong := decode(bytes.Join(lines[:n+1], nil))
		return wrong != nil && wrong.Error() == err.Error()
	})
	return nil, fmt.Errorf("line %d: %s", before+1, problem(err))
}

// problem is what the library says, without its line.
func problem(err error) string {
	says := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.HasPrefix(says, "line ") {
		_, says, _ = strings.Cut(says, ": ")
	}
	if strings.Contains(says, "unknown anchor") || strings.Contains(says, "alphabetic or numeric character") {
		says += ": put a text that begins with * or & in quotes"
	}
	return says
}

// decode reads the only document. The library panics on some broken text.
func decode(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("it is not YAML")
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	switch err := d.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is more than one document")
	}
	root = first.Content[0]
	if root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

// member takes the value of a member.
type member func(*yaml.Node) error

func wrong(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

// members gives every member of an object to whom it belongs.
func members(n *yaml.Node, known map[string]member) error {
	if n.Kind != yaml.MappingNode {
		return wrong(n, "there should be members here, such as %s", names(known))
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		take := known[name.Value]
		switch {
		case take == nil:
			return wrong(name, "%q is none of %s", name.Value, names(known))
		case seen[name.Value]:
			return wrong(name, "%s stands there twice", name.Value)
		}
		seen[name.Value] = true
		if err := take(value); err != nil {
			return err
		}
	}
	return nil
}

func names(known map[string]member) string {
	var all []string
	for name := range known {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func list[T any](n *yaml.Node, one func(*yaml.Node) (T, error)) ([]T, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, wrong(n, "there should be a list here: lines that begin with -")
	}
	var all []T
	for _, element := range n.Content {
		v, err := one(element)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func text(to *string) member {
	return func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			return wrong(n, "there should be a text here")
		}
		*to = n.Value
		return nil
	}
}

func count(to *int) member {
	return func(n *yaml.Node) error {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || v < 1 {
			return wrong(n, "there should be a number here, at least 1")
		}
		*to = v
		return nil
	}
}

func shift(n *yaml.Node) (s Shift, err error) {
	if err := text(&s.Text)(n); err != nil {
		return s, err
	}
	rest, back := strings.CutPrefix(s.Text, "-")
	s.Back = back
	if s.By, err = span.Parse(strings.TrimPrefix(rest, "+")); err != nil {
		return s, wrong(n, "%v", err)
	}
	return s, nil
}

func job(n *yaml.Node) (j Job, err error) {
	err = members(n, map[string]member{
		"profile": text(&j.Profile), "source": text(&j.Source), "describes": count(&j.Describes), "fails": text(&j.Fails)})
	if err == nil && j.Describes == 0 && j.Fails == "" {
		err = wrong(n, "nothing goes wrong here: say describes or fails")
	}
	return j, err
}

func call(n *yaml.Node) (c Call, err error) {
	c.Error = throttling
	err = members(n, map[string]member{"operation": text(&c.Operation), "every": count(&c.Every), "error": text(&c.Error)})
	switch {
	case err != nil:
	case c.Operation == "" || c.Every == 0:
		err = wrong(n, "which calls are refused? Say operation and every")
	case c.Operation != "*" && api.Signer.Operation(c.Operation) == nil:
		err = wrong(n, "%q is no operation, such as StartSigningJob", c.Operation)
	case refusals[c.Error] == nil:
		err = wrong(n, "%q is none of %s", c.Error, refusalNames())
	}
	return c, err
}
