package cmd

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"signer/pkg/lenient"
	"signer/pkg/output/python"
)

// The AWS CLI reads its arguments with Python's argparse, whose habits scripts
// rely on: an option takes several words up to the next option, a prefix that is
// unique stands for the whole name, options may stand anywhere, negative numbers
// and words with blanks are values. This file has those rules and nothing else;
// tree.go applies them to the commands.

// arity is how many words follow an option.
type arity int

const (
	none     arity = iota // a switch
	one                   // exactly one
	optional              // one or none
	many                  // any number
)

// option is one option of a command as the parser sees it.
type option struct {
	name    string // with its dashes
	arity   arity
	choices []string
	integer bool
	exact   bool                       // prefixes do not stand for it
	set     func(words []string) error // called in the order of the command line
}

// positional is a word of a command that is not an option.
type positional struct {
	name    string
	arity   arity // one, optional or many
	choices []string
	doc     string
	set     func(words []string) error
}

// grammar is what one parser of a command line accepts.
type grammar struct {
	options     []*option
	positionals []*positional
	others      []string // names of options that are read later, and are no abbreviations
}

// parse reads words. What the grammar does not know is returned as rest, in the
// order it stood there. Positionals that must be present and are not are returned
// as missing; the caller reports them after all else.
func (g *grammar) parse(words []string) (rest []string, missing []string, err error) {
	p := &parsing{grammar: g, words: words, left: g.positionals}
	if err := p.classify(); err != nil {
		return nil, nil, err
	}
	if err := p.run(); err != nil {
		return nil, nil, err
	}
	for _, pos := range p.left {
		if pos.arity == one || pos.arity == many {
			missing = append(missing, pos.name)
		}
	}
	return p.rest, missing, nil
}

// parsing is one run of parse.
type parsing struct {
	*grammar
	words   []string
	found   []*found // per word: the option it is, or nil
	pattern []byte   // per word: O for an option, - for "--", A for anything else
	left    []*positional
	rest    []string
}

// found is a word that is an option. option is nil if nobody knows it.
type found struct {
	option   *option
	explicit *string // what stood behind "="
}

// classify tells options from values, before any is read.
func (p *parsing) classify() error {
	p.found = make([]*found, len(p.words))
	p.pattern = make([]byte, len(p.words))
	over := false
	for i, word := range p.words {
		p.pattern[i] = 'A'
		if over {
			continue
		}
		if word == "--" {
			p.pattern[i], over = '-', true
			continue
		}
		f, err := p.lookup(word)
		if err != nil {
			return err
		}
		if f != nil {
			p.found[i], p.pattern[i] = f, 'O'
		}
	}
	return nil
}

// lookup returns nil for a word that is not an option.
func (p *parsing) lookup(word string) (*found, error) {
	if len(word) < 2 || word[0] != '-' {
		return nil, nil
	}
	if o := p.option(word); o != nil {
		return &found{option: o}, nil
	}
	name, value, equals := strings.Cut(word, "=")
	explicit := &value
	if !equals {
		explicit = nil
	}
	if o := p.option(name); o != nil {
		return &found{o, explicit}, nil
	}
	switch matches := p.abbreviated(name); {
	case slices.Contains(p.others, name):
		return &found{}, nil
	case len(matches) == 1:
		return &found{matches[0], explicit}, nil
	case len(matches) > 1:
		return nil, usageErrorf("ambiguous option: %s could match %s", word, strings.Join(optionNames(matches), ", "))
	case isNegativeNumber(word), strings.Contains(word, " "):
		return nil, nil
	}
	return &found{}, nil
}

// isNegativeNumber tells whether a word looks like -5, -5.5 or -.5.
func isNegativeNumber(word string) bool {
	whole, part, dot := strings.Cut(word[1:], ".")
	return isDigits(whole+part) && (!dot || part != "")
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func (g *grammar) option(name string) *option {
	i := slices.IndexFunc(g.options, func(o *option) bool { return o.name == name })
	if i < 0 {
		return nil
	}
	return g.options[i]
}

func (g *grammar) abbreviated(prefix string) []*option {
	var matches []*option
	for _, o := range g.options {
		if !o.exact && strings.HasPrefix(prefix, "--") && strings.HasPrefix(o.name, prefix) {
			matches = append(matches, o)
		}
	}
	return matches
}

func optionNames(options []*option) []string {
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.name
	}
	return names
}

// run reads the classified words from left to right.
func (p *parsing) run() error {
	at := 0
	for {
		next := p.nextOption(at)
		if next < 0 {
			break
		}
		if at != next {
			end, err := p.takePositionals(at)
			if err != nil {
				return err
			}
			if end > at {
				at = end
				continue
			}
			p.rest = append(p.rest, p.words[at:next]...)
		}
		end, err := p.takeOption(next)
		if err != nil {
			return err
		}
		at = end
	}
	end, err := p.takePositionals(at)
	p.rest = append(p.rest, p.words[end:]...)
	return err
}

func (p *parsing) nextOption(from int) int {
	for i := from; i < len(p.words); i++ {
		if p.found[i] != nil {
			return i
		}
	}
	return -1
}

// takeOption reads the option at index i and the words that belong to it.
func (p *parsing) takeOption(i int) (end int, err error) {
	f := p.found[i]
	switch {
	case f.option == nil:
		p.rest = append(p.rest, p.words[i])
		return i + 1, nil
	case f.explicit == nil:
		words, err := p.values(f.option, i+1)
		if err != nil {
			return 0, err
		}
		return i + 1 + len(words), f.option.take(words)
	case f.option.arity == none:
		return 0, usageErrorf("argument %s: ignored explicit argument '%s'", f.option.name, *f.explicit)
	}
	return i + 1, f.option.take([]string{*f.explicit})
}

// values returns the words from index i on that an option takes.
func (p *parsing) values(o *option, i int) ([]string, error) {
	n := 0
	for i+n < len(p.words) && p.pattern[i+n] == 'A' {
		n++
	}
	switch o.arity {
	case none:
		n = 0
	case optional:
		n = min(n, 1)
	case one:
		if n == 0 {
			return nil, usageErrorf("argument %s: expected one argument", o.name)
		}
		n = 1
	}
	return p.words[i : i+n], nil
}

// takePositionals gives the words from index i on to the positionals that are
// still without any: as many of them as the words up to the next option serve.
func (p *parsing) takePositionals(i int) (end int, err error) {
	for len(p.left) > 0 {
		n, ok := p.match(p.left[0].arity, i)
		if !ok {
			break
		}
		words := slices.DeleteFunc(slices.Clone(p.words[i:i+n]), func(w string) bool { return w == "--" })
		if err := p.left[0].take(words); err != nil {
			return i, err
		}
		p.left = p.left[1:]
		i += n
	}
	return i, nil
}

// match tells how many words from index i on a positional takes: its values, and
// every "--" before and behind them.
func (p *parsing) match(a arity, i int) (n int, ok bool) {
	skip := func(kind byte, most int) (k int) {
		for k < most && i+n < len(p.words) && p.pattern[i+n] == kind {
			n, k = n+1, k+1
		}
		return k
	}
	skip('-', len(p.words))
	most := 1
	if a == many {
		most = len(p.words)
	}
	values := skip('A', most)
	skip('-', len(p.words))
	return n, values > 0 || a == optional
}

func (o *option) take(words []string) error {
	for _, w := range words {
		if err := choose("argument "+o.name, w, o.choices); err != nil {
			return err
		}
		if o.integer && !isInteger(w) {
			return usageErrorf("argument %s: invalid int value: %s", o.name, python.Repr(w))
		}
	}
	return o.set(words)
}

func (p *positional) take(words []string) error {
	for _, w := range words {
		if err := choose("argument "+p.name, w, p.choices); err != nil {
			return err
		}
	}
	return p.set(words)
}

// isInteger tells whether Python's int() would take the word.
func isInteger(word string) bool {
	_, ok := integerOf(word)
	return ok
}

// integerOf reads an integer as Python's int() does. One that is too large for an
// int is the largest there is, or the smallest.
func integerOf(word string) (n int, ok bool) {
	v, ok := lenient.Integer(word)
	switch v := v.(type) {
	case int64:
		return int(v), ok
	case *big.Int:
		n = math.MaxInt
		if v.Sign() < 0 {
			n = math.MinInt
		}
	}
	return n, ok
}

// choose refuses a word that is not among the choices, and names those that look
// like it.
func choose(what, word string, choices []string) error {
	if choices == nil || slices.Contains(choices, word) {
		return nil
	}
	text := fmt.Sprintf("%s: Found invalid choice '%s'\n", what, word)
	if close := closeMatches(word, choices); len(close) > 0 {
		text += "\nMaybe you meant:\n\n  * " + strings.Join(close, "\n  * ")
	}
	return &usageError{text: text, usage: true}
}
