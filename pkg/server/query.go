package server

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/sigv4"
)

// Query returns a handler of Config.Services for a service with the Query protocol,
// such as IAM. Its answers are XML in a namespace. Of parameters it knows texts,
// numbers and Booleans: no operation here has others.
//
// The protocol: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
func Query(c Config, s *api.Service, namespace string, call Call) http.Handler {
	return newOther(c, s, call, queryProtocol{namespace})
}

type queryProtocol struct{ namespace string }

func (queryProtocol) read(s *api.Service, r *http.Request, query []sigv4.Param) (*api.Operation, *document.Object, error) {
	given, err := form(r, query)
	if err != nil {
		return nil, nil, err
	}
	op := s.Operation(given["Action"])
	if op == nil {
		return nil, nil, refused(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", given["Action"], given["Version"])
	}
	params := document.New()
	for i := range op.Input.Members {
		m := &op.Input.Members[i]
		text, ok := given[m.Name]
		if !ok {
			continue
		}
		v, err := fromText(m.Shape, text, m.Name)
		if err != nil {
			return nil, nil, err
		}
		params.Set(m.Name, v)
	}
	return op, params, nil
}

// form is what the query and, of a POST, the body give. Of several values of a name
// the first counts.
func form(r *http.Request, query []sigv4.Param) (map[string]string, error) {
	given := map[string]string{}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	inBody, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, refused(http.StatusBadRequest, "MalformedQueryString", "The body is not a form: %v", err)
	}
	for name, values := range inBody {
		given[name] = values[0]
	}
	for _, p := range query {
		if _, ok := given[p.Name]; !ok {
			given[p.Name] = p.Value
		}
	}
	return given, nil
}

func (p queryProtocol) answer(w http.ResponseWriter, op *api.Operation, answer *document.Object) {
	var b strings.Builder
	open, end := tags(op.Name+"Response", ` xmlns="`+p.namespace+`"`)
	b.WriteString(open)
	if op.Output.Name != "" {
		element(&b, op.Name+"Result", op.Output, answer)
	}
	b.WriteString("<ResponseMetadata><RequestId>" + w.Header().Get(requestID) + "</RequestId></ResponseMetadata>" + end)
	writeAs(w, "text/xml", http.StatusOK, []byte(b.String()))
}

func tags(name, attributes string) (open, end string) {
	return "<" + name + attributes + ">", "</" + name + ">"
}

// element writes a value of an answer.
func element(b *strings.Builder, name string, s *api.Shape, v document.Value) {
	open, end := tags(name, "")
	b.WriteString(open)
	switch v := v.(type) {
	case *document.Object:
		for i := range s.Members {
			m := &s.Members[i]
			if each, ok := v.Get(m.Name); ok {
				element(b, m.WireName(), m.Shape, each)
			}
		}
	case document.List:
		for _, each := range v {
			element(b, "member", s.Elem, each)
		}
	default:
		xml.EscapeText(b, []byte(scalar(v))) // to memory: cannot fail
	}
	b.WriteString(end)
}

func scalar(v document.Value) string {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05Z")
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

func (p queryProtocol) refuse(w http.ResponseWriter, e *engine.APIError) {
	fault := "Sender"
	if e.Status >= 500 {
		fault = "Receiver"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<ErrorResponse xmlns="%s"><Error><Type>%s</Type><Code>%s</Code><Message>`, p.namespace, fault, e.Code)
	xml.EscapeText(&b, []byte(e.Message)) // to memory: cannot fail
	fmt.Fprintf(&b, "</Message></Error><RequestId>%s</RequestId></ErrorResponse>", w.Header().Get(requestID))
	writeAs(w, "text/xml", e.Status, []byte(b.String()))
}

func (queryProtocol) class(p sigv4.Problem) (string, int) {
	switch p {
	case sigv4.NoSignature:
		return "MissingAuthenticationToken", http.StatusForbidden
	case sigv4.Malformed:
		return "IncompleteSignature", http.StatusBadRequest
	case sigv4.UnknownKey:
		return "InvalidClientTokenId", http.StatusForbidden
	case sigv4.ExpiredKey:
		return "ExpiredToken", http.StatusForbidden
	}
	return "SignatureDoesNotMatch", http.StatusForbidden
}

func (queryProtocol) invalid() string { return "ValidationError" }

// failure: IAM API Reference, "Errors" of each operation.
func (queryProtocol) failure() string { return "ServiceFailure" }
