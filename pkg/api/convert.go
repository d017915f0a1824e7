package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"signer/pkg/document"
)

// Decode fills the struct that into points to with v, a value of this Structure.
// The struct is one of the SDK's: its fields are called like the members, with
// the first letter raised. Members that are absent leave their fields alone; null
// counts as absent. So do Streams: the caller passes those bodies on by himself.
//
// The error names the member whose value does not fit its field, which Check
// would have refused, or an integer that the SDK has no room for.
func (s *Shape) Decode(v document.Value, into any) error {
	return s.decode(v, reflect.ValueOf(into).Elem(), "")
}

func (s *Shape) decode(v document.Value, to reflect.Value, path string) error {
	if v == nil {
		return nil
	}
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	switch v := v.(type) {
	case *document.Object:
		if s.Kind == Structure {
			return s.decodeStruct(v, to, path)
		}
		return s.decodeMap(v, to, path)
	case document.List:
		return s.decodeList(v, to, path)
	}
	return decodeScalar(s, v, to, path)
}

func (s *Shape) decodeStruct(o *document.Object, to reflect.Value, path string) error {
	if to.Kind() != reflect.Struct {
		return misfit(path, s)
	}
	for i := range s.Members {
		m := &s.Members[i]
		v, ok := o.Get(m.Name)
		if !ok || m.Stream {
			continue
		}
		if err := m.Shape.decode(v, to.FieldByName(field(m.Name)), strings.TrimPrefix(path+"."+m.Name, ".")); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shape) decodeMap(o *document.Object, to reflect.Value, path string) error {
	if to.Kind() != reflect.Map {
		return misfit(path, s)
	}
	to.Set(reflect.MakeMapWithSize(to.Type(), o.Len()))
	for name, v := range o.All() {
		elem := reflect.New(to.Type().Elem()).Elem()
		if err := s.Elem.decode(v, elem, path+"."+name); err != nil {
			return err
		}
		to.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), elem)
	}
	return nil
}

func (s *Shape) decodeList(l document.List, to reflect.Value, path string) error {
	if to.Kind() != reflect.Slice || s.Kind != List {
		return misfit(path, s)
	}
	to.Set(reflect.MakeSlice(to.Type(), len(l), len(l)))
	for i, v := range l {
		if err := s.Elem.decode(v, to.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func decodeScalar(s *Shape, v document.Value, to reflect.Value, path string) error {
	if n, ok := v.(bool); ok && to.CanInt() {
		v = map[bool]int64{true: 1}[n]
	}
	from := reflect.ValueOf(v)
	switch {
	case to.CanInt() && from.CanInt():
		if to.OverflowInt(from.Int()) {
			return fmt.Errorf("the value of %s is out of range: %d", at(path), from.Int())
		}
		to.SetInt(from.Int())
	case from.Type().ConvertibleTo(to.Type()) && from.Kind() == to.Kind():
		to.Set(from.Convert(to.Type()))
	default:
		return misfit(path, s)
	}
	return nil
}

func misfit(path string, s *Shape) error {
	return fmt.Errorf("the value of %s is not of type %s", at(path), s.Kind)
}

// Encode is the reverse of Decode: it returns what the struct that from points to
// holds, as a value of this Structure, members in the order of the API. Pointers,
// slices and maps that are nil are left out, and so are Streams.
func (s *Shape) Encode(from any) *document.Object {
	v := reflect.ValueOf(from)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return s.encodeStruct(v)
}

func (s *Shape) encodeStruct(from reflect.Value) *document.Object {
	o := document.New()
	for i := range s.Members {
		m := &s.Members[i]
		f := from.FieldByName(field(m.Name))
		if !f.IsValid() || m.Stream || absent(f) {
			continue
		}
		o.Set(m.Name, m.Shape.encode(f))
	}
	return o
}

// absent tells whether a field holds nothing. Enums are plain strings in the SDK,
// so that an empty one is absent, too.
func absent(f reflect.Value) bool {
	switch f.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return f.IsNil()
	case reflect.String:
		return f.Len() == 0
	}
	return false
}

func (s *Shape) encode(f reflect.Value) document.Value {
	for f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	if t, ok := f.Interface().(time.Time); ok {
		return t
	}
	switch f.Kind() {
	case reflect.Struct:
		return s.encodeStruct(f)
	case reflect.Map:
		return s.encodeMap(f)
	case reflect.Slice:
		return s.encodeSlice(f)
	case reflect.String:
		return f.String()
	case reflect.Bool:
		return f.Bool()
	}
	return f.Int()
}

func (s *Shape) encodeMap(f reflect.Value) document.Value {
	o := document.New()
	for _, name := range sortedKeys(f) {
		o.Set(name.String(), s.Elem.encode(f.MapIndex(name)))
	}
	return o
}

func (s *Shape) encodeSlice(f reflect.Value) document.Value {
	if s.Kind == Blob {
		return f.Bytes()
	}
	l := make(document.List, f.Len())
	for i := range l {
		l[i] = s.Elem.encode(f.Index(i))
	}
	return l
}

// field is the SDK's name for a member.
func field(member string) string { return strings.ToUpper(member[:1]) + member[1:] }

// sortedKeys orders a map's names, since the SDK's maps forgot the order of the
// wire.
func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
