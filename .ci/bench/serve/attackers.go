package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func token() string { return rand.Text() }

// attacked compares what eight clients get alone with what they get beside attackers,
// of each kind one after the other and of all at once.
func attacked(h *home) {
	s := h.start()
	defer s.stop()
	length := h.length / 6
	fmt.Printf("   alone:             %v\n", load(s.address, h.key, 8, length, signPayload))
	all := attacks(h)
	for _, a := range append(all, attack{"all of them", func(ctx context.Context, address string, n int) { all[n%len(all)].strike(ctx, address, n) }}) {
		ctx, stop := context.WithCancel(context.Background())
		for n := range 400 {
			go func() {
				for ctx.Err() == nil {
					a.strike(ctx, s.address, n)
				}
			}()
		}
		r := load(s.address, h.key, 8, length, signPayload)
		stop()
		fmt.Printf("   %-18s %v; %d MB resident\n", a.name+":", r, s.usage().resident)
		for problem, n := range r.others {
			s.fail("%d times: %s", n, problem)
		}
	}
}

// attack is a way to take the service from others. It is struck by many at once.
type attack struct {
	name   string
	strike func(ctx context.Context, address string, n int)
}

func attacks(h *home) []attack {
	return []attack{
		{"garbage", says(strings.Repeat("\xff\x00\r\n", 1000), time.Second)},
		{"huge heads", says("GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("y", 8<<20), time.Second)},
		{"silence", says("", time.Hour)},
		{"half a head", says("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", time.Hour)},
		{"slow bodies", says("POST /signing-jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx", time.Hour)},
		{"known slow bodies", says(known(h.key.AccessKeyID), time.Hour)},
		{"forged signatures", forge(h.key.AccessKeyID)},
	}
}

// known is the beginning of a request by somebody who knows a key's id, so that his body
// is waited for.
func known(id string) string {
	now := time.Now().UTC()
	return fmt.Sprintf("POST /signing-jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nX-Amz-Date: %s\r\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=%s/%s/%s/signer/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n\r\nx",
		now.Format("20060102T150405Z"), id, now.Format("20060102"), region)
}

// says is an attacker who connects, says something and then holds the line for some
// time.
func says(text string, hold time.Duration) func(context.Context, string, int) {
	what := []byte(text)
	return func(ctx context.Context, address string, _ int) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return
		}
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		defer conn.Close()
		conn.Write(what)
		conn.SetReadDeadline(time.Now().Add(hold))
		io.Copy(io.Discard, conn) // until the server hangs up
		time.Sleep(50 * time.Millisecond)
	}
}

// forge is an attacker who knows a key's id, but not its secret. One who did nothing
// else would be slower to sign than the server to refuse, so that he rests.
func forge(id string) func(context.Context, string, int) {
	return func(ctx context.Context, address string, _ int) {
		c := newClient(address, aws.Credentials{AccessKeyID: id, SecretAccessKey: "guessed"})
		defer c.http.CloseIdleConnections()
		for ctx.Err() == nil {
			status, text, err := c.send(ctx, "GET", "/signing-platforms", "")
			if err == nil && status != 403 {
				panic("a forged signature was taken: " + text)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
}
