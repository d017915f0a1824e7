package console

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Hosts lets requests through that name an address, this machine, or one of some
// names as their host, and refuses others.
//
// A stranger's page can have its own name lead to an address that only the browser
// reaches; from then on browsers take the server for a part of that page, and let it
// read what it likes. The name gives it away, for it stays in the request.
func Hosts(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !known(r.Host, names) {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "This server does not go by the name that the request is for. Ask for its address, or start it with --admin-host NAME.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// known tells whether a request's host, with or without a port, cannot be a
// stranger's. RFC 6761 keeps localhost, and all below it, for this machine.
func known(host string, names []string) bool {
	if name, port, err := net.SplitHostPort(host); err == nil && strings.Trim(port, "0123456789") == "" {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, host) })
}
