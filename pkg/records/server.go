package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// server is a PostgreSQL database, which many machines share.
type server struct {
	config   *pgx.ConnConfig
	settings map[string]string // of each session
	era      atomic.Int64      // counts how often a connection could not be written to
	written  atomic.Bool       // something has been written
}

// sharedConnections is how many statements one process runs at once on a server.
const sharedConnections = 16

// sharedWriters is how many of those may change something at once: should all that writes
// hang, as while a synchronous standby is away, what reads goes on.
const sharedWriters = sharedConnections - 3

// What the server is asked to hold its sessions to, unless the URL says otherwise:
// a statement that takes so long is given up, and a process that stops in the
// middle of a transaction keeps nobody waiting for longer.
const (
	statementTimeout = 30 * time.Second
	idleTimeout      = 10 * time.Second
	connectTimeout   = 5 * time.Second
)

// newServer reads the URL of a database. No error says what is in it, since that
// may be a password.
func newServer(text string) (*server, error) {
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return nil, fmt.Errorf("the URL of the records is none of a PostgreSQL database: write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	config, err := pgx.ParseConfig(text)
	var file *fs.PathError
	if errors.As(err, &file) {
		return nil, fmt.Errorf("the URL of the records, or a variable beside it, names a file that cannot be read: %w", file)
	}
	if before, _, _ := strings.Cut(text, "?"); err != nil || strings.Count(before, "@") > 1 {
		return nil, fmt.Errorf("the URL of the records cannot be understood: see its port, its sslmode and the files that it names, and write what is special in a password as %%XX")
	}
	preferPrimary(config, text)
	switch {
	case config.ConnectTimeout != 0:
	case len(hosts(config)) > 1:
		config.ConnectTimeout = severalTimeout
	default:
		config.ConnectTimeout = connectTimeout
	}
	config.DialFunc = dialer(config.ConnectTimeout).DialContext
	return &server{config: config, settings: sessionSettings(config)}, nil
}

// sessionSettings takes the settings of sessions out of a configuration. They are not
// part of how a session begins, since poolers refuse to pass on what they do not know.
func sessionSettings(config *pgx.ConnConfig) map[string]string {
	settings := map[string]string{
		"statement_timeout":                   strconv.FormatInt(statementTimeout.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": strconv.FormatInt(idleTimeout.Milliseconds(), 10),
	}
	begin := map[string]string{"application_name": "signer"}
	for name, value := range config.RuntimeParams {
		if slices.Contains([]string{"application_name", "client_encoding", "options"}, name) {
			begin[name] = value
		} else {
			settings[name] = value
		}
	}
	config.RuntimeParams = begin
	return settings
}

// furnish makes the settings of a session that has begun, or ends it.
func (s *server) furnish(ctx context.Context, c *pgx.Conn) error {
	c.PgConn().CustomData()[era] = s.era.Load()
	if err := s.checkVersion(c.PgConn().ParameterStatus("server_version")); err != nil {
		return errors.Join(err, c.Close(ctx))
	}
	var all []string
	var args []any
	for name, value := range s.settings {
		args = append(args, name, value)
		all = append(all, fmt.Sprintf("set_config($%d, $%d, false)", len(args)-1, len(args)))
	}
	limited, stop := context.WithTimeout(ctx, s.config.ConnectTimeout) // a pooler lets in whom it has no connection for
	defer stop()
	_, err := c.Exec(limited, "SELECT "+strings.Join(all, ", "), append([]any{pgx.QueryExecModeExec}, args...)...)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = errSilent
	}
	if err != nil {
		return errors.Join(err, c.Close(ctx))
	}
	return nil
}

// oldest is the oldest PostgreSQL that knows all that is asked of it: WITH … AS
// MATERIALIZED is of version 12.
const oldest = 12

// checkVersion refuses a server that is too old. One that says nothing that can be
// understood is taken at its word.
func (s *server) checkVersion(version string) error {
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldest {
		return fmt.Errorf("the database %s is PostgreSQL %s, or says so: use PostgreSQL %d or newer", s.name(), version, oldest)
	}
	return nil
}

// dialer notices within half a minute that the other side is gone, though nothing
// says so.
func dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout:         timeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
		Control:         limitSilence,
	}
}

// silence is how long what was sent may stay without an answer.
const silence = 20 * time.Second

// openServer opens records in a PostgreSQL database, and brings them up to date.
func openServer(ctx context.Context, c Config) (*Store, error) {
	s, err := connectServer(c, false)
	if err != nil {
		return nil, err
	}
	if err := s.updateServer(ctx, c.Existing); err != nil {
		s.Close()
		return nil, s.explain(err)
	}
	s.calmly = true
	return s, nil
}

// connectServer makes a Store whose connections are made when they are needed.
func connectServer(c Config, reading bool) (*Store, error) {
	at, err := newServer(c.URL)
	if err != nil {
		return nil, err
	}
	if reading {
		at.settings["default_transaction_read_only"] = "on"
	}
	db := stdlib.OpenDB(*at.config, stdlib.OptionAfterConnect(at.furnish), stdlib.OptionResetSession(at.current))
	db.SetMaxOpenConns(sharedConnections)
	db.SetMaxIdleConns(sharedConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &Store{db: db, path: at.name(), server: at, reading: reading, writing: make(chan struct{}, sharedWriters)}, nil
}

// openServerToRead is OpenToRead of a server.
func openServerToRead(ctx context.Context, c Config) (*Store, error) {
	s, err := connectServer(c, true)
	if err != nil {
		return nil, err
	}
	version, err := s.version(ctx)
	s.calmly = true
	if err == nil && version == 0 {
		err = s.none()
	}
	if err != nil {
		s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *Store) none() error {
	return fmt.Errorf("there are no records in %s: %w", s.path, fs.ErrNotExist)
}

// updateServer brings the database up to date.
func (s *Store) updateServer(ctx context.Context, existing bool) error {
	switch version, err := s.version(ctx); {
	case err != nil || version == schema:
		return err
	case version == 0 && existing:
		return s.none()
	}
	return s.change(ctx, sql.LevelDefault, func(tx *sql.Tx) error { return s.migrateServer(ctx, tx) })
}

// serverLock is the advisory lock that is held while the records change in form:
// "SGNR", as the application id of a file.
const serverLock = application

// migrateServer runs the migrations that have not been run, in one transaction: all
// of them happen, or none, and of several processes one at a time is here.
func (s *Store) migrateServer(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range []string{
		"SET LOCAL statement_timeout = 0",
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", serverLock),
		"CREATE TABLE IF NOT EXISTS signer_schema (version BIGINT PRIMARY KEY)",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := checkEncoding(ctx, tx); err != nil {
		return err
	}
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM signer_schema").Scan(&version); err != nil {
		return err
	}
	for version < schema {
		version++
		if err := s.step(ctx, tx, version); err != nil {
			return fmt.Errorf("bring the records to schema %d: %w", version, err)
		}
	}
	return nil
}

// step runs one migration. Texts are kept in the order of their bytes, as SQLite
// has them.
func (s *Store) step(ctx context.Context, tx *sql.Tx, version int) error {
	names, err := fs.Glob(migrations, fmt.Sprintf("migrations/%05d_*.sql", version))
	if err != nil || len(names) != 1 {
		return fmt.Errorf("there is no migration %d", version)
	}
	text, err := fs.ReadFile(migrations, names[0])
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, strings.ReplaceAll(string(text), " TEXT ", ` TEXT COLLATE "C" `)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO signer_schema (version) VALUES ($1)", version)
	return err
}

func checkEncoding(ctx context.Context, tx *sql.Tx) error {
	var encoding string
	if err := tx.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database keeps text as %s: make one WITH ENCODING 'UTF8' TEMPLATE template0", encoding)
	}
	return nil
}

// serverVersion is version of a server: 0 if there are no records yet.
func (s *Store) serverVersion(ctx context.Context) (version int, err error) {
	version, err = one(ctx, s.calm(), numberFrom, "SELECT COALESCE(MAX(version), 0) FROM signer_schema")
	if state(err) == stateNoTable {
		return 0, nil
	}
	if err == nil && version > schema {
		err = fmt.Errorf("the records in %s were %w (schema %d, this program knows %d): update signer", s.path, ErrNewer, version, schema)
	}
	return version, err
}

func numberFrom(r row) (n int, err error) {
	err = r.Scan(&n)
	return n, err
}

// checkServer looks for tables and indexes that are missing or not to be used.
func (s *Store) checkServer(ctx context.Context) ([]string, error) {
	want, err := newSchema(ctx)
	if err != nil {
		return nil, err
	}
	have, err := gather(ctx, s.calm(), textFrom, `SELECT 'the ' || CASE c.relkind WHEN 'r' THEN 'table ' ELSE 'index ' END || c.relname
		FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'i') AND COALESCE(i.indisvalid, TRUE)`, nil)
	var wrong []string
	for name := range want {
		if err == nil && !slices.Contains(have, name) {
			wrong = append(wrong, name+" is missing, or not to be used")
		}
	}
	slices.Sort(wrong)
	return wrong, err
}
