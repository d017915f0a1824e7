package bucket

import (
	"bytes"
	"testing"
)

// Whatever is drawn, an id does not look like an option, and reads back.
func TestVersionIDsBeginWithoutADash(t *testing.T) {
	for first := range 256 {
		random := bytes.Repeat([]byte{0}, 16)
		random[0] = byte(first)
		v, err := newVersionID(7, bytes.NewReader(random))
		if err != nil {
			t.Fatal(err)
		}
		if v.String()[0] == '-' {
			t.Errorf("%d: %s", first, v)
		}
		if back, ok := parseVersionID(v.String()); !ok || back != v {
			t.Errorf("%d: %s reads as %v, %v", first, v, back, ok)
		}
	}
}
