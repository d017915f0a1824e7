package sign

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"io"
)

// Find returns the signature that an archive holds, and nil if it holds none. It reads
// the central directory and that entry only, however large the archive is, and judges
// nothing: whether the signature is that of the archive, [Read] and what follows it tell.
func Find(ctx context.Context, src Source) ([]byte, error) {
	a, err := openArchive(src)
	if err != nil {
		return nil, err
	}
	var found *entry
	err = a.each(ctx, func(e *entry) error {
		if found == nil && string(e.name) == signatureName {
			one := *e
			found = &one
			found.name, found.extra, found.buf = bytes.Clone(e.name), nil, nil
		}
		return nil
	})
	if err != nil || found == nil {
		return nil, err
	}
	return a.contents(found)
}

// contents reads an entry that is no longer than a signature can be.
func (a *archive) contents(e *entry) ([]byte, error) {
	var local [localLen]byte
	if _, err := a.src.ReadAt(local[:], int64(e.at)); err != nil || binary.LittleEndian.Uint32(local[:]) != localMagic {
		return nil, orMalformed(nil, "entry "+e.String()+" has no local header")
	}
	at := int64(e.at) + localLen + int64(binary.LittleEndian.Uint16(local[26:])) + int64(binary.LittleEndian.Uint16(local[28:]))
	var data io.Reader = io.NewSectionReader(a.src, at, int64(min(e.packed, maxSignature)))
	switch e.method {
	case stored:
	case deflated:
		data = flate.NewReader(data)
	default:
		return nil, e.check()
	}
	var kept capped
	if _, err := io.Copy(&kept, data); err != nil {
		return nil, orMalformed(err, "entry "+e.String()+" is damaged")
	}
	return kept.Bytes(), nil
}
