package engine_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/aws/smithy-go"

	"signer/pkg/engine"
)

func TestRefusals(t *testing.T) {
	class := func(s string) http.Header { return http.Header{"X-Amzn-Errortype": {s}} }
	for _, tc := range []struct {
		name    string
		status  int
		header  http.Header
		body    string
		want    string // code: message
		members string
	}{
		{"header", 404, class("ResourceNotFoundException"), `{"message": "gone", "code": "ProfileNotFound", "x": 1}`, "ResourceNotFoundException: gone", `{"message": "gone", "code": "ProfileNotFound"}`},
		{"header with an address", 400, class("a.b#ValidationException:http://x/"), `{"Message": "m"}`, "ValidationException: m", ""},
		{"empty header", 400, class(""), `{"code": "C"}`, ": ", ""},
		{"code over __type", 400, nil, `{"message": "m", "__type": "T", "code": "x#C:y"}`, "C: m", ""},
		{"Code", 400, nil, `{"Code": "Foo"}`, "Foo: ", ""},
		{"null code", 400, nil, `{"code": null, "Code": "Foo", "__type": "T"}`, "T: ", ""},
		{"null __type", 400, nil, `{"__type": null, "message": "m"}`, ": m", ""},
		{"list for __type", 400, class("X"), `{"__type": ["T"]}`, "X: ", ""},
		{"message in Python's words", 400, nil, `{"code": "C", "message": {"a": [true, null, "it's"]}}`, `C: {'a': [True, None, "it's"]}`, ""},
		{"number", 400, nil, `{"code": 5, "message": [1]}`, "5: [1]", ""},
		{"__type", 404, nil, `{"__type": "com.amazonaws.signer#ResourceNotFoundException", "message": "m"}`, "ResourceNotFoundException: m", `{"message": "m"}`},
		{"null message", 400, class("X"), `{"message": null, "Message": "m"}`, "X: None", ""},
		{"query error", 400, http.Header{"X-Amzn-Query-Error": {"Foo.Bar;Sender"}}, `{"__type": "T"}`, "Foo.Bar: ", ""},
		{"no body", 403, nil, ``, "403: ", ""},
		{"text", 403, nil, `Forbidden`, "403: Forbidden", ""},
		{"page", 403, nil, `<html>no</html>`, "403: <html>no</html>", ""},
		{"broken JSON", 400, class("X"), `{oops`, "X: {oops", ""},
		{"redirect", 301, http.Header{"Location": {"http://example.com/"}}, ``, "301: ", ""},
		{"not modified", 304, nil, ``, "304: ", ""},
		{"multiple choices", 300, nil, `{}`, "Unknown: Unknown", ""},
		{"page of a server", 502, class("X"), " <html>bad</html>", "502: Bad Gateway", ""},
		{"empty of a server", 599, nil, " \n", "599: ", ""},
		{"JSON of a server", 501, class("NotImplemented"), `{"message": "x"}`, "NotImplemented: x", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := engine.Do(t.Context(), client(t, canned(tc.status, tc.header, tc.body)), operation("GetSigningProfile"), object(t, `{"profileName": "p"}`))
			var service smithy.APIError
			if !errors.As(err, &service) || service.ErrorCode()+": "+service.ErrorMessage() != tc.want {
				t.Fatalf("got %v, want %s", err, tc.want)
			}
			e, ok := engine.AsAPIError(err)
			if !ok || e.Status != tc.status || e.Operation != "GetSigningProfile" {
				t.Errorf("got %+v", e)
			}
			if want := cmp.Or(tc.members, `{}`); text(e.Members) != want {
				t.Errorf("members %s, want %s", text(e.Members), want)
			}
		})
	}
}

func TestUnreadableRefusals(t *testing.T) {
	for _, body := range []string{`[1]`, `{"__type": 5, "code": "C"}`, `{"code": ["C"]}`, `{"Code": {}}`} {
		t.Run(body, func(t *testing.T) { unreadableRefusal(t, body) })
	}
}

func unreadableRefusal(t *testing.T, body string) {
	calls := 0
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		canned(500, nil, body)(w, r)
	})
	_, err := engine.Do(t.Context(), c, operation("GetSigningProfile"), object(t, `{"profileName": "p"}`))
	var unreadable *engine.AnswerError
	if !errors.As(err, &unreadable) || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
	if _, ok := engine.AsAPIError(err); ok {
		t.Errorf("%v is a service's error", err)
	}
}

func TestRetries(t *testing.T) {
	for _, tc := range []struct {
		class     string
		status    int
		calls     int
		exhausted bool
	}{
		{"InternalServiceErrorException", 500, 3, true},
		{"TooManyRequestsException", 429, 3, true},
		{"ThrottlingException", 400, 3, true},
		{"QuotaExceeded", 429, 1, false},
		{"ValidationException", 400, 1, false},
		{"NotImplemented", 501, 1, false},
	} {
		calls := 0
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			canned(tc.status, http.Header{"X-Amzn-Errortype": {tc.class}}, `{"message": "m"}`)(w, r)
		})
		_, err := engine.Do(t.Context(), c, operation("GetSigningProfile"), object(t, `{"profileName": "p"}`))
		n, exhausted := engine.Retries(err)
		if calls != tc.calls || exhausted != tc.exhausted || exhausted && n != tc.calls-1 {
			t.Errorf("%s: %d calls, %d retries, exhausted %v: %v", tc.class, calls, n, exhausted, err)
		}
	}
}

func TestAsAPIError(t *testing.T) {
	for _, tc := range []struct {
		err     error
		want    string
		members string
	}{
		{&types.ValidationException{Message: aws.String("m"), Code: aws.String("ProfileNotActive")}, "400 ValidationException: m", `{"message": "m", "code": "ProfileNotActive"}`},
		{fmt.Errorf("call: %w", &types.ServiceLimitExceededException{Message: aws.String("m")}), "402 ServiceLimitExceededException: m", `{"message": "m"}`},
		{&types.InternalServiceErrorException{}, "500 InternalServiceErrorException: ", `{}`},
		{&smithy.GenericAPIError{Code: "ConflictException", Message: "m"}, "409 ConflictException: m", `{}`},
		{&smithy.GenericAPIError{Code: "Odd", Fault: smithy.FaultServer}, "500 Odd: ", `{}`},
		{&smithy.GenericAPIError{Code: "Odd", Fault: smithy.FaultClient}, "400 Odd: ", `{}`},
	} {
		e, ok := engine.AsAPIError(tc.err)
		if got := fmt.Sprintf("%d %v", e.Status, e); !ok || got != tc.want || text(e.Members) != tc.members {
			t.Errorf("%v became %s with %s", tc.err, got, text(e.Members))
		}
	}
	nested := &smithy.OperationError{ServiceID: "signer", OperationName: "ListSigningJobs", Err: fmt.Errorf("credentials: %w",
		&smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: &smithy.GenericAPIError{Code: "AccessDenied"}})}
	if e, _ := engine.AsAPIError(nested); e.Operation != "AssumeRole" {
		t.Errorf("%s was refused", e.Operation)
	}
	if e, ok := engine.AsAPIError(errors.New("no")); ok {
		t.Errorf("a plain error became %v", e)
	}
}
