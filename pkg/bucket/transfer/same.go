package transfer

import (
	"context"
	"fmt"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// isDamaged tells whether a listing tells of a version that cannot be read.
func isDamaged(v bucket.Version) bool { return !v.DeleteMarker && v.ETag == "" }

// unplaced tells whether the null version is damaged among others. Then nobody knows
// which of them came before it.
func (h *history) unplaced() bool {
	return h.n > 1 && isDamaged(h.newest[0]) && h.newest[0].VersionID == bucket.Null
}

// same returns ErrDiffers unless a version of the target is that of the source. One
// that was damaged since it was copied passes for what was copied.
func (r *run) same(ctx context.Context, t twin, mine, there bucket.Version) error {
	switch {
	case isDamaged(mine), mine.DeleteMarker && there.DeleteMarker:
		return nil
	case mine.DeleteMarker != there.DeleteMarker:
		return t.differs("version " + mine.VersionID + " is no delete marker on both sides")
	case mine.Size != there.Size:
		return t.differs(fmt.Sprintf("version %s has %d bytes here, and %d there", mine.VersionID, mine.Size, there.Size))
	case strings.Trim(mine.ETag, `"`) == strings.Trim(there.ETag, `"`):
		return nil
	}
	equal, err := r.alike(ctx, t, mine, there)
	if err == nil && !equal {
		err = t.differs("version " + mine.VersionID + " has other bytes there")
	}
	return err
}

// alike compares versions of which the entity tags tell nothing: by a checksum that both
// have, by one that the target has, or by reading both.
func (r *run) alike(ctx context.Context, t twin, mine, there bucket.Version) (bool, error) {
	ours, err := r.From.Head(ctx, t.src.name, t.src.key, t.src.id(mine))
	if err != nil {
		return false, err
	}
	theirs, err := r.To.Head(ctx, t.src.name, t.src.key, t.dst.id(there))
	if err != nil {
		return false, err
	}
	a, b := ours.Checksum, theirs.Checksum
	if a.Value != "" && a.Algorithm == b.Algorithm && a.Type == b.Type {
		return a.Value == b.Value, nil
	}
	algorithm, want := checksum.SHA256, ""
	if b.Value != "" && b.Type == bucket.FullObject && b.Algorithm.New() != nil {
		algorithm, want = b.Algorithm, b.Value
	} else if want, err = sumOf(ctx, t.dst, there, algorithm); err != nil {
		return false, err
	}
	sum, err := sumOf(ctx, t.src, mine, algorithm)
	return sum == want, err
}

// sumOf reads a version.
func sumOf(ctx context.Context, h *history, v bucket.Version, a checksum.Algorithm) (string, error) {
	o, err := h.store.Get(ctx, h.name, h.key, h.id(v))
	if err != nil {
		return "", err
	}
	defer o.Close()
	sum, err := digest(ctx, a.New(), o)
	return checksum.Encode(sum), err
}
