package local

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"signer/pkg/records"
)

// A nextToken says where a page ended, and in which list. AWS's own are opaque.

// pageSize is how many entries a page has that asks for no number, and at most.
const pageSize = 25

func limit(maxResults *int32) int {
	if maxResults == nil {
		return pageSize
	}
	return int(*maxResults)
}

// cut keeps a page of a list that was asked for one entry more than that, and
// returns the token of the next one if there is one.
func cut[T any](all []T, limit int, token func(last T) string) ([]T, *string) {
	if len(all) <= limit {
		return all, nil
	}
	next := token(all[limit-1])
	return all[:limit], &next
}

func nextToken(list string, place ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(append([]string{list}, place...), "\x00")))
}

// place returns what nextToken was given, n texts; none if there is no token.
func place(token *string, list string, n int) ([]string, error) {
	if token == nil {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	parts := strings.Split(string(text), "\x00")
	if err != nil || !utf8.Valid(text) || len(parts) != n+1 || parts[0] != list {
		return nil, errToken()
	}
	return parts[1:], nil
}

func errToken() error {
	return invalid(unknownCode, "The nextToken is not valid: use the one that the page before was answered with.")
}

func afterJob(j records.Job) string {
	return nextToken("jobs", strconv.FormatInt(j.CreatedAt.UnixMicro(), 10), j.ID)
}

func jobPosition(token *string) (*records.Position, error) {
	parts, err := place(token, "jobs", 2)
	if err != nil || parts == nil {
		return nil, err
	}
	created, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return nil, errToken()
	}
	return &records.Position{CreatedAt: time.UnixMicro(created), ID: parts[1]}, nil
}
