// Package document is a tree of plain values, the form in which parameters and
// answers travel between the command line, the engines and the printers.
//
// A [Value] is one of
//
//	nil
//	bool
//	int64, or *big.Int where 64 bits are too few
//	float64
//	string
//	[]byte
//	time.Time
//	Date
//	List
//	*Object
//
// and nothing else. Objects keep the order of their members, because the order
// is visible to people: AWS prints members in the order of its API.
//
// The package reads and writes JSON, and knows of no API and no other format.
package document

import (
	"iter"
	"maps"
	"slices"
)

// Value is one of the types that the package comment lists.
type Value = any

// Date is a day without a time, written 2006-01-02. YAML has such values; no API
// here does.
type Date string

// List is an ordered sequence of values.
type List = []Value

// Member is one named value of an Object.
type Member struct {
	Name  string
	Value Value
}

// Object is a sequence of members with distinct names. The zero Object is empty
// and ready to use. It may be read from several goroutines at once while none
// writes.
type Object struct {
	members []Member
	at      map[string]int   // where a name stands in members; nil while there are few
	keys    map[string]Value // those that are no text, by the names that stand for them; nil if there is none
}

// few is the number of members up to which looking through them is cheaper than
// keeping a map.
const few = 12

// New returns an object with these members. A later member replaces an earlier
// one of the same name.
func New(members ...Member) *Object {
	o := &Object{members: make([]Member, 0, len(members))}
	for _, m := range members {
		o.Set(m.Name, m.Value)
	}
	return o
}

// Len returns the number of members; a nil object has none.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// Get returns the value of the member name and whether there is one.
func (o *Object) Get(name string) (Value, bool) {
	if i := o.find(name); i >= 0 {
		return o.members[i].Value, true
	}
	return nil, false
}

// Has tells whether there is a member name, be it null.
func (o *Object) Has(name string) bool { return o.find(name) >= 0 }

// Set gives the member name a value. A new member is appended; one that is there
// keeps its place.
func (o *Object) Set(name string, v Value) {
	if i := o.find(name); i >= 0 {
		o.members[i].Value = v
		return
	}
	o.members = append(o.members, Member{name, v})
	if o.at != nil {
		o.at[name] = len(o.members) - 1
	} else if len(o.members) > few {
		o.index()
	}
}

// SetKey says that a name stands for a key that is no text, as YAML can have it.
func (o *Object) SetKey(name string, key Value) {
	if o.keys == nil {
		o.keys = map[string]Value{}
	}
	o.keys[name] = key
}

// Key returns what a name stands for: itself, unless SetKey has said otherwise.
func (o *Object) Key(name string) Value {
	if key, ok := o.keys[name]; ok {
		return key
	}
	return name
}

// Delete removes the member name, if there is one.
func (o *Object) Delete(name string) {
	i := o.find(name)
	if i < 0 {
		return
	}
	delete(o.keys, name)
	o.members = slices.Delete(o.members, i, i+1)
	if o.at != nil {
		o.index()
	}
}

// All yields the members in order.
func (o *Object) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if o == nil {
			return
		}
		for _, m := range o.members {
			if !yield(m.Name, m.Value) {
				return
			}
		}
	}
}

// Names returns the names of the members in order.
func (o *Object) Names() []string {
	names := make([]string, 0, o.Len())
	for name := range o.All() {
		names = append(names, name)
	}
	return names
}

// Equal tells whether both are the same value: objects with the same keys and members in
// the same order, lists with the same elements, times that are the same instant.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case *Object:
		b, ok := b.(*Object)
		return ok && equalMembers(a, b)
	case List:
		b, ok := b.(List)
		return ok && slices.EqualFunc(a, b, Equal)
	case []byte:
		b, ok := b.([]byte)
		return ok && slices.Equal(a, b)
	}
	return equalScalar(a, b)
}

func equalMembers(a, b *Object) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.EqualFunc(a.members, b.members, func(x, y Member) bool {
		return x.Name == y.Name && Equal(a.Key(x.Name), b.Key(y.Name)) && Equal(x.Value, y.Value)
	})
}

func (o *Object) find(name string) int {
	if o == nil {
		return -1
	}
	if o.at != nil {
		if i, ok := o.at[name]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(o.members, func(m Member) bool { return m.Name == name })
}

func (o *Object) index() {
	o.at = maps.Collect(func(yield func(string, int) bool) {
		for i, m := range o.members {
			if !yield(m.Name, i) {
				return
			}
		}
	})
}
