package cmd

import "github.com/spf13/pflag"

// value is a pflag.Value that takes words the way args.go reads them: none, one or
// many at a time. pflag alone would let a list option take one word only.
type value struct {
	arity   arity
	choices []string
	integer bool
	exact   bool // prefixes do not stand for it
	kind    string
	member  string // of the API, if it is one's option
	twin    bool   // the --no- form of another option
	set     func(words []string) error
}

var _ pflag.Value = (*value)(nil)

// Set takes one word, as pflag gives it.
func (v *value) Set(word string) error {
	if v.arity == none {
		return v.set(nil)
	}
	return v.set([]string{word})
}

// String is the default value, of which there is none.
func (v *value) String() string { return "" }

// Type is shown in help.
func (v *value) Type() string { return v.kind }

// add defines an option with this value.
func (v *value) add(f *pflag.FlagSet, name, doc string) {
	flag := f.VarPF(v, name, "", doc)
	if v.arity == none {
		flag.NoOptDefVal = "true"
	}
}

func addSwitch(f *pflag.FlagSet, to *bool, name, doc string) {
	v := &value{arity: none, kind: "boolean", set: func([]string) error { *to = true; return nil }}
	v.add(f, name, doc)
}

func addText(f *pflag.FlagSet, to *string, name, doc string, choices ...string) {
	v := &value{arity: one, kind: "string", choices: choices, set: func(w []string) error { *to = w[0]; return nil }}
	v.add(f, name, doc)
}

// addGiven tells an option that was not given from one that is empty.
func addGiven(f *pflag.FlagSet, to **string, name, doc string) {
	v := &value{arity: one, kind: "string", set: func(w []string) error { *to = &w[0]; return nil }}
	v.add(f, name, doc)
}

// addWords defines an option that takes words, as often as it is given.
func addWords(f *pflag.FlagSet, to *[]string, name, doc string) {
	v := &value{arity: many, kind: "list", set: func(w []string) error { *to = append(*to, w...); return nil }}
	v.add(f, name, doc)
}

func addInteger(f *pflag.FlagSet, to **int, name, doc string) {
	v := &value{arity: one, kind: "integer", integer: true, set: func(w []string) error {
		n, ok := integerOf(w[0])
		if !ok {
			return notAnInteger(w[0])
		}
		*to = &n
		return nil
	}}
	v.add(f, name, doc)
}
