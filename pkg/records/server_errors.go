package records

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL's codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	stateSerialization   = "40001"
	stateDeadlock        = "40P01"
	stateReadOnly        = "25006"
	stateFull            = "53100"
	stateConnections     = "53300"
	stateCanceled        = "57014"
	stateShutdown        = "57P01"
	stateCrash           = "57P02"
	stateStarting        = "57P03"
	stateIdle            = "25P03"
	stateLong            = "25P04"
	stateIdleSession     = "57P05"
	stateNotSupported    = "0A000"
	statePassword        = "28P01"
	stateNoUser          = "28000"
	stateNoDatabase      = "3D000"
	stateNotAllowed      = "42501"
	stateNoTable         = "42P01"
	stateNoColumn        = "42703"
	stateTableExists     = "42P07"
	stateText            = "22021"
	stateStatementExists = "42P05"
	stateNoStatement     = "26000"
	stateDamagedData     = "XX001"
	stateDamagedIndex    = "XX002"
	stateInternal        = "XX000"
	stateConnectionClass = "08"
)

// ErrUnreachable says that nobody answers where the database should be.
var ErrUnreachable = errors.New("the database cannot be reached")

// ErrRefused says that the database does not let this user in.
var ErrRefused = errors.New("the database lets nobody in like this")

// ErrText says that PostgreSQL cannot keep a text, which a file could.
var ErrText = errors.New("there is text that is not UTF-8, or has U+0000 in it, which PostgreSQL cannot keep")

// errStandby says that a transaction cannot be as strict as was asked for, which is so on
// a standby, and has no code of its own.
var errStandby = errors.New("only read here")

// errSilent says that a session has begun in which nobody answers.
var errSilent = errors.New("it lets in, and then says nothing")

// state returns PostgreSQL's code, or "" if err is not PostgreSQL's.
func state(err error) string {
	var refused *pgconn.PgError
	switch {
	case !errors.As(err, &refused):
		return ""
	case errors.Is(err, errStandby):
		return stateReadOnly
	}
	return refused.Code
}

// undone tells whether err says that nothing was done, and that it may go better
// next time.
func undone(err error) bool {
	switch code := state(err); code {
	case stateSerialization, stateDeadlock, stateConnections, stateShutdown, stateStarting, stateIdle, stateLong, stateIdleSession:
		return true
	case "":
	default:
		return false
	}
	var unconnected *pgconn.ConnectError
	return errors.As(err, &unconnected) || errors.Is(err, errSilent) || errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}

// lost tells whether err leaves open what was done, since the connection broke.
func lost(err error) bool {
	switch code := state(err); {
	case code == stateCrash, strings.HasPrefix(code, stateConnectionClass), code == stateInternal && fatal(err):
		return true
	case code != "":
		return false
	}
	return err != nil && !ofProgram(err)
}

// fatal tells whether a session, or what was to be one, ended with an error. With a code of
// internal errors that is how Pgpool-II says that the database is away.
func fatal(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && cmp.Or(refused.SeverityUnlocalized, refused.Severity) == "FATAL"
}

// ofProgram tells whether an error is one of ours, or of who gave up, and not the
// network's.
func ofProgram(err error) bool {
	for _, ours := range []error{context.Canceled, context.DeadlineExceeded, sql.ErrNoRows, sql.ErrTxDone, sql.ErrConnDone,
		ErrNotFound, ErrExists, ErrInactive, ErrChanged, ErrEnough, ErrNewer} {
		if errors.Is(err, ours) {
			return true
		}
	}
	var broken interface{ Timeout() bool } // net.Error, however it is wrapped
	return !errors.As(err, &broken) && !isEOF(err) && !errors.Is(err, pgconn.ErrConnClosed)
}

func isEOF(err error) bool { return strings.Contains(err.Error(), "EOF") }

// explainServer turns what PostgreSQL or the network says into what somebody can
// act on. No error of theirs has the password in it.
func explainServer(name string, err error) error {
	switch code := state(err); code {
	case "":
		return explainNetwork(name, err)
	case statePassword, stateNoUser:
		return fmt.Errorf("the records in %s: %w: see the user, the password and the server's pg_hba.conf (%w)", name, ErrRefused, plain(err))
	case stateNoDatabase:
		return fmt.Errorf("the records in %s: there is no such database: make it with createdb, or correct the URL (%w)", name, plain(err))
	case stateReadOnly:
		return fmt.Errorf("the records in %s are %w: it is a replica, or was made so: use the primary's address, or those of all separated by commas (%w)", name, ErrReadOnly, err)
	case stateFull:
		return fmt.Errorf("the records in %s: %w, nothing was recorded: make room on the database's machine and try again (%w)", name, ErrFull, err)
	case stateConnections:
		return fmt.Errorf("the records in %s: %w, it has no connections left: raise its max_connections, or run fewer servers (%w)", name, ErrBusy, plain(err))
	case stateSerialization, stateDeadlock, stateCanceled, stateIdle, stateLong, stateIdleSession:
		return fmt.Errorf("the records in %s: %w: try again (%w)", name, ErrBusy, err)
	case stateShutdown, stateCrash, stateStarting:
		return fmt.Errorf("the records in %s: %w just now, it starts or stops: try again (%w)", name, ErrUnreachable, plain(err))
	case stateNotAllowed:
		return fmt.Errorf("the records in %s: the user may not do this: make the user owner of the database, or grant it what is missing (%w)", name, err)
	case stateText:
		return fmt.Errorf("the records in %s: %w (%w)", name, ErrText, err)
	case stateTableExists:
		return fmt.Errorf("the records in %s are %w: other tables have their names: use another database, or a schema of its own with ?search_path=NAME (%w)", name, ErrCorrupt, err)
	case stateStatementExists, stateNoStatement:
		return fmt.Errorf("the records in %s: something between here and the database hands out its connections in the middle of a session: let it keep one for each session, as PgBouncer with pool_mode=session (%w)", name, plain(err))
	case stateNoTable, stateNoColumn, stateDamagedData, stateDamagedIndex:
		return fmt.Errorf("the records in %s are %w: restore them from a backup (%w)", name, ErrCorrupt, err)
	}
	if lost(err) { // of a pooler, or what else stands before the database
		return unreachable(name, err)
	}
	return fmt.Errorf("the records in %s: %w", name, err)
}

// explainNetwork leaves alone what has been explained.
func explainNetwork(name string, err error) error {
	var unconnected *pgconn.ConnectError
	switch {
	case errors.As(err, &unconnected), lost(err), errors.Is(err, errSilent), errors.Is(err, driver.ErrBadConn):
		return unreachable(name, err)
	}
	return err
}

func unreachable(name string, err error) error {
	return fmt.Errorf("the records in %s: %w: see that it runs, that its address is right and that nothing is in the way (%w)", name, ErrUnreachable, plain(err))
}

// plain is the error below those that say again who connects where.
func plain(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused
	}
	var unconnected *pgconn.ConnectError
	if errors.As(err, &unconnected) {
		return oneLine{unconnected.Unwrap()}
	}
	return err
}

// oneLine is an error of several addresses in one line.
type oneLine struct{ error }

func (e oneLine) Error() string {
	text := strings.ReplaceAll(strings.TrimSpace(e.error.Error()), "ValidateConnect failed: ", "")
	return strings.Join(slices.Compact(strings.Split(text, "\n")), "; ")
}

func (e oneLine) Unwrap() error { return e.error }
