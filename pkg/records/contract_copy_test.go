package records_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// testCopies copies records from a file to a server and back.
func testCopies(t *testing.T, server *recordstest.Server) {
	from := openAt(t, filepath.Join(t.TempDir(), "records.db"))
	must(t, from.AddProfile(ctx, profile(here, "web")))
	for i := range 700 {
		j := job(here, fmt.Sprintf("job é %d", i))
		j.Token = j.ID
		if i%3 == 0 {
			j.Parameters = map[string]string{"a": "\\"}
			j.Revocation.At = noon
		}
		addJob(t, from, j)
	}
	must(t, from.AddPolicy(ctx, records.Policy{Partition: here, Profile: "web", Revision: "1", Statements: "[]"}))
	url := server.New(t)
	to := openURL(t, url)
	execute(t, url, `CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT COUNT(*) FROM jobs) >= 600 THEN RAISE 'enough'; END IF; RETURN NEW; END $$`)
	execute(t, url, `CREATE TRIGGER stop BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION stop()`)
	if _, err := from.Copy(ctx, to); err == nil {
		t.Fatal("it was not interrupted")
	}
	execute(t, url, `DROP TRIGGER stop ON jobs`)
	want := []records.Copied{{Table: "profiles", Rows: 1}, {Table: "policies", Rows: 1}, {Table: "taken_names"}, {Table: "access_keys"}, {Table: "jobs", Rows: 700}, {Table: "events"}}
	for range 2 { // the second time nothing is left to do
		got, err := from.Copy(ctx, to)
		must(t, err)
		same(t, got, want)
	}
	back := openAt(t, filepath.Join(t.TempDir(), "records.db"))
	got, err := to.Copy(ctx, back)
	must(t, err)
	same(t, got, want)
	must(t, to.AddProfile(ctx, profile(here, "another")))
	_, err = from.Copy(ctx, to)
	refused(t, err, records.ErrDiffers)
}
