package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"signer/.ci/bench/measure"
)

// client sends signed requests over connections of its own.
type client struct {
	http    http.Client
	signer  *v4.Signer
	key     aws.Credentials
	address string
}

func newClient(address string, key aws.Credentials) *client {
	return &client{http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}, signer: v4.NewSigner(), key: key, address: address}
}

// send sends a request and returns the status and the answer.
func (c *client) send(ctx context.Context, method, target, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+target, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	sum := sha256.Sum256([]byte(body))
	if err := c.signer.SignHTTP(ctx, c.key, r, hex.EncodeToString(sum[:]), "signer", region, time.Now()); err != nil {
		return 0, "", err
	}
	a, err := c.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return a.StatusCode, string(text), err
}

// act is what a client does again and again: its n-th time. It returns "" if that
// went well, and else what it got; "again" is that it is to come again.
type act func(ctx context.Context, c *client, n int) string

// result is what came of a load.
type result struct {
	took     []time.Duration // of each request that went well
	refusals int             // for there being too much to do
	others   map[string]int  // that did not go well
	length   time.Duration
	own      time.Duration // processor time of the clients
}

// load has clients act for some time.
func load(address string, key aws.Credentials, clients int, length time.Duration, what act) result {
	ctx, stop := context.WithTimeout(context.Background(), length)
	defer stop()
	var mu sync.Mutex
	var wg sync.WaitGroup
	r := result{others: map[string]int{}}
	began, used := time.Now(), ownUse()
	for i := range clients {
		wg.Go(func() {
			c := newClient(address, key)
			defer c.http.CloseIdleConnections()
			mine := result{others: map[string]int{}}
			for n := i; ctx.Err() == nil; n += clients {
				mine.note(ctx, c, n, what)
			}
			mu.Lock()
			defer mu.Unlock()
			r.add(mine)
		})
	}
	wg.Wait()
	r.length, r.own = time.Since(began), ownUse()-used
	return r
}

func (r *result) note(ctx context.Context, c *client, n int, what act) {
	began := time.Now()
	switch problem := what(context.WithoutCancel(ctx), c, n); problem {
	case "":
		r.took = append(r.took, time.Since(began))
	case "again":
		r.refusals++
		time.Sleep(20 * time.Millisecond)
	default:
		r.others[problem]++
		time.Sleep(20 * time.Millisecond)
	}
}

func (r *result) add(o result) {
	r.took = append(r.took, o.took...)
	r.refusals += o.refusals
	for problem, n := range o.others {
		r.others[problem] += n
	}
}

func (r result) String() string {
	text := fmt.Sprintf("%d in %.1f s: %.0f a second; p50 %s, p99 %s, slowest %s", len(r.took), r.length.Seconds(),
		float64(len(r.took))/r.length.Seconds(), ms(measure.At(r.took, .5)), ms(measure.At(r.took, .99)), ms(measure.At(r.took, 1)))
	if r.refusals > 0 {
		text += fmt.Sprintf("; %d times to come again", r.refusals)
	}
	return text
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", measure.Milliseconds(d)) }

// ownUse is the processor time of this process.
func ownUse() time.Duration {
	var u syscall.Rusage
	measure.Check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// problem is what an answer is other than what should be.
func problem(status int, text string, err error) string {
	switch {
	case err != nil:
		return "no answer"
	case status == http.StatusOK:
		return ""
	case status == http.StatusTooManyRequests || strings.Contains(text, "Rate exceeded"):
		return "again"
	}
	return fmt.Sprintf("%d %.200s", status, text)
}
