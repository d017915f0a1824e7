package s3server

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func newRequest(uri, host string) *http.Request {
	return &http.Request{Method: "GET", RequestURI: uri, Host: host, URL: &url.URL{Path: "/"}, Header: http.Header{}}
}

// answered has work answered, which takes as long as it is let, and returns the answer.
func answered(t *testing.T, patience time.Duration, wait chan struct{}, work func() (any, string, error)) (*http.Response, string) {
	t.Helper()
	s := &server{Config: Config{Log: slog.New(slog.DiscardHandler)}, patience: patience}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{server: s, w: w, r: r, id: "ID"}
		if err := x.slowly("Done", work); err != nil {
			x.refuse(err)
		}
	}))
	t.Cleanup(front.Close)
	answer, err := front.Client().Get(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if wait != nil {
		close(wait) // the status is there before the work is done
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestSlowly(t *testing.T) {
	wait := make(chan struct{})
	answer, text := answered(t, time.Millisecond, wait, func() (any, string, error) { <-wait; return struct{ A string }{"b"}, "v1", nil })
	if answer.StatusCode != 200 || !strings.HasPrefix(text, "<?xml") || !strings.HasSuffix(text, "<A>b</A></Done>") || strings.Count(text, "<?xml") != 1 {
		t.Errorf("%s %q", answer.Status, text)
	}
	wait = make(chan struct{})
	answer, text = answered(t, time.Millisecond, wait, func() (any, string, error) { <-wait; return nil, "", badRequest("no") })
	if answer.StatusCode != 200 || !strings.Contains(text, "<Error><Code>InvalidRequest</Code>") || strings.Count(text, "<?xml") != 1 {
		t.Errorf("an error: %s %q", answer.Status, text)
	}
}

func TestQuickly(t *testing.T) {
	answer, text := answered(t, time.Minute, nil, func() (any, string, error) { return struct{ A string }{"b"}, "v1", nil })
	if answer.StatusCode != 200 || answer.Header.Get("X-Amz-Version-Id") != "v1" || !strings.HasSuffix(text, "<A>b</A></Done>") {
		t.Errorf("%v %q", answer.Header, text)
	}
	answer, text = answered(t, time.Minute, nil, func() (any, string, error) { return nil, "", badRequest("no") })
	if answer.StatusCode != 400 || !strings.Contains(text, "InvalidRequest") {
		t.Errorf("an error: %s %q", answer.Status, text)
	}
	answer, text = answered(t, time.Minute, nil, func() (any, string, error) { panic("out of cheese") })
	if answer.StatusCode != 500 || strings.Contains(text, "cheese") {
		t.Errorf("a panic: %s %q", answer.Status, text)
	}
	answer, _ = answered(t, time.Minute, nil, func() (any, string, error) { return nil, "", errors.New("the disk is gone") })
	if answer.StatusCode != 500 {
		t.Errorf("a failure: %s", answer.Status)
	}
}
