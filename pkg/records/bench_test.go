package records_test

import (
	"database/sql"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"signer/pkg/records"
)

var most = flag.Int("jobs", 100_000, "how many jobs the largest home of BenchmarkPage has")

// BenchmarkPage shows that a page costs the same however many jobs there are.
func BenchmarkPage(b *testing.B) {
	yes := true
	for n := 1000; n <= *most; n *= 10 {
		s := filled(b, n)
		mid := noon.Add(time.Duration(n/2) * time.Minute)
		for _, tc := range []struct {
			name string
			q    records.JobQuery
		}{
			{"first", records.JobQuery{}},
			{"middle", records.JobQuery{After: &records.Position{CreatedAt: mid}}},
			{"Failed", records.JobQuery{Status: "Failed"}},
			{"none", records.JobQuery{Status: records.InProgress, Revoked: &yes}},
			{"revoked", records.JobQuery{Revoked: &yes}},
			{"requester", records.JobQuery{RequestedBy: "arn:7"}},
			{"invoker", records.JobQuery{Invoker: "444455556666", Status: "Failed", Platform: iot}},
			{"expiring", records.JobQuery{ExpiresAfter: mid.AddDate(0, 135, 0), ExpiresBefore: mid.AddDate(0, 135, 1)}},
			{"expiring, all", records.JobQuery{ExpiresBefore: mid.AddDate(0, 135, 0), Status: "Succeeded", Platform: lambda, Revoked: &yes, RequestedBy: "arn:7"}},
		} {
			tc.q.Partition, tc.q.Limit = here, 25
			b.Run(fmt.Sprint(tc.name, "/", n), func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Jobs(ctx, tc.q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		s.Close()
	}
}

// filled returns records with n jobs, a minute apart, written all at once.
func filled(b *testing.B, n int) *records.Store {
	path := filepath.Join(b.TempDir(), "records.db")
	openAt(b, path).Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	_, err = db.Exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1),
		job AS (SELECT i, $2 + i * 60000000 AS at, CASE WHEN i % 100 = 3 THEN 'Failed' WHEN i % 10000 = 4 THEN 'InProgress' ELSE 'Succeeded' END AS status FROM n)
		INSERT INTO jobs SELECT lower(hex(randomblob(16))), '111122223333', 'eu-west-1', CASE WHEN i % 7 = 0 THEN '444455556666' ELSE '111122223333' END, 'arn:' || (i % 50),
		'token' || i, 'web', 'v123456789', CASE WHEN i % 3 = 0 THEN 'AWSIoTDeviceManagement-SHA256-ECDSA' ELSE 'AWSLambda-SHA384-ECDSA' END,
		'', '{}', '', '', '', 135, 'MONTHS', 'source', 'key' || i, 'version' || i, 'destination', 'signed-', at, status, 'Signing Succeeded', 'destination', 'signed-' || i, '',
		at, CASE status WHEN 'Succeeded' THEN at + (4108 + i % 3) * 86400000000 END, CASE status WHEN 'Succeeded' THEN (4108 + i % 3) * 86400000000 ELSE 0 END,
		i % 1000 = 5 AND status = 'Succeeded', NULL, '', '', 'w', 1, NULL FROM job`, n, noon.UnixMicro())
	if err != nil {
		b.Fatal(err)
	}
	db.Close()
	return openAt(b, path)
}

// BenchmarkOpen is what a command pays before and for its one read or write.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "records.db")
	openAt(b, path).Close()
	run := func(use func(*records.Store, int) error) func(*testing.B) {
		return func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				s, err := records.Open(ctx, records.Config{Path: path})
				if err == nil {
					err = use(s, i)
				}
				if err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		}
	}
	b.Run("alone", run(func(*records.Store, int) error { return nil }))
	b.Run("read", run(func(s *records.Store, _ int) error {
		_, err := s.Profiles(ctx, records.ProfileQuery{Partition: here, Limit: 25})
		return err
	}))
	b.Run("write", run(func(s *records.Store, i int) error {
		return s.AddProfile(ctx, profile(here, fmt.Sprint("p", b.N, "_", time.Now().UnixNano(), i)))
	}))
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			openAt(b, filepath.Join(b.TempDir(), "records.db")).Close()
		}
	})
}
