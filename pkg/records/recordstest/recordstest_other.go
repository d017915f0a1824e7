//go:build !unix

package recordstest

import "testing"

// Server would be a PostgreSQL server.
type Server struct{}

// Start skips the test: nobody has tried this here.
func Start(t testing.TB, _ ...string) *Server {
	t.Skip("PostgreSQL is not started on this system")
	return nil
}

// New, URL, Pooled, Addr and Password are of no server.
func (*Server) New(testing.TB) string   { return "" }
func (*Server) URL(string) string       { return "" }
func (*Server) Addr() string            { return "" }
func (*Server) Password() string        { return "" }
func (*Server) Exec(testing.TB, string) {}
func (*Server) Begin(testing.TB)        {}
func (*Server) End(testing.TB, string)  {}

func (*Server) Pooled(testing.TB, string, string) string { return "" }

// Standby, and what comes after it, is of no server either.
func (s *Server) Standby(testing.TB) *Server     { return s }
func (*Server) Follow(testing.TB, *Server)       {}
func (*Server) Promote(testing.TB)               {}
func (*Server) Synchronous(testing.TB)           {}
func (*Server) Asynchronous(testing.TB)          {}
func (*Server) Kill(testing.TB)                  {}
func (*Server) Either(string, ...*Server) string { return "" }
