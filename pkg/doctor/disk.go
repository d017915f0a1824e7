package doctor

import (
	"context"
	"fmt"
)

// What is little room for a home, in bytes.
const (
	tooLittle = 64 << 20
	little    = 1 << 30
)

// disk looks at how much room is left.
func (e *examination) disk(context.Context) {
	free, ok := room(e.Home)
	if !ok || free >= little {
		return
	}
	f := Finding{e.Home, fmt.Sprintf("is on a disk with %d MB of room", free>>20), "make room: a job whose object does not fit fails"}
	if free < tooLittle {
		e.problem(f)
	} else {
		e.note(f)
	}
}

// Room is how many bytes can be written to the disk of a directory, where that can be
// told.
func Room(dir string) (free uint64, ok bool) { return room(dir) }
