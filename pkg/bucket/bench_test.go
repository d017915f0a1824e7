package bucket_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"signer/pkg/bucket"
)

// size names a body.
type size struct {
	name  string
	bytes int64
}

var sizes = []size{{"1KB", 1 << 10}, {"1MB", 1 << 20}, {"250MB", 250 << 20}}

// noise is a body of this size that is little trouble to make.
func noise(n int64) io.Reader {
	return io.LimitReader(&repeating{data: randomBytes(int(min(n, 64<<10)))}, n)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return b
}

// repeating reads the same bytes again and again.
type repeating struct {
	data []byte
	at   int
}

func (r *repeating) Read(p []byte) (int, error) {
	n := copy(p, r.data[r.at:])
	r.at = (r.at + n) % len(r.data)
	return n, nil
}

func benchBucket(b *testing.B, v bucket.Versioning) *bucket.Dir {
	d := bucket.Open(bucket.Config{Dir: b.TempDir()})
	ctx := context.Background()
	if err := d.CreateBucket(ctx, "bench", bucket.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
	if v != bucket.Unversioned {
		if err := d.PutVersioning(ctx, "bench", v); err != nil {
			b.Fatal(err)
		}
	}
	return d
}

func BenchmarkPut(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) {
			d := benchBucket(b, bucket.Unversioned)
			b.SetBytes(s.bytes)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, err := d.Put(b.Context(), "bench", fmt.Sprint("key-", i%10000), noise(s.bytes), bucket.PutOptions{})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCopy is what BenchmarkPut is measured against: a file written and
// fsynced, without a hash or a record.
func BenchmarkCopy(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) {
			dir := b.TempDir()
			b.SetBytes(s.bytes)
			for i := 0; b.Loop(); i++ {
				if err := plainCopy(filepath.Join(dir, fmt.Sprint("key-", i%10000)), noise(s.bytes)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func plainCopy(name string, body io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, body, make([]byte, 256<<10)); err != nil {
		return err
	}
	return f.Sync()
}

// BenchmarkPutMemory tells what a process takes from the system to put 1 GB.
func BenchmarkPutMemory(b *testing.B) {
	d := benchBucket(b, bucket.Unversioned)
	for b.Loop() {
		if _, err := d.Put(b.Context(), "bench", "key", noise(1<<30), bucket.PutOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-of-memory")
}

func BenchmarkPutAtOnce(b *testing.B) {
	d := benchBucket(b, bucket.Unversioned)
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			key := fmt.Sprint("key-", n.Add(1))
			if _, err := d.Put(b.Context(), "bench", key, strings.NewReader(key), bucket.PutOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) {
			d := benchBucket(b, bucket.Enabled)
			if _, err := d.Put(b.Context(), "bench", "key", noise(s.bytes), bucket.PutOptions{}); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(s.bytes)
			b.ReportAllocs()
			for b.Loop() {
				o, err := d.Get(b.Context(), "bench", "key", "")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(struct{ io.Writer }{io.Discard}, o); err != nil {
					b.Fatal(err)
				}
				o.Close()
			}
		})
	}
}

// BenchmarkList lists buckets of 100,000 keys: a page at the start, one in the
// middle, and the whole.
func BenchmarkList(b *testing.B) {
	const keys = 100_000
	for _, layout := range []struct{ name, format string }{{"flat", "signed-%08[1]d"}, {"nested", "%02[2]d/%08[1]d"}} {
		d := benchBucket(b, bucket.Unversioned)
		putMany(b, d, keys, layout.format)
		for name, opts := range map[string]bucket.ListOptions{
			"first":  {},
			"middle": {StartAfter: fmt.Sprintf(layout.format, keys/2, 50)},
			"groups": {Delimiter: "/"},
		} {
			b.Run(layout.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := d.ListObjects(b.Context(), "bench", opts); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(layout.name+"/all", func(b *testing.B) {
			for b.Loop() {
				if n := countAll(b, d); n != keys {
					b.Fatalf("%d keys listed", n)
				}
			}
		})
	}
}

func putMany(b *testing.B, d *bucket.Dir, keys int, format string) {
	var n atomic.Int64
	done := make(chan error)
	for range 16 {
		go func() {
			for {
				i := int(n.Add(1)) - 1
				if i >= keys {
					done <- nil
					return
				}
				key := fmt.Sprintf(format, i, i%100)
				if _, err := d.Put(b.Context(), "bench", key, strings.NewReader(key), bucket.PutOptions{}); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range 16 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

func countAll(b *testing.B, d *bucket.Dir) (n int) {
	opts := bucket.ListOptions{}
	for {
		page, err := d.ListObjects(b.Context(), "bench", opts)
		if err != nil {
			b.Fatal(err)
		}
		n += len(page.Objects)
		if !page.Truncated {
			return n
		}
		opts.Token = page.NextToken
	}
}
