package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signer/pkg/api"
)

// route is a path that leads to an operation.
type route struct {
	op       *api.Operation
	segments []string // of the operation's path
	long     bool     // the last one takes all that is left
}

// routesOf returns the routes of a service, and where two fit a path, the one with
// fewer labels first.
func routesOf(s *api.Service) []route {
	var routes []route
	for _, op := range s.Operations {
		segments := strings.Split(op.Path, "/")
		routes = append(routes, route{op, segments, isLong(segments[len(segments)-1])})
	}
	slices.SortStableFunc(routes, func(a, b route) int { return slices.Compare(a.segments, b.segments) }) // a brace comes behind every letter
	return routes
}

// isLong tells whether a label may hold slashes. ARNs do, and not every client
// escapes them.
func isLong(segment string) bool {
	return strings.HasSuffix(segment, "+}") || strings.HasSuffix(segment, "Arn}")
}

// find returns the operation for a method and an escaped path, and the labels of the
// path, unescaped. The path is taken as it is: two slashes are an empty label, and a
// dot is a dot.
func find(routes []route, method, path string) (*api.Operation, map[string]string, error) {
	var others []string
	segments := strings.Split(path, "/")
	for i := range routes {
		labels, ok := routes[i].match(segments)
		switch {
		case ok && routes[i].op.Method == method:
			return routes[i].op, labels, nil
		case ok:
			others = append(others, routes[i].op.Method)
		}
	}
	if len(others) > 0 {
		return nil, nil, &methodError{others}
	}
	return nil, nil, refused(http.StatusNotFound, "UnknownOperationException", "No operation has the path %s.", path)
}

func (rt *route) match(segments []string) (labels map[string]string, ok bool) {
	last := len(rt.segments) - 1
	if len(segments) <= last || len(segments) > last+1 && !rt.long {
		return nil, false
	}
	for i, want := range rt.segments {
		got := segments[i]
		if i == last {
			got = strings.Join(segments[i:], "/")
		}
		plain, err := url.PathUnescape(got)
		if err != nil {
			return nil, false
		}
		if name, found := strings.CutPrefix(want, "{"); found {
			if labels == nil {
				labels = map[string]string{}
			}
			labels[strings.TrimRight(name, "+}")] = plain
		} else if plain != want {
			return nil, false
		}
	}
	return labels, true
}
