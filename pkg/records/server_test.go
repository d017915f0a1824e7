package records_test

import (
	"testing"

	"signer/pkg/records"
	"signer/pkg/records/recordstest"
)

func TestPostgreSQL(t *testing.T) {
	server := recordstest.Start(t)
	contract(t, func(t *testing.T) *records.Store { return openURL(t, server.New(t)) })
	for name, test := range map[string]func(*testing.T, *recordstest.Server){
		"Refuses": testServerRefuses, "IsMadeOnce": testServerIsMadeOnce, "Copies": testCopies, "CopiesMoved": testCopiesMoved, "Restarts": testServerRestarts,
		"FindsJobsByID": testServerFindsJobsByID, "IsCut": testServerIsCut, "Texts": testServerTexts,
		"IsAStandby": testServerIsAStandby, "IsOld": testServerIsOld,
		"BehindAPooler": testServerBehindAPooler, "IsAwayBehindAPooler": testServerIsAwayBehindAPooler, "BehindAPoolerOfTransactions": testServerBehindAPoolerOfTransactions,
		"KeyFiles": testServerKeyFiles, "KeyFilesCut": testServerKeyFilesCut, "KeyFilesWait": testServerKeyFilesWait,
	} {
		t.Run(name, func(t *testing.T) { test(t, server) })
	}
}

func openURL(t testing.TB, url string) *records.Store {
	t.Helper()
	s, err := records.Open(ctx, records.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
