package main

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"

	"signer/.ci/bench/measure"
)

// begin is when the first job of a store was made; the others follow, a minute
// apart.
var begin = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// store is a home with so many jobs in it.
type store struct {
	home    string
	jobs    int
	version string // of the object to sign
}

func (s *store) at(job int) time.Time { return begin.Add(time.Duration(job) * time.Minute) }

// newStore makes a home as people do, with a profile and something to sign, and
// fills it with jobs.
func newStore(signer, home string, jobs int) *store {
	s := &store{home: home, jobs: jobs}
	for _, bucket := range []string{"source", "destination"} {
		s.run(signer, "s3api", "create-bucket", "--bucket", bucket)
	}
	s.run(signer, "s3api", "put-bucket-versioning", "--bucket", "source", "--versioning-configuration", "Status=Enabled")
	archive := filepath.Join(home, "app.zip")
	measure.Check(os.WriteFile(archive, measure.Archive("exports.handler = async () => 'hello'\n"), 0o600))
	s.version = s.run(signer, "s3api", "put-object", "--bucket", "source", "--key", "app.zip", "--body", archive, "--query", "VersionId", "--output", "text")
	s.run(signer, "put-signing-profile", "--profile-name", "web", "--platform-id", lambda)
	s.fill()
	return s
}

// run runs the program in the home and returns what it prints.
func (s *store) run(signer string, words ...string) string {
	c := exec.Command(signer, words...)
	c.Env = append(os.Environ(), "SIGNER_HOME="+s.home)
	c.Stderr = os.Stderr
	out, err := c.Output()
	measure.Check(err)
	return string(bytes.TrimSpace(out))
}

// batch is how many jobs one transaction writes.
const batch = 50_000

// fill writes the jobs: of two platforms and twenty requesters, one in seven for
// another account; one in twenty failed, one in twenty is revoked, so that there is
// a page of each among a thousand; signatures last 135 months, which are of four
// lengths.
func (s *store) fill() {
	db, err := sql.Open("sqlite", filepath.Join(s.home, "records.db")+"?_pragma=synchronous(off)&_pragma=cache_size(-262144)")
	measure.Check(err)
	defer db.Close()
	for from := 0; from < s.jobs; from += batch {
		_, err := db.Exec(insert, from, min(from+batch, s.jobs), begin.UnixMicro())
		measure.Check(err)
	}
	_, err = db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	measure.Check(err)
}

const lambda, iot = "AWSLambda-SHA384-ECDSA", "AWSIoTDeviceManagement-SHA256-ECDSA"

const insert = `WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2),
job AS (
	SELECT i, $3 + i * 60000000 AS at, i % 3 = 0 AS iot, CASE WHEN i % 20 = 4 THEN 'Failed' ELSE 'Succeeded' END AS status,
		(4108 + i / 40000 % 4) * 86400000000 AS term
	FROM n)
INSERT INTO jobs (id, account, region, invoker, requested_by, token, profile, profile_version, platform, certificate, parameters,
	override_encryption, override_hash, override_format, validity_value, validity_unit, source_bucket, source_key, source_version,
	destination_bucket, destination_prefix, created_at, status, status_reason, signed_bucket, signed_key, signed_version,
	completed_at, expires_at, term, revoked, revoked_at, revoked_by, revocation_reason, worker, attempt, lease_until)
SELECT lower(printf('%08x-%04x-4%03x-8%03x-%012x', random() & 0xffffffff, random() & 0xffff, random() & 0xfff, random() & 0xfff, random() & 0xffffffffffff)),
	'000000000000', 'us-east-1', CASE WHEN i % 7 = 0 THEN '444455556666' ELSE '000000000000' END, 'arn:aws:iam::000000000000:user/user' || (i % 20),
	lower(hex(randomblob(16))), 'web', 'Filled0000', CASE WHEN iot THEN 'AWSIoTDeviceManagement-SHA256-ECDSA' ELSE 'AWSLambda-SHA384-ECDSA' END,
	'', '{}', '', '', '', 135, 'MONTHS', 'source', 'key' || i || '.zip', 'v' || i, 'destination', 'signed-', at, status, 'Signing Succeeded',
	CASE status WHEN 'Succeeded' THEN 'destination' ELSE '' END, CASE status WHEN 'Succeeded' THEN 'signed-' || i ELSE '' END, '',
	at, CASE WHEN status = 'Succeeded' AND NOT iot THEN at + term END, CASE WHEN status = 'Succeeded' AND NOT iot THEN term ELSE 0 END,
	i % 20 = 5, CASE WHEN i % 20 = 5 THEN at END, '', '', '', 1, NULL
FROM job`
