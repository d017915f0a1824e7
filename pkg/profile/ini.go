package profile

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Section is one [name] of a file with what stands under it. Names of settings are
// in small letters.
type Section struct {
	Name   string
	Values map[string]string
	order  []string
}

// Keys returns the names of the settings in the order of the file.
func (s *Section) Keys() []string { return s.order }

// Block reads the lines indented under a setting, such as those of "s3 =", as
// settings of their own. A value on the setting's own line is no block: nil.
func (s *Section) Block(key string) map[string]string {
	block, err := nested(s.Values[key])
	if err != nil {
		return nil
	}
	return block
}

// Parse reads a file of settings as Python's configparser does, which the AWS CLI
// hands its files to: "=" or ":" parts name and value, lines that are indented
// deeper go on with the value before, "#" and ";" begin a comment only at the
// start of a line, and a section or a setting may stand in a file only once. What
// [DEFAULT] holds counts in every section.
func Parse(text string) ([]*Section, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8")
	}
	p := parser{common: newSection("DEFAULT")}
	for line := range strings.Lines(universalNewlines(text)) {
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	p.finish()
	return p.sections, nil
}

// space is what Python's strip removes.
const space = " \t\n\r\v\f\x1c\x1d\x1e\x1f\u0085\u00a0"

func universalNewlines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

func newSection(name string) *Section {
	return &Section{Name: name, Values: map[string]string{}}
}

type parser struct {
	sections []*Section
	common   *Section // [DEFAULT]
	current  *Section
	key      string // the setting that an indented line goes on with
	indent   int
}

func (p *parser) line(line string) error {
	text := strings.Trim(line, space)
	switch {
	case text == "":
		p.resume("")
		return nil
	case text[0] == '#' || text[0] == ';':
		return nil
	}
	indent := len(line) - len(strings.TrimLeft(line, space))
	if p.key != "" && indent > p.indent {
		p.resume(text)
		return nil
	}
	p.indent = indent
	if name, ok := header(text); ok {
		return p.open(name)
	}
	return p.setting(text)
}

// resume adds a line to the value before, if there is one.
func (p *parser) resume(text string) {
	if p.key != "" {
		p.current.Values[p.key] += "\n" + text
	}
}

func header(text string) (name string, ok bool) {
	end := strings.LastIndexByte(text, ']')
	if text[0] != '[' || end < 2 {
		return "", false
	}
	return text[1:end], true
}

func (p *parser) open(name string) error {
	p.key = ""
	if name == p.common.Name {
		p.current = p.common
		return nil
	}
	for _, s := range p.sections {
		if s.Name == name {
			return errors.New("section " + name + " stands there twice")
		}
	}
	p.current = newSection(name)
	p.sections = append(p.sections, p.current)
	return nil
}

func (p *parser) setting(text string) error {
	if p.current == nil {
		return errors.New("there are settings before the first section")
	}
	at := strings.IndexAny(text, "=:")
	if at <= 0 {
		return errors.New("a line is no setting: it has no name, or no = after it")
	}
	key := strings.ToLower(strings.TrimRight(text[:at], space))
	if _, twice := p.current.Values[key]; twice {
		return errors.New("setting " + key + " stands there twice")
	}
	p.current.Values[key] = strings.Trim(text[at+1:], space)
	p.current.order = append(p.current.order, key)
	p.key = key
	return nil
}

// finish takes the empty lines off the ends of values and hands out what is
// common to all sections.
func (p *parser) finish() {
	for _, s := range append(p.sections, p.common) {
		for key, v := range s.Values {
			s.Values[key] = strings.TrimRight(v, space)
		}
	}
	for _, s := range p.sections {
		for _, key := range p.common.order {
			if _, own := s.Values[key]; !own {
				s.Values[key] = p.common.Values[key]
				s.order = append(s.order, key)
			}
		}
	}
}

// nested reads a value that begins on the line after its name; any other value
// is no block and gives nil.
func nested(value string) (map[string]string, error) {
	if !strings.HasPrefix(value, "\n") {
		return nil, nil
	}
	block := map[string]string{}
	for line := range strings.Lines(value) {
		text := strings.Trim(line, space)
		if text == "" {
			continue
		}
		key, v, ok := strings.Cut(text, "=")
		if !ok {
			return nil, errors.New("an indented line is no setting: it has no =")
		}
		block[strings.Trim(key, space)] = strings.Trim(v, space)
	}
	return block, nil
}
