package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"signer/pkg/document"
	"signer/pkg/records"
)

const migrateHelp = "Copy what a home keeps to where several machines can share it: its records, in the file records.db, and its keys into a PostgreSQL database " +
	"(profiles, jobs, permissions, access keys; roots, imported certificates), and with --objects-to its buckets with all objects to an object store. " +
	"The home is only read, and stays as it is.\n\n" +
	"Nobody may use the home meanwhile: stop servers first. When all is copied the two sides are compared, row by row and version by version. " +
	"A copy that was interrupted, in whatever way, is gone on with by the same command; one that is whole is only compared. The database must be " +
	"empty, and so must the buckets, but for what was copied before.\n\n" +
	"Objects keep their bytes and what goes with them: all versions, delete markers, types, metadata, tags, checksums, and the parts they were " +
	"put in. Versions get new ids, which the copied jobs name, and the time of the copy. Uploads in parts that are not finished are counted, and not " +
	"copied. A version that is damaged is named and left out, with what was put there after it; then the records wait until it is restored or deleted.\n\n" +
	"Then put databaseUrl, and objectStore, into config.yaml in the home, or set SIGNER_DATABASE_URL and SIGNER_OBJECT_STORE. " +
	"Without --objects-to buckets stay where they are. Private keys are in the database as they are in the home: encrypted, or not.\n\n" +
	"Without an option, for a home whose databaseUrl is set already, keys are copied, and nothing else.\n\n" +
	"With --objects-to alone, for a home whose databaseUrl is set already, objects are copied, and the jobs in that database then name them as they are called now: " +
	"all at once, when all is compared. Stop the servers on it first."

// migrateOptions are the options of migrate.
type migrateOptions struct{ to, objectsTo string }

// newMigrate makes the command that moves a home to where machines can share it.
func newMigrate(s *session) *cobra.Command {
	var o migrateOptions
	c := &cobra.Command{Use: "migrate", Short: "Copy a home's records and keys into a database, and its objects to an object store.", Long: migrateHelp,
		RunE: func(c *cobra.Command, _ []string) error { return s.migrate(c.Context(), o) }}
	c.Flags().SortFlags = false
	addText(c.Flags(), &o.to, "to", "The database, as postgres://USER:PASSWORD@HOST:PORT/DATABASE.")
	addText(c.Flags(), &o.objectsTo, "objects-to", "The object store, written as SIGNER_OBJECT_STORE is: s3://BUCKET/PREFIX for all buckets in one, which must keep versions, "+
		"or s3:// for buckets of S3 itself; and then ?endpoint=URL&region=NAME where need be.")
	s.nodes[c] = &node{}
	return c
}

// migration is a home on its way.
type migration struct {
	*session
	migrateOptions
	home   string
	url    string         // of the database
	source *records.Store // nil: the records are in the database already
	target *records.Store
	moves  *records.Moves // nil: objects stay where they are
	answer *document.Object
}

func (s *session) migrate(ctx context.Context, o migrateOptions) error {
	m, err := s.newMigration(ctx, o)
	if err != nil {
		return err
	}
	defer m.close()
	for _, step := range []func(context.Context) error{
		m.moveKeys,
		m.moveObjects, // before the records that name them
		m.moveRecords,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return s.print("Migrate", m.answer)
}

// newMigration checks that nobody uses the home, and opens its records and the database.
func (s *session) newMigration(ctx context.Context, o migrateOptions) (*migration, error) {
	home, err := s.homeDirectory()
	if err != nil {
		return nil, err
	}
	shared, err := s.sharing(home)
	if err != nil {
		return nil, err
	}
	if err := o.check(shared); err != nil {
		return nil, err
	}
	m := &migration{session: s, migrateOptions: o, home: home, answer: document.New()}
	if err := m.open(ctx, shared); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// check refuses to copy from a home what is no longer in it, and what would leave jobs
// with names of versions that are not there.
func (o migrateOptions) check(shared sharing) error {
	switch {
	case o == migrateOptions{} && shared.DatabaseURL == "":
		return usageErrorf("the following arguments are required: --to")
	case o.to == "" && shared.DatabaseURL == "":
		return usageErrorf("--objects-to needs --to, with the URL of a database: versions of objects get new ids, and the jobs in records.db, which stays as it is, " +
			"name the old ones. Without --objects-to objects stay in the home.")
	case o.to != "" && shared.DatabaseURL != "" && shared.DatabaseURL != o.to:
		return errors.New("the records of this home are in the database that databaseUrl or SIGNER_DATABASE_URL names: records.db has old ones. " +
			"To copy those all the same, take that setting away. What is in a database moves to another one with its own means, such as pg_dump; " +
			"to copy the home's objects, leave --to away")
	case o.objectsTo != "" && shared.ObjectStore != "" && shared.ObjectStore != o.objectsTo:
		return errors.New("the objects of this home are in the object store that objectStore or SIGNER_OBJECT_STORE names: the home has old ones. " +
			"To copy those all the same, take that setting away")
	}
	return nil
}

// open opens both sides.
func (m *migration) open(ctx context.Context, shared sharing) (err error) {
	if m.objectsTo != "" {
		if m.moves, err = records.NewMoves(ctx); err != nil {
			return err
		}
	}
	if m.to == "" {
		m.url = shared.DatabaseURL
		m.target, err = records.Open(ctx, records.Config{URL: m.url, Existing: m.objectsTo != ""})
		return err
	}
	if err := m.openHome(ctx); err != nil {
		return err
	}
	m.url = m.to
	m.target, err = records.Open(ctx, records.Config{URL: m.url})
	return err
}

// openHome opens the records of the home, if nobody else does.
func (m *migration) openHome(ctx context.Context) (err error) {
	path := recordsFile(m.home)
	switch used, err := records.InUse(ctx, path); {
	case err != nil:
		return err
	case used:
		return fmt.Errorf("somebody uses %s: stop the servers and commands on this home first", path)
	}
	if m.source, err = records.OpenToRead(ctx, records.Config{Path: path}); err != nil {
		return err
	}
	switch current, err := m.source.Current(ctx); {
	case err != nil:
		return err
	case !current:
		return fmt.Errorf("the records in %s were made by an older version of signer: run any command that uses them first, such as list-signing-profiles", path)
	}
	return nil
}

func (m *migration) close() {
	for _, s := range []*records.Store{m.source, m.target} {
		if s != nil {
			s.Close()
		}
	}
	if m.moves != nil {
		m.moves.Close()
	}
}

// moveRecords copies all tables. Where they are in a database already, only their jobs
// are told what objects are called now.
func (m *migration) moveRecords(ctx context.Context) error {
	if m.source == nil && m.moves == nil { // all of them are there
		return nil
	}
	if m.source == nil {
		n, err := m.target.Rename(ctx, m.moves)
		m.answer.Set("changedJobs", int64(n))
		return err
	}
	done, err := m.source.Copy(ctx, m.target, m.moves)
	if errors.Is(err, records.ErrDiffers) && m.moves != nil {
		err = fmt.Errorf("%w; or its records were copied there without objects, and name these as they were called in the home: then give an empty one, or, if others use it since, set databaseUrl and leave --to away", err)
	}
	if err != nil {
		return err
	}
	for _, t := range done {
		m.answer.Set(memberName(t.Table), int64(t.Rows))
	}
	return nil
}

// memberName is what an answer calls a table.
func memberName(table string) string {
	switch table {
	case "taken_names":
		return "takenNames"
	case "access_keys":
		return "accessKeys"
	}
	return table
}
