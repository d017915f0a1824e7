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
	if _, err := from.Copy(ctx, to, nil); err == nil {
		t.Fatal("it was not interrupted")
	}
	execute(t, url, `DROP TRIGGER stop ON jobs`)
	want := []records.Copied{{Table: "profiles", Rows: 1}, {Table: "policies", Rows: 1}, {Table: "taken_names"}, {Table: "access_keys"}, {Table: "jobs", Rows: 700}, {Table: "events"}}
	for range 2 { // the second time nothing is left to do
		got, err := from.Copy(ctx, to, nil)
		must(t, err)
		same(t, got, want)
	}
	execute(t, url, `DO $$ BEGIN IF (SELECT reltuples FROM pg_class WHERE oid = 'jobs'::regclass) <> 700 THEN RAISE 'the jobs are not counted'; END IF; END $$`)
	back := openAt(t, filepath.Join(t.TempDir(), "records.db"))
	got, err := to.Copy(ctx, back, nil)
	must(t, err)
	same(t, got, want)
	must(t, to.AddProfile(ctx, profile(here, "another")))
	_, err = from.Copy(ctx, to, nil)
	refused(t, err, records.ErrDiffers)
}

// testCopiesMoved copies records whose objects have moved.
func testCopiesMoved(t *testing.T, server *recordstest.Server) {
	from := openAt(t, filepath.Join(t.TempDir(), "records.db"))
	must(t, from.AddProfile(ctx, profile(here, "web")))
	moves, err := records.NewMoves(ctx)
	must(t, err)
	defer moves.Close()
	add := func(o records.Object, id string) { must(t, moves.Add(ctx, o, id)) }
	want := map[string][2]records.Object{}
	for i := range 400 {
		j := job(here, fmt.Sprint("job ", i))
		j.Source = records.Object{Bucket: "source", Key: "app.zip", Version: fmt.Sprint("v", i)}
		j.Signed = records.Object{Bucket: "signed", Key: j.ID}
		addJob(t, from, j)
		objects := [2]records.Object{j.Source, j.Signed}
		switch i % 3 {
		case 0:
			add(j.Source, fmt.Sprint("n", i))
			objects[0].Version = fmt.Sprint("n", i)
		case 1: // of the bucket that kept no versions
			add(records.Object{Bucket: "signed", Key: j.ID, Version: "null"}, fmt.Sprint("s", i))
			objects[1].Version = fmt.Sprint("s", i)
		} // else they are gone, or called the same
		want[j.ID] = objects
	}
	payload := job(here, "payload")
	addJob(t, from, payload)
	want["payload"] = [2]records.Object{}
	to := openURL(t, server.New(t))
	for range 2 {
		_, err := from.Copy(ctx, to, moves)
		must(t, err)
	}
	for id, objects := range want {
		j, err := to.Job(ctx, here, id)
		must(t, err)
		same(t, [2]records.Object{j.Source, j.Signed}, objects)
	}
	_, err = from.Copy(ctx, to, nil)
	refused(t, err, records.ErrDiffers)

	there := openURL(t, server.New(t)) // where the records are already, jobs are renamed
	_, err = from.Copy(ctx, there, nil)
	must(t, err)
	for _, want := range []int{267, 0} {
		got, err := there.Rename(ctx, moves)
		must(t, err)
		same(t, got, want)
	}
	_, err = from.Copy(ctx, there, moves)
	must(t, err)
}
