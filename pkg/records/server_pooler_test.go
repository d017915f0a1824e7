package records_test

import (
	"strings"
	"testing"
	"time"

	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// A pooler that keeps sessions whole is as good as the server, whatever settings the
// URL has.
func testServerBehindAPooler(t *testing.T, server *recordstest.Server) {
	for _, test := range []func(*testing.T, *records.Store){testProfileComesBackWhole, testTokenMakesOneJob, testClaimsOnce} {
		s := openURL(t, server.Pooled(t, "session", server.New(t)))
		test(t, s)
		must(t, s.Announce(ctx))
	}
}

// A pooler lets in though the database is away, and keeps who is in waiting for two
// minutes. Nobody waits for that.
func testServerIsAwayBehindAPooler(t *testing.T, server *recordstest.Server) {
	url := server.Pooled(t, "session", server.New(t))
	must(t, openURL(t, url).Close())
	server.End(t, "fast")
	defer server.Begin(t)
	_, err := records.Open(ctx, records.Config{URL: url + "&connect_timeout=1"})
	refused(t, err, records.ErrUnreachable)
}

// Where a pooler does not, that is said.
func testServerBehindAPoolerOfTransactions(t *testing.T, server *recordstest.Server) {
	server.Exec(t, "ALTER USER signer SET search_path = transactions; CREATE SCHEMA transactions")
	defer server.Exec(t, "ALTER USER signer RESET search_path")
	url := server.Pooled(t, "transaction", server.URL("postgres"))
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); { // sessions get each other's connections sooner or later
		var s *records.Store
		if s, err = records.Open(ctx, records.Config{URL: url}); err == nil {
			_, err = s.Profile(ctx, here, "absent")
			s.Close()
		}
		if err != nil && strings.Contains(err.Error(), "pool_mode=session") {
			return
		}
	}
	t.Errorf("got %v", err)
}
