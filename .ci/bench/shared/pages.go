package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"signer/pkg/records"

	"signer/.ci/bench/measure"
)

// listed is where the jobs are that are listed.
var listed = records.Partition{Account: "999988887777", Region: "eu-west-1"}

// fill is SQL for very many jobs: a third of each platform, one in ten failed, one in a
// hundred revoked, of a hundred requesters.
const fill = `INSERT INTO jobs SELECT 'bench-' || i, '999988887777', 'eu-west-1', CASE i % 50 WHEN 0 THEN '111122223333' ELSE '999988887777' END, 'arn:user' || i % 100, '',
	'web', 'v1', (ARRAY['AWSLambda-SHA384-ECDSA', 'AWSIoTDeviceManagement-SHA256-ECDSA', 'Notation-OCI-SHA384-ECDSA'])[1 + i % 3], '', '{}', '', '', '', 135, 'MONTHS',
	'source', 'app.zip', 'v', 'destination', '', 1700000000000000 + i * 1000000, CASE i % 10 WHEN 0 THEN 'Failed' ELSE 'Succeeded' END, '', 'destination', 'bench-' || i, 'v',
	1700000000500000 + i * 1000000, 1800000000000000 + i * 1000000, 100000000000000, i % 100 = 0, NULL, '', '', '', 1, NULL FROM generate_series($1::bigint, $2::bigint) AS i ON CONFLICT DO NOTHING`

// measurePages lists 25 of very many jobs.
func (b *bench) measurePages() {
	ctx := context.Background()
	store, err := records.Open(ctx, records.Config{URL: b.database})
	measure.Check(err)
	defer store.Close()
	b.fill(ctx)
	revoked := true
	middle := &records.Position{CreatedAt: time.UnixMicro(1700000000000000 + int64(b.million)/2*1000000), ID: "bench"}
	fmt.Printf("%-40s %9s %9s\n", fmt.Sprintf("a page of %d jobs, ms", b.million), "median", "p99")
	for _, tc := range []struct {
		name string
		q    records.JobQuery
	}{
		{"all", records.JobQuery{}}, {"all, from the middle", records.JobQuery{After: middle}},
		{"status", records.JobQuery{Status: "Failed"}}, {"platform, from the middle", records.JobQuery{Platform: "Notation-OCI-SHA384-ECDSA", After: middle}},
		{"revoked", records.JobQuery{Revoked: &revoked}}, {"requester", records.JobQuery{RequestedBy: "arn:user7"}}, {"invoker", records.JobQuery{Invoker: "111122223333"}},
		{"expiry and status", records.JobQuery{ExpiresBefore: time.UnixMicro(1800000000000000 + int64(b.million)/3*1000000), Status: "Failed"}},
		{"nothing passes", records.JobQuery{Status: "InProgress", RequestedBy: "arn:nobody"}},
	} {
		tc.q.Partition, tc.q.Limit = listed, 26
		var took []time.Duration
		for range 200 {
			began := time.Now()
			_, err := store.Jobs(ctx, tc.q)
			measure.Check(err)
			took = append(took, time.Since(began))
		}
		fmt.Printf("%-40s %9.2f %9.2f\n", tc.name, measure.Milliseconds(measure.Median(took)), measure.Milliseconds(measure.At(took, .99)))
	}
}

func (b *bench) fill(ctx context.Context) {
	db, err := sql.Open("pgx", b.database)
	measure.Check(err)
	defer db.Close()
	for from := 1; from <= b.million; from += 100_000 {
		_, err := db.ExecContext(ctx, fill, from, min(from+99_999, b.million))
		measure.Check(err)
	}
	_, err = db.ExecContext(ctx, "VACUUM ANALYZE jobs")
	measure.Check(err)
}
