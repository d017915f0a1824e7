package records

import (
	"context"
	"database/sql/driver"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A database may have standbys, and its URL may name all of them: one of them can be
// written, and after a failover another one. When the primary ends, PostgreSQL ends its
// sessions. But a session may lead to a standby, where a name, or what balances loads,
// leads there for a while: such a session goes on, and can only read.

// severalTimeout is how long a connection may take to begin where there are several
// hosts, since one that is gone is tried first each time.
const severalTimeout = 2 * time.Second

// hosts are the places that a configuration names, as HOST:PORT, or as the path of a
// socket.
func hosts(c *pgx.ConnConfig) []string {
	all := []string{address(c.Host, c.Port)}
	for _, f := range c.Fallbacks {
		if at := address(f.Host, f.Port); !slices.Contains(all, at) { // as it is without TLS
			all = append(all, at)
		}
	}
	return all
}

func address(host string, port uint16) string {
	if strings.HasPrefix(host, "/") || port == 0 {
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// preferPrimary has of several hosts the one used that can be written, unless the URL
// says otherwise: else it would be whichever answers first.
func preferPrimary(c *pgx.ConnConfig, text string) {
	if c.ValidateConnect == nil && len(hosts(c)) > 1 && !strings.Contains(text, "target_session_attrs=") {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
}

// name is where the database is, without what nobody else must know.
func (s *server) name() string {
	at := url.URL{Scheme: "postgres", User: url.User(s.config.User), Host: strings.Join(hosts(s.config), ","), Path: "/" + s.config.Database}
	if strings.HasPrefix(at.Host, "/") { // a directory with a socket
		at.RawQuery, at.Host = url.Values{"host": {at.Host}}.Encode(), ""
	}
	return at.String()
}

// era is under what a connection has the era in which it began.
const era = "era"

// current ends a connection, when it is to be used again, that began before one was
// found to lead to where nothing can be written.
func (s *server) current(_ context.Context, c *pgx.Conn) error {
	if c.PgConn().CustomData()[era] != s.era.Load() {
		return driver.ErrBadConn
	}
	return nil
}

// wrote remembers that the database can be written, if it could.
func (s *server) wrote(err error) {
	if err == nil {
		s.written.Store(true)
	}
}

// demoted tells whether err says that what could be written before can only be read.
// That may pass: the next connections, which are new ones, find the primary where it is
// by now. A database that could only be read from the beginning stays so.
func (s *Store) demoted(err error) bool {
	if state(err) != stateReadOnly {
		return false
	}
	s.server.era.Add(1)
	return s.server.written.Load()
}
