package remote_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/profile"
	"signer/pkg/remote"
)

// world is an environment and the files in it; other files are the machine's own.
type world struct {
	env, files map[string]string
	profile    *string
}

func (w world) settings() *profile.Settings {
	return profile.New(profile.Config{
		Name: w.profile,
		LookupEnv: func(name string) (string, bool) {
			v, ok := w.env[name]
			return v, ok
		},
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := w.files[name]; ok {
				return []byte(text), nil
			}
			if !strings.HasPrefix(name, "/") {
				return nil, fs.ErrNotExist
			}
			return os.ReadFile(name)
		},
	})
}

// usual is a world in which a client can be opened; env is added to it.
func usual(env ...string) world {
	w := world{env: map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_CONFIG_FILE": "cfg", "AWS_SHARED_CREDENTIALS_FILE": "creds", "AWS_EC2_METADATA_DISABLED": "true"}}
	for i := 0; i < len(env); i += 2 {
		w.env[env[i]] = env[i+1]
	}
	return w
}

func (w world) without(names ...string) world {
	for _, name := range names {
		delete(w.env, name)
	}
	return w
}

func (w world) with(file, text string) world {
	if w.files == nil {
		w.files = map[string]string{}
	}
	w.files[file] = text
	return w
}

// service is a server that keeps what it is asked.
type service struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

// serve answers with what h writes, or with {}.
func serve(t *testing.T, h http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
		s.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		if h == nil {
			io.WriteString(w, "{}")
			return
		}
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// asked are method, target and signer of the requests so far.
func (s *service) asked() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.requests {
		who := regexp.MustCompile(`Credential=(\w+)/\d+/([^/]*)/(\w+)/`).FindStringSubmatch(r.Header.Get("Authorization"))
		line := r.Method + " " + r.RequestURI
		if who != nil {
			line += " " + strings.Join(who[1:], "/")
		}
		if token := r.Header.Get("X-Amz-Security-Token"); token != "" {
			line += " " + token
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

// count is how many requests there were since the last time.
func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.requests)
	s.requests = nil
	return n
}

func (s *service) header(i int, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[i].Header.Get(name)
}

// none are no delays.
func none() float64 { return 0 }

func list(ctx context.Context, c *signer.Client) error {
	_, err := c.ListTagsForResource(ctx, &signer.ListTagsForResourceInput{ResourceArn: aws.String("x")})
	return err
}

// call opens a client and lists tags with it.
func call(t *testing.T, c remote.Config) error {
	t.Helper()
	c.Jitter = none
	client, err := remote.Open(t.Context(), c)
	if err != nil {
		return err
	}
	return list(t.Context(), client)
}

// said is what the user is told, with the code before it.
func said(err error) string {
	var e *remote.Error
	if errors.As(err, &e) {
		return strings.TrimPrefix(e.Code+": "+e.Text, ": ")
	}
	if err != nil {
		return "not ours: " + err.Error()
	}
	return ""
}
