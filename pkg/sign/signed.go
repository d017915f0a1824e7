package sign

import (
	"context"
	"io"
	"strings"
)

// IsSignedArchive tells whether src is a ZIP archive that has an entry for a
// signature, by looking at its directory alone. What cannot be read is none.
func IsSignedArchive(ctx context.Context, src Source) bool {
	a, err := openArchive(src)
	if err != nil {
		return false
	}
	signed := false
	err = a.each(ctx, func(e *entry) error {
		if signed = string(e.name) == signatureName; signed {
			return io.EOF // enough
		}
		return nil
	})
	return signed && err == io.EOF
}

// jsonBegins is how every signed object in JSON begins.
const jsonBegins = `{"rawPayloadSize":`

// IsSignedJSON tells whether src begins as the objects of [Detached] and [Embedded]
// do. What cannot be read does not.
func IsSignedJSON(src Source) bool {
	b := make([]byte, len(jsonBegins))
	n, _ := src.ReadAt(b, 0)
	return strings.HasPrefix(string(b[:n]), jsonBegins)
}
