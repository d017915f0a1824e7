package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/smithy-go"

	"signer/pkg/api"
)

// The SDK is generated from the same model that our data describes, so the two
// must agree on everything the SDK knows.

func TestOperationsAreTheSDKs(t *testing.T) {
	var have []string
	for _, op := range api.Signer.Operations {
		have = append(have, op.Name)
	}
	var want []string
	client := reflect.TypeFor[*signer.Client]()
	for i := range client.NumMethod() {
		if m := client.Method(i); m.Name != "Options" {
			want = append(want, m.Name)
		}
	}
	if !slices.Equal(have, want) { // reflect lists methods in alphabetical order
		t.Errorf("operations = %v, want %v", have, want)
	}
}

// method returns the SDK's method for an operation and the types of its input and
// output structs.
func method(t *testing.T, c any, name string) (m reflect.Value, in, out reflect.Type) {
	t.Helper()
	m = reflect.ValueOf(c).MethodByName(name)
	if !m.IsValid() {
		t.Fatalf("the SDK has no operation %s", name)
	}
	return m, m.Type().In(1).Elem(), m.Type().Out(0).Elem()
}

func TestMembersAreTheSDKs(t *testing.T) {
	for _, op := range api.Signer.Operations {
		_, in, out := method(t, (*signer.Client)(nil), op.Name)
		for _, d := range slices.Concat(differences(op.Name+" input", op.Input, in), differences(op.Name+" output", op.Output, out)) {
			t.Error(d)
		}
	}
}

// differences tells in which ways a shape is not the SDK's type.
func differences(path string, s *api.Shape, typ reflect.Type) []string {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if got := kind(typ); got != s.Kind {
		return []string{fmt.Sprintf("%s: kind %v, the SDK has %v", path, s.Kind, got)}
	}
	switch s.Kind {
	case api.Structure:
		return memberDifferences(path, s, typ)
	case api.List, api.Map:
		return differences(path+"[]", s.Elem, typ.Elem())
	case api.String:
		return enumDifferences(path, s, typ)
	}
	return nil
}

func memberDifferences(path string, s *api.Shape, typ reflect.Type) (found []string) {
	known := map[string]bool{}
	for _, m := range s.Members {
		name := strings.ToUpper(m.Name[:1]) + m.Name[1:]
		known[name] = true
		f, ok := typ.FieldByName(name)
		if !ok {
			found = append(found, fmt.Sprintf("%s.%s: the SDK has no such member", path, m.Name))
			continue
		}
		found = append(found, differences(path+"."+m.Name, m.Shape, f.Type)...)
	}
	for f := range typ.Fields() {
		if f.IsExported() && f.Name != "ResultMetadata" && !known[f.Name] {
			found = append(found, fmt.Sprintf("%s: the SDK has %s, too", path, f.Name))
		}
	}
	return found
}

func kind(t reflect.Type) api.Kind {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return api.Timestamp
	case t == reflect.TypeFor[[]byte](), t.Implements(reflect.TypeFor[io.Reader]()):
		return api.Blob
	}
	return map[reflect.Kind]api.Kind{
		reflect.String: api.String, reflect.Int32: api.Integer, reflect.Int64: api.Long, reflect.Bool: api.Boolean,
		reflect.Struct: api.Structure, reflect.Slice: api.List, reflect.Map: api.Map,
	}[t.Kind()]
}

func enumDifferences(path string, s *api.Shape, typ reflect.Type) (found []string) {
	var known []string
	if values, ok := typ.MethodByName("Values"); ok {
		list := values.Func.Call([]reflect.Value{reflect.Zero(typ)})[0]
		for i := range list.Len() {
			known = append(known, list.Index(i).String())
		}
	}
	for _, v := range s.Enum {
		if !slices.Contains(known, v) {
			found = append(found, fmt.Sprintf("%s: the SDK has no value %s", path, v))
		}
	}
	for _, v := range known {
		if !slices.Contains(s.Enum, v) {
			found = append(found, fmt.Sprintf("%s: the SDK has the value %s, too", path, v))
		}
	}
	return found
}

// The SDK refuses an input that lacks a required member, and names all of them.
func TestRequiredMembersAreTheSDKs(t *testing.T) {
	c := signer.New(signer.Options{Region: "us-east-1", Retryer: aws.NopRetryer{}, HTTPClient: refuse{}})
	for _, op := range api.Signer.Operations {
		m, in, _ := method(t, c, op.Name)
		compareRequired(t, op, m, in)
	}
}

// compareRequired calls an operation of the SDK without any parameters.
func compareRequired(t *testing.T, op *api.Operation, call reflect.Value, in reflect.Type) {
	t.Helper()
	answer := call.Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.New(in)})
	err, _ := answer[1].Interface().(error)
	var want []string
	for _, m := range op.Input.Members {
		if m.Required && !m.Token {
			want = append(want, strings.ToUpper(m.Name[:1])+m.Name[1:])
		}
	}
	if got := missing(err); !slices.Equal(got, sorted(want)) {
		t.Errorf("%s: required %v, the SDK misses %v", op.Name, sorted(want), got)
	}
}

func missing(err error) []string {
	var invalid smithy.InvalidParamsError
	if !errors.As(err, &invalid) {
		return nil
	}
	var names []string
	for _, e := range invalid.Errs() {
		var param smithy.InvalidParamError
		if errors.As(e, &param) {
			names = append(names, param.Field()[strings.LastIndexByte(param.Field(), '.')+1:])
		}
	}
	return sorted(names)
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

// What the SDK sends when every member of an input is set tells the route and
// where each member travels.
func TestRoutesAreTheSDKs(t *testing.T) {
	for _, op := range api.Signer.Operations {
		var sent *http.Request
		c := signer.New(signer.Options{Region: "us-east-1", Retryer: aws.NopRetryer{}, Credentials: aws.AnonymousCredentials{}, HTTPClient: keep{&sent}})
		m, in, _ := method(t, c, op.Name)
		m.Call([]reflect.Value{reflect.ValueOf(context.Background()), filled(in)})
		if sent == nil {
			t.Errorf("%s: the SDK sent nothing", op.Name)
			continue
		}
		compareRoute(t, op, sent)
	}
}

func compareRoute(t *testing.T, op *api.Operation, sent *http.Request) {
	t.Helper()
	var path []string
	var query []string
	for _, m := range op.Input.Members {
		switch m.In {
		case api.Path:
			path = append(path, "{"+m.Name+"}", "x")
		case api.Query:
			query = append(query, m.WireName())
		}
	}
	if want := strings.NewReplacer(path...).Replace(op.Path); sent.Method != op.Method || sent.URL.Path != want {
		t.Errorf("%s: %s %s, the SDK sends %s %s", op.Name, op.Method, want, sent.Method, sent.URL.Path)
	}
	var got []string
	for name := range sent.URL.Query() {
		got = append(got, name)
	}
	if !slices.Equal(sorted(got), sorted(query)) {
		t.Errorf("%s: query %v, the SDK sends %v", op.Name, query, got)
	}
	if want := op.HostPrefix + "signer.us-east-1.amazonaws.com"; sent.URL.Host != want && op.HostPrefix == "" {
		t.Errorf("%s: host %s, the SDK calls %s", op.Name, want, sent.URL.Host)
	}
	if op.HostPrefix != "" && !strings.HasPrefix(sent.URL.Host, op.HostPrefix) {
		t.Errorf("%s: the SDK calls %s, without the prefix %s", op.Name, sent.URL.Host, op.HostPrefix)
	}
}

// filled returns a pointer to a struct of type t in which everything is set;
// strings are "x".
func filled(t reflect.Type) reflect.Value {
	p := reflect.New(t)
	fill(p.Elem())
	return p
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(filled(v.Type().Elem()))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1700000000, 0)))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x"), reflect.ValueOf("x").Convert(v.Type().Elem()))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Interface: // a body
		v.Set(reflect.ValueOf(strings.NewReader("x")))
	default:
		v.Set(reflect.ValueOf(1).Convert(v.Type()))
	}
}

type refuse struct{}

func (refuse) Do(*http.Request) (*http.Response, error) { return nil, errors.New("no network here") }

type keep struct{ request **http.Request }

func (k keep) Do(r *http.Request) (*http.Response, error) {
	*k.request = r
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}
