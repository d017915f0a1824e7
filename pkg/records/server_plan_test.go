package records_test

import (
	"database/sql"
	"strings"
	"testing"

	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

// What changes one job finds it by its id, and not by going through all that are in
// progress.
func testServerFindsJobsByID(t *testing.T, server *recordstest.Server) {
	url := server.New(t)
	must(t, openURL(t, url).Close())
	db, err := sql.Open("pgx", url)
	must(t, err)
	defer db.Close()
	plan := explained(t, db, "UPDATE jobs SET attempt = 1 WHERE id = 'a' AND "+records.InProgressByID+" AND worker = 'w'")
	if !strings.Contains(plan, "jobs_pkey") {
		t.Errorf("the plan is\n%s", plan)
	}
}

// explained is how the database would go about a statement.
func explained(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query("EXPLAIN " + query)
	must(t, err)
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	must(t, rows.Err())
	return plan.String()
}
