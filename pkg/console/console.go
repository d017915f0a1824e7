// Package console is a page to look at: what a server has signed, with what, and how
// to check it, for people with a browser.
//
// It only shows. Whoever gets to it sees everything of all accounts, but no secret,
// and can change nothing: it answers GET and HEAD. Lists are read a page at a time
// through the operations of AWS Signer, so that a million jobs cost no more than a
// hundred.
//
// Everything it sends is its own and made on the server. There are no scripts, and
// the Content-Security-Policy lets none in, however names and reasons are spelled,
// which anybody with an access key can choose. [Hosts] keeps out pages of strangers
// that a browser has open as well.
package console

import (
	"context"
	"crypto/x509"
	"embed"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"
)

// Place is whose work is shown: that of an account in a region.
type Place struct{ Account, Region string }

// Engine is as much of AWS Signer as the console shows. The SDK's client has these
// methods, and so has whatever takes its place.
type Engine interface {
	DescribeSigningJob(context.Context, *signer.DescribeSigningJobInput, ...func(*signer.Options)) (*signer.DescribeSigningJobOutput, error)
	GetSigningProfile(context.Context, *signer.GetSigningProfileInput, ...func(*signer.Options)) (*signer.GetSigningProfileOutput, error)
	ListProfilePermissions(context.Context, *signer.ListProfilePermissionsInput, ...func(*signer.Options)) (*signer.ListProfilePermissionsOutput, error)
	ListSigningJobs(context.Context, *signer.ListSigningJobsInput, ...func(*signer.Options)) (*signer.ListSigningJobsOutput, error)
	ListSigningPlatforms(context.Context, *signer.ListSigningPlatformsInput, ...func(*signer.Options)) (*signer.ListSigningPlatformsOutput, error)
	ListSigningProfiles(context.Context, *signer.ListSigningProfilesInput, ...func(*signer.Options)) (*signer.ListSigningProfilesOutput, error)
}

// Fact is something about the server as a whole.
type Fact struct{ Name, Value string }

// Config is where the console has from what it shows. All functions may be called by
// many goroutines at once.
type Config struct {
	// Places are those that have something to show, in the order to show them.
	Places func(context.Context) ([]Place, error)
	// Engine is AWS Signer in a place. An error means that there is no such place.
	Engine func(Place) (Engine, error)
	// Certificates are those of a job's signature, that of the signer first; none if
	// the signature is not here.
	Certificates func(context.Context, *signer.DescribeSigningJobOutput) ([]*x509.Certificate, error)
	// Facts are about the server; nil: there are none.
	Facts func(context.Context) []Fact
	// Home is where commands that check signatures find what they need; "" is
	// where they look of themselves.
	Home string

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // is told what the pages do not tell; nil: nobody is
}

// console is a Config that answers requests.
type console struct {
	Config
	pages map[string]*sheet
	files map[string]file
}

//go:embed pages
var embedded embed.FS

// New returns a handler for all paths that nobody else has. It answers requests for
// any host: see [Hosts].
func New(c Config) http.Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &console{Config: c, pages: sheets(), files: files()}
	m := http.NewServeMux()
	for name := range h.files {
		m.HandleFunc("/"+name, h.file)
	}
	m.HandleFunc("/{$}", h.show("overview", h.overview))
	m.HandleFunc("/{account}/{region}/{$}", h.toJobs)
	m.HandleFunc("/{account}/{region}/jobs", h.show("jobs", h.jobs))
	m.HandleFunc("/{account}/{region}/jobs/{id}", h.show("job", h.job))
	m.HandleFunc("/{account}/{region}/jobs/{id}/certificates.pem", h.pem)
	m.HandleFunc("/{account}/{region}/profiles", h.show("profiles", h.profiles))
	m.HandleFunc("/{account}/{region}/profiles/{name}", h.show("profile", h.profile))
	m.HandleFunc("/{account}/{region}/revocations", h.show("revocations", h.revocations))
	m.HandleFunc("/{account}/{region}/platforms", h.show("platforms", h.platforms))
	m.HandleFunc("/", h.show("error", func(*http.Request) (*view, error) { return nil, errNoPage }))
	return h.guard(m)
}

// guard refuses whatever would change something, and tells browsers how little these
// pages need.
func (c *console) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			head.Set("Allow", "GET, HEAD")
			c.fail(w, r, errMethod)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// toJobs leads from a place to its jobs.
func (c *console) toJobs(w http.ResponseWriter, r *http.Request) {
	p, _, err := c.place(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	http.Redirect(w, r, p.Path("jobs"), http.StatusFound)
}

// place is the place that a request is about.
func (c *console) place(r *http.Request) (Place, Engine, error) {
	p := Place{r.PathValue("account"), r.PathValue("region")}
	e, err := c.Engine(p)
	if err != nil {
		return p, nil, errNoPage
	}
	return p, e, nil
}
