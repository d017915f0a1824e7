package s3server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// line is a connection to the server.
type line struct {
	net.Conn
	in *bufio.Reader
	t  *testing.T
}

func (s *site) dial(t *testing.T) *line {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return &line{conn, bufio.NewReader(conn), t}
}

// say sends the head of a request, whose body has this length, with some more headers.
func (l *line) say(r *http.Request, length int64, more ...string) {
	l.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Method, r.URL.RequestURI(), r.URL.Host, length)
	if err := r.Header.Write(&b); err != nil {
		l.t.Fatal(err)
	}
	for _, header := range more {
		b.WriteString(header + "\r\n")
	}
	if _, err := io.WriteString(l, b.String()+"\r\n"); err != nil {
		l.t.Fatal(err)
	}
}

// hear returns the status of the next answer, and its body.
func (l *line) hear(to string) (status int, body string) {
	l.t.Helper()
	answer, err := http.ReadResponse(l.in, &http.Request{Method: to})
	if err != nil {
		l.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// Who waits for a word before he sends his body gets it, or the refusal instead.
func TestExpect(t *testing.T) {
	s, _ := stocked(t)
	l := s.dial(t)
	l.say(s.sign(s.request("PUT", "/bkt/new", "hello"), "hello"), 5, "Expect: 100-continue")
	if status, _ := l.hear("PUT"); status != 100 {
		t.Fatalf("the word is %d", status)
	}
	io.WriteString(l, "hello")
	if status, body := l.hear("PUT"); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	l.say(s.sign(s.request("PUT", "/bkt/empty", ""), ""), 0, "Expect: 100-continue")
	for _, want := range []int{100, 200} {
		if status, body := l.hear("PUT"); status != want {
			t.Errorf("nothing to send: %d %s, want %d", status, body, want)
		}
	}
	for target, want := range map[string]string{"/none/new": "NoSuchBucket", "/bkt/new?partNumber=1&uploadId=none": "NoSuchUpload"} {
		l := s.dial(t)
		l.say(s.sign(s.request("PUT", target, "hello"), "hello"), 5, "Expect: 100-continue")
		if status, body := l.hear("PUT"); status != 404 || content(body, "Code") != want {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
	l = s.dial(t)
	r := s.sign(s.request("PUT", "/bkt/new", "hello"), "hello")
	r.Header.Set("Authorization", r.Header.Get("Authorization")+"0")
	l.say(r, 5<<30, "Expect: 100-continue")
	if status, body := l.hear("PUT"); status != 403 {
		t.Errorf("forged: %d %s", status, body)
	}
}

// What is wrong with a HEAD is told by its status only.
func TestHeadErrors(t *testing.T) {
	s, _ := stocked(t)
	l := s.dial(t)
	for target, want := range map[string]int{
		"/none": 404, "/bkt/none": 404, "/bkt/k?versionId=x": 400, "/bkt/k?partNumber=2": 416, "/bkt/k": 200, "/bkt": 200,
	} {
		l.say(s.sign(s.request("HEAD", target, ""), ""), 0)
		if status, _ := l.hear("HEAD"); status != want {
			t.Errorf("%s: %d, want %d", target, status, want)
		}
		l.say(s.sign(s.request("GET", "/bkt/k", ""), ""), 0) // and what follows is the next answer
		if status, body := l.hear("GET"); status != 200 || !strings.HasPrefix(body, "0123") {
			t.Fatalf("after %s: %d %q", target, status, body)
		}
	}
}

// oddKeys are keys that something on the way could make others of.
var oddKeys = []string{
	"a//b", "a/b", "a", "a/", "//x", " ", "+", "a+b c", "%", "%41", "%2F", "a%2Fb", "a?b", "a#b", "a&b=c", "a\\b", ".../x", "a/.b", "a;b", "a:b@c",
	"\x01", "a\r\nb", "\x7f", "ü", "u\u0308", "日本語", "😀", "\u2028", "*", "~", "(')", "\"<>", strings.Repeat("k", 1024), strings.Repeat("ü", 512),
}

func TestKeys(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	want := slices.Sorted(slices.Values(oddKeys))
	for _, key := range oddKeys {
		s.must("PUT", "/bkt/"+escaped(key), key)
	}
	for _, key := range oddKeys {
		if _, text := s.must("GET", "/bkt/"+escaped(key), ""); text != key {
			t.Errorf("%q has the content %q", key, text)
		}
		s.must("PUT", "/bkt/copy", "", "x-amz-copy-source: /bkt/"+escaped(key))
		if _, text := s.must("GET", "/bkt/copy", ""); text != key {
			t.Errorf("the copy of %q has the content %q", key, text)
		}
	}
	s.must("DELETE", "/bkt/copy", "")
	if got := s.listedBy(t, 3); !slices.Equal(got, want) {
		t.Errorf("listed: %q\nwant %q", got, want)
	}
	for _, key := range oddKeys {
		s.must("DELETE", "/bkt/"+escaped(key), "")
	}
	s.must("DELETE", "/bkt", "")
}

// escaped writes a key as clients write it in a path.
func escaped(key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}

// listedBy lists the keys of a bucket over pages of this size.
func (s *site) listedBy(t *testing.T, size int) (keys []string) {
	t.Helper()
	token := ""
	for range 1000 {
		_, text := s.must("GET", fmt.Sprintf("/bkt?encoding-type=url&list-type=2&max-keys=%d%s", size, token), "")
		for _, key := range contents(text, "Key") {
			plain, err := url.QueryUnescape(key)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, plain)
		}
		next := content(text, "NextContinuationToken")
		if next == "" {
			return keys
		}
		token = "&continuation-token=" + url.QueryEscape(strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(next))
	}
	t.Fatal("the pages do not end")
	return nil
}

// Two who write a key at once both succeed, and one of them has the last word. Of two
// who may only make it, one fails.
func TestTwoAtOnce(t *testing.T) {
	s := serve(t)
	s.must("PUT", "/bkt", "")
	s.must("PUT", "/bkt?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	bodies := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 200_000)}
	var lines []*line
	for _, body := range bodies {
		l := s.dial(t)
		l.say(s.sign(s.request("PUT", "/bkt/k", body), body), int64(len(body)))
		io.WriteString(l, body[:50_000])
		lines = append(lines, l)
	}
	for i, l := range lines { // both are under way
		io.WriteString(l, bodies[i][50_000:])
	}
	for _, l := range lines {
		if status, body := l.hear("PUT"); status != 200 {
			t.Errorf("%d %s", status, body)
		}
	}
	if _, text := s.must("GET", "/bkt/k", ""); text != bodies[0] && text != bodies[1] {
		t.Errorf("the object is %d bytes of something else", len(text))
	}
	if _, text := s.must("GET", "/bkt?versions", ""); len(contents(text, "VersionId")) != 2 {
		t.Errorf("versions: %s", text)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for _, body := range bodies {
		r := s.sign(s.request("PUT", "/bkt/once", body, "If-None-Match: *"), body)
		wait.Go(func() {
			answer, err := s.Server.Client().Transport.RoundTrip(r)
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			count[answer.StatusCode]++
		})
	}
	wait.Wait()
	if count[200] != 1 || count[412] != 1 {
		t.Errorf("answers: %v", count)
	}
}
