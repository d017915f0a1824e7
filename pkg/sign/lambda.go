package sign

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

// Lambda signs a ZIP archive in the form of the AWSLambda-SHA384-ECDSA platform,
// and writes the signed archive.
//
// That is the archive as it was, byte for byte, with an entry META_INF/ if it
// had none and with the signature as its last entry: CMS over the SHA-384 of the
// SHA-384 of all names and uncompressed data in the order of the archive. So
// entries may be recompressed and redated afterwards, but not renamed, reordered
// or changed. New entries carry the time of signing, in UTC.
//
// The format puts no frame between names and data and does not sign anything
// else. Therefore an archive is refused, with the reason, when it
//
//   - is not a ZIP archive, is empty, or is signed already,
//   - has entries that are encrypted or compressed by anything but deflate,
//   - has names that are absolute, lead upwards, or become the same file,
//   - has local headers, sizes or checksums that differ from the central ones,
//   - has entries that overlap or are in another order than the directory's, or
//   - has bytes that belong to no entry, such as a program before the first one.
//
// ZIP64 archives, data descriptors, comments, directories and symbolic links are
// taken. Names are signed as the bytes they are.
//
// The identity must have an elliptic key; its certificates become a part of the
// signature. rand is what the key's Sign is given.
func Lambda(ctx context.Context, dst io.Writer, src Source, id Identity, c Claims, rand io.Reader) error {
	if err := id.ec(); err != nil {
		return err
	}
	a, err := openArchive(src)
	if err != nil {
		return err
	}
	found, err := a.survey(ctx)
	if err != nil {
		return err
	}
	if found.signed {
		return refuse("The source ZIP archive is already signed.")
	}
	var added []*addition
	if !found.metaInf {
		added = append(added, newDirectory(metaInf, c.SignedAt))
	}
	inner, _, err := a.digest(ctx, dst, added)
	if err != nil {
		return err
	}
	signature, err := signInner(inner, id, c, rand)
	if err != nil {
		return err
	}
	return a.finish(dst, append(added, newFile(signatureName, signature, c.SignedAt)))
}

// finish writes what follows the original entries: the added ones, the directory
// of all and the end records.
func (a *archive) finish(dst io.Writer, added []*addition) error {
	w := bufio.NewWriterSize(dst, 2*chunkFor(a.dirLen))
	at := a.dirAt
	for _, e := range added {
		e.at = at
		n, _ := w.Write(e.local()) // Flush tells of errors
		m, _ := w.Write(e.data)
		at += int64(n + m)
	}
	directory := io.NewSectionReader(a.src, a.dirAt, a.dirLen)
	// As nothing but a Writer, so that w makes no buffer of its own for it.
	if _, err := io.CopyBuffer(struct{ io.Writer }{w}, directory, make([]byte, chunkFor(a.dirLen))); err != nil {
		return fmt.Errorf("copy the central directory: %w", err)
	}
	length := a.dirLen
	for _, e := range added {
		n, _ := w.Write(e.central())
		length += int64(n)
	}
	w.Write(endRecords(a.entries+uint64(len(added)), uint64(length), uint64(at), a.comment))
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the signed archive: %w", err)
	}
	return nil
}
