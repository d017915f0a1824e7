package records_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"signer/pkg/records"
)

// What had taken long before the connection broke is tried again as what had not, and
// nothing is tried for ever, or for somebody who has given up.
func TestAgain(t *testing.T) {
	cut := io.ErrUnexpectedEOF
	for name, tc := range map[string]struct {
		takes    time.Duration
		fails    int // so many tries
		with     error
		patient  time.Duration // who asks
		tries    int           // at least
		lasts    time.Duration // at most
		succeeds bool
	}{
		"cut once":                    {fails: 1, with: cut, tries: 2, lasts: time.Second, succeeds: true},
		"cut once, slow":              {takes: time.Minute, fails: 1, with: cut, tries: 2, lasts: 2*time.Minute + time.Second, succeeds: true},
		"cut each time":               {fails: 1000, with: cut, tries: 5, lasts: 5 * time.Second},
		"cut each time, slow":         {takes: time.Minute, fails: 1000, with: cut, tries: 2, lasts: 2*time.Minute + time.Second},
		"cut by Pgpool-II":            {fails: 1, with: &pgconn.PgError{Severity: "FATAL", Code: "XX000"}, tries: 2, lasts: time.Second, succeeds: true},
		"cut, in French":              {fails: 1, with: &pgconn.PgError{Severity: "FATALE", SeverityUnlocalized: "FATAL", Code: "XX000"}, tries: 2, lasts: time.Second, succeeds: true},
		"not understood":              {fails: 1000, with: &pgconn.PgError{Severity: "ERROR", Code: "XX000"}, tries: 1},
		"refused":                     {fails: 1000, with: records.ErrExists, tries: 1},
		"cut, and nobody waits":       {fails: 1000, with: cut, patient: time.Second, tries: 2, lasts: time.Second},
		"slow, cut, and nobody waits": {takes: time.Minute, fails: 1000, with: cut, patient: time.Second, tries: 1, lasts: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, began, tries := t.Context(), time.Now(), 0
				if tc.patient > 0 {
					limited, stop := context.WithTimeout(ctx, tc.patient)
					defer stop()
					ctx = limited
				}
				err := records.Again(ctx, func() error {
					time.Sleep(tc.takes)
					if tries++; tries <= tc.fails {
						return tc.with
					}
					return nil
				})
				if (err == nil) != tc.succeeds || err != nil && !errors.Is(err, tc.with) {
					t.Error(err)
				}
				if took := time.Since(began); took > tc.lasts || tries < tc.tries {
					t.Errorf("%d tries in %v", tries, took)
				}
			})
		})
	}
}
