package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"signer/pkg/document"
	"signer/pkg/records"
)

const migrateHelp = "Copy the records of the home, in its file records.db, into a PostgreSQL database that several machines can share: profiles, " +
	"jobs, permissions and access keys. The file is only read, and stays as it is.\n\n" +
	"Nobody may use the home meanwhile: stop servers first. When all is copied the two are compared, row by row. A copy that was " +
	"interrupted is gone on with by the same command; one that is whole is only compared. The database must be empty, but for " +
	"what was copied before.\n\n" +
	"Then put databaseUrl into config.yaml in the home, or set SIGNER_DATABASE_URL. Keys, and buckets with their objects, stay where they are."

// newMigrate makes the command that moves records to a database.
func newMigrate(s *session) *cobra.Command {
	var to string
	c := &cobra.Command{Use: "migrate", Short: "Copy the home's records into a PostgreSQL database.", Long: migrateHelp,
		RunE: func(c *cobra.Command, _ []string) error { return s.migrate(c.Context(), to) }}
	addText(c.Flags(), &to, "to", "The database, as postgres://USER:PASSWORD@HOST:PORT/DATABASE.")
	s.nodes[c] = &node{required: func([]string) []string { return []string{"--to"} }}
	return c
}

func (s *session) migrate(ctx context.Context, to string) error {
	home, err := s.homeDirectory()
	if err != nil {
		return err
	}
	source := records.Config{Path: recordsFile(home)}
	switch used, err := records.InUse(ctx, source.Path); {
	case err != nil:
		return err
	case used:
		return fmt.Errorf("somebody uses %s: stop the servers and commands on this home first", source.Path)
	}
	done, err := copyRecords(ctx, source, records.Config{URL: to})
	if err != nil {
		return err
	}
	answer := document.New()
	for _, t := range done {
		answer.Set(memberName(t.Table), int64(t.Rows))
	}
	return s.print("Migrate", answer)
}

func copyRecords(ctx context.Context, source, to records.Config) ([]records.Copied, error) {
	from, err := records.OpenToRead(ctx, source)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	switch current, err := from.Current(ctx); {
	case err != nil:
		return nil, err
	case !current:
		return nil, fmt.Errorf("the records in %s were made by an older version of signer: run any command that uses them first, such as list-signing-profiles", source.Path)
	}
	if to.URL == "" {
		return nil, errors.New("the URL of a database is needed")
	}
	store, err := records.Open(ctx, to)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return from.Copy(ctx, store)
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
