package server

import (
	"math"
	"net/http"
	"strings"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/sigv4"
)

// JSON returns a handler of Config.Services for a service with the protocol JSON 1.1,
// such as ACM. The header X-Amz-Target names the operation behind the target's own
// name and a dot.
//
// The protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
func JSON(c Config, s *api.Service, target string, call Call) http.Handler {
	return newOther(c, s, call, jsonProtocol{target + "."})
}

type jsonProtocol struct{ prefix string }

func (p jsonProtocol) read(s *api.Service, r *http.Request, _ []sigv4.Param) (*api.Operation, *document.Object, error) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), p.prefix)
	op := s.Operation(name)
	if !ok || op == nil || r.Method != http.MethodPost {
		return nil, nil, refused(http.StatusBadRequest, "UnknownOperationException", "There is no such operation of %s here.", s.Title)
	}
	params, err := read(op, nil, nil, r.Body)
	return op, params, err
}

func (jsonProtocol) answer(w http.ResponseWriter, op *api.Operation, answer *document.Object) {
	if op.Output.Name == "" {
		writeAs(w, jsonType, http.StatusOK, nil)
		return
	}
	writeAs(w, jsonType, http.StatusOK, document.AppendJSON(nil, epochTimes(answer)))
}

func (jsonProtocol) refuse(w http.ResponseWriter, e *engine.APIError) {
	w.Header().Set("X-Amzn-Errortype", e.Code)
	writeAs(w, jsonType, e.Status, document.AppendJSON(nil, document.New(
		document.Member{Name: "__type", Value: e.Code}, document.Member{Name: "message", Value: e.Message})))
}

func (jsonProtocol) class(p sigv4.Problem) (string, int) {
	return (&sigv4.Error{Problem: p}).Class(), http.StatusBadRequest
}

func (jsonProtocol) invalid() string { return "ValidationException" }

// failure: ACM API Reference, "Common Errors".
func (jsonProtocol) failure() string { return "InternalFailure" }

const jsonType = "application/x-amz-json-1.1"

// epochTimes writes the times of an answer as the protocol has them: seconds since 1970.
func epochTimes(v document.Value) document.Value {
	switch v := v.(type) {
	case time.Time:
		seconds := float64(v.UnixMilli()) / 1000
		if whole := math.Trunc(seconds); whole == seconds {
			return int64(whole)
		}
		return seconds
	case document.List:
		out := make(document.List, len(v))
		for i, each := range v {
			out[i] = epochTimes(each)
		}
		return out
	case *document.Object:
		out := document.New()
		for name, each := range v.All() {
			out.Set(name, epochTimes(each))
		}
		return out
	}
	return v
}
