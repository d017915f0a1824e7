package sign

import (
	"context"
	"hash/maphash"
	"io"
	"path"
	"slices"
)

const (
	metaInf       = "META_INF/"
	signatureName = "META_INF/aws_signer_signature_v1.0.SF"

	// What an archive may ask of whoever reads it. Lambda takes 250 MB
	// uncompressed; these are for archives made to keep a reader busy.
	maxEntries = 1 << 20
	maxPlain   = 16 << 30
)

// survey is what the central directory alone tells. It is taken before anything
// is written, so that most archives that cannot be signed cost little.
type survey struct {
	metaInf bool // there is an entry META_INF/
	signed  bool // there is an entry for the signature
}

// survey checks every record, that no two name one file, and that the entries
// stand one behind the other from the first byte on. That they fill the space
// between is found out when they are read.
func (a *archive) survey(ctx context.Context) (survey, error) {
	var s survey
	if a.entries > maxEntries {
		return s, refuse("The source ZIP archive has more than %d entries.", maxEntries)
	}
	names := newNames(a)
	place := uint64(0) // before which no entry may begin
	plain := uint64(0) // how long the entries so far say they are
	err := a.each(ctx, func(e *entry) error {
		if err := a.checkPlace(e, place); err != nil {
			return err
		}
		if e.size > maxPlain-plain {
			return refuse("The source ZIP archive uncompresses to more than %d GiB.", maxPlain>>30)
		}
		plain += e.size
		place = e.at + localLen + uint64(len(e.name)) + e.packed
		names.add(e)
		return s.note(e)
	})
	if err != nil {
		return s, err
	}
	return s, names.check(ctx)
}

// each calls f with every record, in order; f may not keep its argument.
func (a *archive) each(ctx context.Context, f func(*entry) error) error {
	d, e := a.directory(), new(entry)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := d.next(e); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := e.check(); err != nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

// checkPlace holds an entry to the space behind the entries before it.
func (a *archive) checkPlace(e *entry, place uint64) error {
	end := uint64(a.dirAt)
	switch {
	case place == 0 && e.at != 0:
		return malformed("the first entry of its directory is at byte %d, not at its beginning", e.at)
	case e.at < place:
		return malformed("entry %s overlaps the one before it, or is not in the order of the central directory", e)
	case e.at > end || e.packed > end-e.at:
		return malformed("entry %s does not end before the central directory", e)
	}
	return nil
}

// note looks for the entries that belong to a signature, and for others in their
// places.
func (s *survey) note(e *entry) error {
	switch name := string(e.name); {
	case name == metaInf:
		s.metaInf = true
	case name == signatureName:
		s.signed = true
	case name+"/" == metaInf || fileName(e.name)+"/" == metaInf || fileName(e.name) == signatureName:
		return refuse("The source ZIP archive has an entry where its signature belongs: %s.", e)
	}
	return nil
}

// fileName is the name of the file that an entry becomes when it is unpacked.
func fileName(name []byte) string { return path.Clean(slashed(name)) }

// names finds entries that become the same file. It keeps eight bytes for each,
// because an archive may have a million, and looks the rest up again at need.
type names struct {
	archive *archive
	seed    maphash.Seed
	hashes  []uint64
}

func newNames(a *archive) *names {
	most := min(a.entries, uint64(a.dirLen)/centralLen)
	return &names{a, maphash.MakeSeed(), make([]uint64, 0, most)}
}

func (n *names) hash(e *entry) uint64 { return maphash.String(n.seed, fileName(e.name)) }

func (n *names) add(e *entry) { n.hashes = append(n.hashes, n.hash(e)) }

func (n *names) check(ctx context.Context) error {
	suspects := n.suspects()
	if len(suspects) == 0 {
		return nil
	}
	seen := map[string]bool{}
	return n.archive.each(ctx, func(e *entry) error {
		if _, found := slices.BinarySearch(suspects, n.hash(e)); !found {
			return nil
		}
		name := fileName(e.name)
		if seen[name] {
			return refuse("The source ZIP archive has two entries with one name: %s.", e)
		}
		seen[name] = true
		return nil
	})
}

// suspects are hashes that occur more than once, sorted. Two names with one hash
// are so rare that among as many as this there is one name that occurs twice: to
// know more of them would only take memory.
func (n *names) suspects() []uint64 {
	const most = 64
	slices.Sort(n.hashes)
	var twice []uint64
	for i := 1; i < len(n.hashes) && len(twice) < most; i++ {
		if n.hashes[i] == n.hashes[i-1] {
			twice = append(twice, n.hashes[i])
		}
	}
	return slices.Compact(twice)
}
