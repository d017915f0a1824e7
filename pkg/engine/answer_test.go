package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/api"
	"signer/pkg/engine"
)

func TestAnswers(t *testing.T) {
	for _, tc := range []struct{ op, body, want string }{
		{"GetSigningProfile", `{"status": "New", "x": {}, "profileName": "p", "arn": null}`, `{"profileName": "p", "status": "New"}`},
		{"GetSigningProfile", `{"tags": {"b": null, "a": "2"}, "profileName": 5}`, `{"profileName": 5, "tags": {"b": null, "a": "2"}}`},
		{"GetSigningProfile", `hello`, `{}`},
		{"GetSigningProfile", "\ufeff{}", `{}`},
		{"GetSigningProfile", `{"profileName": "x`, `{}`},
		{"GetSigningProfile", ``, `{}`},
		{"ListProfilePermissions", `{"policySizeBytes": " 1_2 "}`, `{"policySizeBytes": 12}`},
		{"ListProfilePermissions", `{"policySizeBytes": -12.9}`, `{"policySizeBytes": -12}`},
		{"ListProfilePermissions", `{"policySizeBytes": 1e20}`, `{"policySizeBytes": 100000000000000000000}`},
		{"ListProfilePermissions", `{"policySizeBytes": true}`, `{"policySizeBytes": 1}`},
		{"GetSigningPlatform", `{"revocationSupported": "TRUE"}`, `{"revocationSupported": true}`},
		{"GetSigningPlatform", `{"revocationSupported": 1}`, `{"revocationSupported": false}`},
		{"ListSigningJobs", `{"jobs": [null, {"jobId": "a"}]}`, `{"jobs": [null, {"jobId": "a"}]}`},
		{"GetRevocationStatus", `{"revokedEntities": "ab"}`, `{"revokedEntities": ["a", "b"]}`},
		{"GetRevocationStatus", `{"revokedEntities": {"x": 1}}`, `{"revokedEntities": ["x"]}`},
		{"SignPayload", `{"signature": "not base64!", "metadata": {"z": 1, "a": []}}`, `{"metadata": {"z": 1, "a": []}, "signature": "not base64!"}`},
		{"CancelSigningProfile", `[1]`, `{}`},
		{"TagResource", `[1]`, `{}`},
		{"DescribeSigningJob", `{"createdAt": 1700000000.1234565}`, `{"createdAt": "2023-11-14T22:13:20.123456Z"}`},
		{"DescribeSigningJob", `{"createdAt": "1.7e9", "completedAt": -1.5}`, `{"createdAt": "2023-11-14T22:13:20Z", "completedAt": "1969-12-31T23:59:58.5Z"}`},
		{"DescribeSigningJob", `{"createdAt": "2023-11-14T22:13:20.5+02:00"}`, `{"createdAt": "2023-11-14T22:13:20.5+02:00"}`},
		{"DescribeSigningJob", `{"createdAt": "Tue, 14 Nov 2023 22:13:20 GMT"}`, `{"createdAt": "2023-11-14T22:13:20Z"}`},
		{"DescribeSigningJob", `{"createdAt": "2023-11-14T22:13:20", "completedAt": "2023-11-14"}`, `{"createdAt": "2023-11-14T22:13:20", "completedAt": "2023-11-14T00:00:00"}`},
	} {
		t.Run(tc.op+" "+tc.body, func(t *testing.T) {
			got, err := engine.Do(t.Context(), client(t, canned(200, nil, tc.body)), operation(tc.op), nil)
			if err != nil || text(got) != tc.want {
				t.Errorf("got %s, %v, want %s", text(got), err, tc.want)
			}
		})
	}
}

func TestAnswersInAZone(t *testing.T) {
	body := `{"createdAt": 1700000000, "completedAt": "2023-11-14T22:13:20Z"}`
	for want, option := range map[string]func(*engine.Options){
		`{"createdAt": "2023-11-15T03:43:20+05:30", "completedAt": "2023-11-14T22:13:20Z"}`: func(o *engine.Options) { o.Zone = time.FixedZone("", 5*3600+1800) },
		body: func(o *engine.Options) { o.WireTimes = true },
	} {
		got, err := engine.Do(t.Context(), client(t, canned(202, nil, body)), operation("DescribeSigningJob"), nil, option)
		if err != nil || text(got) != want {
			t.Errorf("got %s, %v, want %s", text(got), err, want)
		}
	}
}

// Dates are python-dateutil's: what one leaves out is of today.
func TestAnswersWithDates(t *testing.T) {
	option := func(o *engine.Options) {
		o.Zone = time.FixedZone("EST", -5*3600)
		o.Now = func() time.Time { return time.Date(2026, time.November, 22, 3, 0, 0, 0, time.UTC) }
	}
	for in, want := range map[string]string{
		"1700000000.25":                      "2023-11-14T17:13:20.25-05:00",
		"Jan 2024":                           "2024-01-21T00:00:00",
		"10pm":                               "2026-11-21T22:00:00",
		"2024-1-2 03:04 +0100":               "2024-01-02T03:04:00+01:00",
		"Tue, 02 Jan 2024 03:04:05 GMT":      "2024-01-02T03:04:05Z",
		"2024-01-02 03:04:05.5 EST":          "2024-01-02T03:04:05.5-05:00",
		"2024-01-02T03:04:05.123456789":      "2024-01-02T03:04:05.123456",
		"\u0662\u0660\u0662\u0664-01-01T07Z": "2024-01-01T07:00:00Z",
	} {
		body := fmt.Sprintf(`{"createdAt": "%s"}`, in)
		got, err := engine.Do(t.Context(), client(t, canned(200, nil, body)), operation("DescribeSigningJob"), nil, option)
		if err != nil || text(got) != fmt.Sprintf(`{"createdAt": "%s"}`, want) {
			t.Errorf("%s: got %s, %v, want %s", in, text(got), err, want)
		}
	}
}

func TestUnreadableAnswers(t *testing.T) {
	for _, tc := range []struct{ op, body, want string }{
		{"ListSigningJobs", `{"jobs": "abc"}`, `The answer to ListSigningJobs cannot be understood: jobs[0] is "a", not an object.`},
		{"ListSigningJobs", `{"jobs": 5}`, `The answer to ListSigningJobs cannot be understood: jobs is 5, not a list.`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": "soon"}]}`, `Invalid timestamp "soon": Unknown string format: soon`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": ""}]}`, `Invalid timestamp "": String does not contain a date: `},
		{"ListSigningJobs", `{"jobs": [{"createdAt": "25:00"}]}`, `Invalid timestamp "25:00": hour must be in 0..23: 25:00`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": "1700000000123"}]}`, `Unable to calculate correct timezone offset for "1700000000123"`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": []}]}`, `The answer to ListSigningJobs cannot be understood: jobs[0].createdAt is [], not a time.`},
		{"ListSigningJobs", `{"jobs": [{"createdAt": 1e15}]}`, `year 31690708 is out of range`},
		{"ListTagsForResource", `{"tags": []}`, `The answer to ListTagsForResource cannot be understood: tags is [], not an object.`},
		{"ListProfilePermissions", `{"policySizeBytes": "many"}`, `The answer to ListProfilePermissions cannot be understood: policySizeBytes is "many", not an integer.`},
		{"ListProfilePermissions", `[1]`, `The answer to ListProfilePermissions cannot be understood: the body is [1], not an object.`},
		{"TagResource", `null`, `The answer to TagResource cannot be understood: the body is null.`},
		{"TagResource", "{\"\xff\": 1}", `The answer to TagResource cannot be understood: it is not UTF-8.`},
	} {
		t.Run(tc.body, func(t *testing.T) {
			var unreadable *engine.AnswerError
			if _, err := engine.Do(t.Context(), client(t, canned(200, nil, tc.body)), operation(tc.op), nil); !errors.As(err, &unreadable) || unreadable.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// Nothing a service sends is a panic.
func FuzzAnswers(f *testing.F) {
	f.Add(uint8(0), uint16(200), `{"jobs": [{"createdAt": 1.5}]}`, "")
	f.Add(uint8(7), uint16(503), `<html>`, "a#b:c")
	f.Add(uint8(12), uint16(400), `{"code": [], "message": {}, "__type": 5}`, "")
	f.Fuzz(func(t *testing.T, op uint8, status uint16, body, class string) {
		c := signer.New(signer.Options{Region: "r", Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{}, HTTPClient: answer{int(status), class, body}})
		engine.Do(context.Background(), c, api.Signer.Operations[int(op)%len(api.Signer.Operations)], nil)
	})
}

type answer struct {
	status      int
	class, body string
}

func (a answer) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{"X-Amzn-Errortype": {a.class}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}
