//go:build unix

package cmd_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/bucket"
	"signer/pkg/records/recordstest"
)

// The database is switched over to its standby, in order, and then fails over to the first
// again, by a kill. What was acknowledged is on both, so that nothing of it is lost: every
// job is signed once. Servers find by themselves what can be written; while nothing can,
// that is said, also by commands, and no client is told anything that it does not try
// again.
func TestServersSurviveAFailover(t *testing.T) {
	h, first := newSharedHome(t)
	must(t, h.buckets.PutVersioning(t.Context(), "destination", bucket.Enabled))
	second := first.Standby(t)
	first.Synchronous(t)
	h.standbyIsTold(t, first, second)
	h.database = first.Either(h.database, second)
	var servers []*served
	var addresses []func() string
	for range 3 {
		s := h.start(t, "--lease", "2", "--workers", "2")
		servers, addresses = append(servers, s), append(addresses, s.address)
	}
	c := robin(t, 2*time.Second, always(h.key(t, "maria")), addresses...)
	busy := h.keepBusy(t, c, h.app(t, c))
	busy.more(8)
	first.End(t, "fast")
	second.Promote(t)
	busy.more(8)
	first.Follow(t, second)
	second.Synchronous(t)
	busy.more(8)
	second.Kill(t)
	servers[0].isReady(t, http.StatusServiceUnavailable)
	for _, args := range [][]string{{"list-signing-profiles"}, {"doctor"}} {
		out, err := h.command(args...).CombinedOutput()
		if exitCode(err) != 255 || !strings.Contains(string(out), "the database cannot be reached") {
			t.Errorf("%v: %v: %s", args, err, out)
		}
	}
	first.Promote(t)
	busy.more(8)
	servers[0].isReady(t, http.StatusOK)
	first.Exec(t, threeListen)
	busy.end(t, servers)
}

// While the only synchronous standby is away, what writes hangs: the log says so, what reads
// is served, and whoever is asked whether to send requests here says yes, since no other
// server would do better.
func TestServerWithoutItsStandby(t *testing.T) {
	h, first := newSharedHome(t)
	second := first.Standby(t)
	first.Synchronous(t)
	s := h.start(t, "--lease", "1")
	c := s.client(t, h.key(t, "maria"))
	in := h.app(t, c)
	second.End(t, "fast")
	started := make(chan error, 1)
	go func() {
		_, err := c.StartSigningJob(t.Context(), in)
		started <- err
	}()
	s.says(t, "no synchronous standby confirms them")
	s.isReady(t, http.StatusOK)
	_, text := get(t, s.admin+"/metrics")
	if strings.Contains(text, "\nsigner_records_oldest_write_seconds 0\n") || strings.Contains(text, "\nsigner_outages 0\n") {
		t.Errorf("the metrics are %s", text)
	}
	_, err := c.ListSigningProfiles(t.Context(), &signer.ListSigningProfilesInput{})
	must(t, err)
	first.Asynchronous(t)
	must(t, <-started)
	s.says(t, `"msg":"over","was":"write the records"`)
}

// standbyIsTold starts a server that knows the standby alone.
func (h *serveHome) standbyIsTold(t *testing.T, primary, standby *recordstest.Server) {
	t.Helper()
	alone := *h
	alone.database = strings.Replace(h.database, primary.Addr(), standby.Addr(), 1)
	s := alone.start(t)
	s.says(t, "it is a replica")
	s.isReady(t, http.StatusServiceUnavailable)
	must(t, s.stop(t))
}

// threeListen is SQL that waits until three sessions are told of jobs that wait.
const threeListen = `DO $$ BEGIN
	FOR i IN 1..18000 LOOP
		PERFORM pg_stat_clear_snapshot();
		IF (SELECT COUNT(*) FROM pg_stat_activity WHERE query = 'LISTEN signer_jobs') = 3 THEN RETURN; END IF;
		PERFORM pg_sleep(0.01);
	END LOOP;
	RAISE EXCEPTION 'they do not';
END $$`

// isReady waits until a server says whether it is ready.
func (s *served) isReady(t *testing.T, want int) {
	t.Helper()
	status, _ := get(t, s.admin+"/readyz")
	for deadline := time.Now().Add(patience); status != want && time.Now().Before(deadline); status, _ = get(t, s.admin+"/readyz") {
		time.Sleep(5 * time.Millisecond)
	}
	if status != want {
		t.Errorf("it is %d ready", status)
	}
}
