package s3server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
)

// sizes are those of the bodies that benchmarks move.
var sizes = map[string]int64{"20kB": 20_000, "250MB": 250 << 20}

func BenchmarkPut(b *testing.B) {
	for name, size := range sizes {
		b.Run(name, func(b *testing.B) {
			s := serve(b)
			s.must("PUT", "/bkt", "")
			b.SetBytes(size)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r := s.request("PUT", fmt.Sprint("/bkt/k", i%1000), "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
				r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, size)), size
				s.send(s.sign(r, ""))
			}
		})
	}
}

// BenchmarkPutAtOnce is many clients with small objects.
func BenchmarkPutAtOnce(b *testing.B) {
	s := serve(b)
	s.must("PUT", "/bkt", "")
	s.Server.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	body := bytes.Repeat([]byte("x"), 20_000)
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := s.request("PUT", fmt.Sprint("/bkt/k", n.Add(1)), "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			s.send(s.sign(r, ""))
		}
	})
}

func BenchmarkGet(b *testing.B) {
	for name, size := range sizes {
		b.Run(name, func(b *testing.B) {
			s := serve(b)
			s.must("PUT", "/bkt", "")
			r := s.request("PUT", "/bkt/k", "", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
			r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, size)), size
			s.send(s.sign(r, ""))
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				answer, err := s.Server.Client().Transport.RoundTrip(s.sign(s.request("GET", "/bkt/k", ""), ""))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, answer.Body); n != size || err != nil {
					b.Fatalf("%d bytes, %v", n, err)
				}
				answer.Body.Close()
			}
		})
	}
}
