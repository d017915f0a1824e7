package engine

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"strings"
	"unicode/utf8"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/lenient"
)

// AnswerError says that a service's answer cannot be understood. It is not worth
// another try.
type AnswerError struct {
	Operation string
	Problem   string
	Time      *lenient.TimeError // the problem, if it is a time; the AWS CLI has words for it
}

func (e *AnswerError) Error() string {
	if e.Time != nil {
		return e.Time.Error()
	}
	return fmt.Sprintf("The answer to %s cannot be understood: %s.", e.Operation, e.Problem)
}

// RetryableError tells the SDK's retryer, whatever the answer's status is.
func (e *AnswerError) RetryableError() bool { return false }

func (x *exchange) unreadable(format string, args ...any) error {
	return &AnswerError{Operation: x.op.Name, Problem: fmt.Sprintf(format, args...)}
}

// receive makes of a response the answer, or the error that it stands for. The
// service means an error by any status from 300 on; redirections are not followed.
// The AWS CLI reads 300 itself as a success, and then finds no words for its error.
func (x *exchange) receive(response *smithyhttp.Response, body []byte) error {
	if response.StatusCode > http.StatusMultipleChoices {
		return x.refusal(response.StatusCode, response.Header, body)
	}
	answer, err := x.read(body)
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusMultipleChoices {
		return &APIError{Operation: x.op.Name, Code: "Unknown", Message: "Unknown", Status: response.StatusCode}
	}
	x.answer = answer
	return nil
}

// read reads the body of a success as the operation's output.
func (x *exchange) read(body []byte) (*document.Object, error) {
	if x.op.Output.Name == "" {
		return document.New(), nil // nothing is expected, so nothing is looked at
	}
	v, err := x.json(body)
	if err != nil {
		return nil, err
	}
	r := reader{clock: x.clock}
	answer, _ := r.value(x.op.Output, v, "the body").(*document.Object)
	switch {
	case r.noTime != nil:
		return nil, &AnswerError{Operation: x.op.Name, Problem: r.problem, Time: r.noTime}
	case r.problem != "":
		return nil, x.unreadable("%s", r.problem)
	case answer == nil:
		return nil, x.unreadable("the body is null")
	}
	return answer, nil
}

// json reads a body. An empty one counts as {}, and one that is not JSON as a
// message and nothing else.
func (x *exchange) json(body []byte) (document.Value, error) {
	if len(body) == 0 {
		return document.New(), nil
	}
	if !utf8.Valid(body) {
		return nil, x.unreadable("it is not UTF-8")
	}
	v, err := document.ParseJSON(string(body))
	if err != nil {
		return document.New(document.Member{Name: "message", Value: string(body)}), nil
	}
	return v, nil
}

// reader turns JSON into values of a shape, as leniently as the AWS CLI: unknown
// members and null ones are dropped, integers and booleans forced, strings taken
// as they are. The first thing that cannot be read is the problem.
type reader struct {
	clock   clock
	problem string
	noTime  *lenient.TimeError // with the problem, if it is a time
}

func (r *reader) wrong(path string, v document.Value, want string) document.Value {
	if r.problem == "" {
		r.problem = fmt.Sprintf("%s is %s, not %s", path, shown(v), want)
	}
	return nil
}

// shown is a value in an error, cut where it gets long.
func shown(v document.Value) string {
	s := string(document.AppendJSON(nil, v))
	if len(s) > 60 {
		s = s[:57] + "..."
	}
	return s
}

func (r *reader) value(s *api.Shape, v document.Value, path string) document.Value {
	switch s.Kind {
	case api.Structure:
		return r.structure(s, v, path)
	case api.Map:
		return r.mapping(s, v, path)
	case api.List:
		return r.list(s, v, path)
	case api.Integer, api.Long:
		if n, ok := integer(v); ok {
			return n
		}
		return r.wrong(path, v, "an integer")
	case api.Boolean:
		return boolean(v)
	case api.Timestamp:
		return r.timestamp(v, path)
	}
	return v
}

func (r *reader) timestamp(v document.Value, path string) document.Value {
	t, ok, err := r.clock.read(v)
	switch {
	case !ok:
		return r.wrong(path, v, "a time")
	case err != nil && r.problem == "":
		r.problem = fmt.Sprintf("%s: %v", path, err)
		errors.As(err, &r.noTime)
	}
	return t
}

func (r *reader) structure(s *api.Shape, v document.Value, path string) document.Value {
	o, ok := v.(*document.Object)
	switch {
	case v == nil:
		return nil
	case !ok && len(s.Members) > 0:
		return r.wrong(path, v, "an object")
	}
	out := document.New()
	for i := range s.Members {
		m := &s.Members[i]
		if member, _ := o.Get(m.WireName()); member != nil {
			out.Set(m.Name, r.value(m.Shape, member, below(path, m.Name)))
		}
	}
	return out
}

// below is the path of a member.
func below(path, name string) string {
	if path == "the body" {
		return name
	}
	return path + "." + name
}

func (r *reader) mapping(s *api.Shape, v document.Value, path string) document.Value {
	o, ok := v.(*document.Object)
	if !ok {
		return r.wrong(path, v, "an object")
	}
	out := document.New()
	for name, member := range o.All() {
		out.Set(name, r.value(s.Elem, member, below(path, name)))
	}
	return out
}

// list reads what Python can walk through: a list, but also the letters of a
// string and the names of an object.
func (r *reader) list(s *api.Shape, v document.Value, path string) document.Value {
	var elements document.List
	switch v := v.(type) {
	case document.List:
		elements = v
	case string:
		for _, letter := range v {
			elements = append(elements, string(letter))
		}
	case *document.Object:
		for name := range v.All() {
			elements = append(elements, name)
		}
	default:
		return r.wrong(path, v, "a list")
	}
	out := make(document.List, len(elements))
	for i, element := range elements {
		out[i] = r.value(s.Elem, element, fmt.Sprintf("%s[%d]", path, i))
	}
	return out
}

// integer forces a value as Python's int() does.
func integer(v document.Value) (document.Value, bool) {
	switch v := v.(type) {
	case int64, *big.Int:
		return v, true
	case bool:
		return map[bool]int64{true: 1}[v], true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		whole, _ := new(big.Float).SetFloat64(v).Int(nil)
		return document.Integer(whole.String()), true
	case string:
		return integerText(strings.TrimSpace(v))
	}
	return nil, false
}

func integerText(s string) (document.Value, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789_") != "" || strings.Contains("_"+digits+"_", "__") {
		return nil, false
	}
	return document.Integer(strings.ReplaceAll(strings.TrimPrefix(s, "+"), "_", "")), true
}

// boolean forces a value: true, and the word in any spelling, are true.
func boolean(v document.Value) bool {
	if s, ok := v.(string); ok {
		return strings.EqualFold(s, "true")
	}
	b, _ := v.(bool)
	return b
}
