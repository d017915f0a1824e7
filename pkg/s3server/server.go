// Package s3server puts buckets behind HTTP, as Amazon S3 does.
//
// [New] makes an http.Handler. For each request it finds out what is asked for,
// proves who sent it, and carries it out on the caller's [bucket.Store]; bodies
// stream both ways. Clients of S3 cannot tell the difference in what is offered:
// buckets, versioning, objects with their headers, tags and checksums, conditional
// requests, ranges, copies, uploads in parts, forms, and listings. Buckets are named in the
// path or, where a base domain is configured, in the host.
//
// Access lists, policies, encryption, locks, lifecycles and whatever else S3 has are
// refused with NotImplemented: nothing that a caller asks for is dropped in
// silence. That there are none can be asked of most. Nor does the package decide who
// may do what: whoever signs with a known key may use all that his store has.
//
// The handler listens nowhere and keeps nothing. Whoever serves it bounds the time
// that a request may take and how many there are at once, and must hand it the
// requests as they came: a mux that cleans paths would change keys.
//
// The protocol is that of the Amazon S3 API reference
// (https://docs.aws.amazon.com/AmazonS3/latest/API/).
package s3server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"signer/pkg/accesslog"
	"signer/pkg/bucket"
	"signer/pkg/sigv4"
)

// Config is what the handler is made of. Secrets and StoreFor are needed.
type Config struct {
	Secrets sigv4.Secrets // those who may call

	// StoreFor returns the buckets of a caller. It is asked for every request, by
	// many at once. What it refuses with a *bucket.Error the caller is refused.
	StoreFor func(context.Context, Caller) (bucket.Store, error)

	Region string // which signatures must be for, and where buckets are made; "" is any, and the signature's
	Domain string // buckets may be named before it in the host; "" is in the path only

	Log  *slog.Logger     // is told why a request came to nothing through no fault of its own; nil: nobody is
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // is read by many at once; nil: crypto/rand.Reader
}

// Caller is who sent a request, as its signature proves.
type Caller struct {
	Account   string // 12 digits
	Principal string // an ARN
	KeyID     string // of the access key
	Region    string // that the request is for
}

// OwnerID is the id by which S3 tells who owns a bucket or an object. It says nothing
// of the account's number.
func OwnerID(account string) string {
	sum := sha256.Sum256([]byte("account " + account))
	return hex.EncodeToString(sum[:])
}

type server struct {
	Config
	verifier sigv4.Verifier
	calls    []call
	patience time.Duration
}

// New returns the handler. It may be used as long as the stores that it is given.
func New(c Config) http.Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	c.Domain = strings.ToLower(strings.Trim(c.Domain, "."))
	return &server{c, sigv4.Verifier{Secrets: c.Secrets, Region: c.Region, Now: c.Now}, slices.Concat(absentCalls(), calls()), patience}
}

// ServeHTTP answers a request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The copy's body may be replaced. By that of its own one net/http knows whether a
	// client still waits for the word to send it.
	x := &exchange{server: s, w: w, r: r.WithContext(r.Context())}
	if r.ContentLength == 0 && r.ProtoMajor == 1 && r.Header.Get("Expect") != "" {
		// net/http has no word for who has nothing to send. But botocore takes an answer
		// without it for the answer to the connection's next request, too.
		w.WriteHeader(http.StatusContinue)
	}
	if err := x.guarded(); err != nil {
		x.refuse(err)
	}
}

// exchange is a request and its answer.
type exchange struct {
	*server
	w http.ResponseWriter
	r *http.Request

	id, hostID string // of the request
	target
	payload string // what the signature says of the body
	chain   *sigv4.Chain
	caller  Caller
	store   bucket.Store
	form    form
	begun   bool // the answer's status has been sent
}

// guarded makes an error of a panic, unless it is the one that breaks the answer off.
func (x *exchange) guarded() (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return x.serve()
}

func (x *exchange) serve() error {
	if err := x.identify(); err != nil {
		return err
	}
	var err error
	if x.target, err = x.find(x.r); err != nil {
		return err
	}
	if err := x.bounded(); err != nil {
		return err
	}
	c, err := x.route()
	if err != nil {
		return err
	}
	entry := accesslog.Of(x.r.Context())
	entry.Service, entry.Operation = "s3", c.name
	if err := c.proves(x); err != nil {
		return err
	}
	entry.KeyID, entry.Account, entry.Principal = x.caller.KeyID, x.caller.Account, x.caller.Principal
	if err := x.permit(c); err != nil {
		return err
	}
	if x.store, err = x.StoreFor(x.r.Context(), x.caller); err != nil {
		return err
	}
	return c.do(x)
}

// identify gives the request its ids. Whoever handed it on may have given it another one,
// which stands in a header of other services; logs are to have the one that S3's clients
// tell.
func (x *exchange) identify() error {
	b := make([]byte, 40)
	if _, err := io.ReadFull(x.Rand, b); err != nil {
		return fmt.Errorf("make up a request id: %w", err)
	}
	x.id, x.hostID = strings.ToUpper(hex.EncodeToString(b[:8])), hex.EncodeToString(b[8:])
	x.set("x-amz-request-id", x.id)
	x.set("x-amz-id-2", x.hostID)
	x.w.Header().Set("X-Amzn-Requestid", x.id)
	return nil
}

// maxHeaders is how many bytes the headers of a request may have.
const maxHeaders = 8 << 10

// bounded refuses a request with longer headers than S3 takes.
func (x *exchange) bounded() error {
	size := 0
	for name, values := range x.r.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > maxHeaders {
		return refused("RequestHeaderSectionTooLarge", http.StatusBadRequest, "Your request header section exceeds the maximum allowed size.").With("MaxSizeAllowed", maxHeaders)
	}
	return nil
}

// permit refuses what goes to a bucket that ought to be another account's, and
// bodies in a form that the call does not take.
func (x *exchange) permit(c call) error {
	for _, header := range []string{"x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"} {
		if owner := x.header(header); owner != "" && owner != x.caller.Account {
			return refused("AccessDenied", http.StatusForbidden, "Access Denied.")
		}
	}
	if strings.HasPrefix(x.payload, "STREAMING-") && !c.streams {
		return badRequest("The value of x-amz-content-sha256 header is invalid.")
	}
	return nil
}

// header returns a header of the request, or "".
func (x *exchange) header(name string) string { return x.r.Header.Get(name) }

// set sets a header of the answer, spelled as S3 does: there are clients that take
// the names of metadata as they come.
func (x *exchange) set(name, value string) { x.w.Header()[name] = []string{value} }

// setSome sets a header unless its value is empty.
func (x *exchange) setSome(name, value string) {
	if value != "" {
		x.set(name, value)
	}
}
