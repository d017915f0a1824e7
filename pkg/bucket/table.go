package bucket

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// tablePart is a part in the table that an object has of them. The numbers with which
// the parts came are forgotten: readers count them.
type tablePart struct {
	Size int64  `json:"size"`
	Sum  string `json:"sum,omitempty"`
}

// writeTable writes a table of the parts behind the object's bytes, and returns its
// length.
func (s *staged) writeTable(parts []Part) (int64, error) {
	table := make([]tablePart, len(parts))
	for i, p := range parts {
		table[i] = tablePart{p.Size, p.Checksum.Value}
	}
	b, err := json.Marshal(table)
	if err != nil {
		return 0, err
	}
	_, err = s.f.WriteAt(b, s.size)
	return int64(len(b)), err
}

// maxTable is more than a table can have: for each part two numbers and the longest
// checksum.
const maxTable = MaxParts * 200

// readTable reads the table of an open version.
func readTable(f *os.File, r record) ([]Part, error) {
	if r.Table > maxTable {
		return nil, fmt.Errorf("read %s: %w", f.Name(), damaged("its table of parts is too long"))
	}
	b := make([]byte, r.Table)
	if _, err := io.ReadFull(io.NewSectionReader(f, r.Size, r.Table), b); err != nil {
		return nil, err
	}
	var table []tablePart
	if err := json.Unmarshal(b, &table); err != nil || len(table) != r.Parts {
		return nil, fmt.Errorf("read %s: %w", f.Name(), damaged("its table of parts is none"))
	}
	parts, offset := make([]Part, len(table)), int64(0)
	for i, p := range table {
		parts[i] = Part{Number: i + 1, Size: p.Size, Offset: offset}
		if a := r.checksum().Algorithm; p.Sum != "" {
			parts[i].Checksum = Checksum{a, FullObject, p.Sum}
		}
		offset += p.Size
	}
	return parts, nil
}

// Parts returns a page of the parts that a version was put in.
func (d *Dir) Parts(ctx context.Context, bucket, key, version string, opts PartListOptions) (_ PartPage, err error) {
	defer d.explain(&err, "look at the parts of", bucket, key)
	_, rec, f, err := d.open(ctx, bucket, key, version)
	if err != nil {
		return PartPage{}, err
	}
	defer f.Close()
	page := PartPage{ETag: rec.ETag, Checksum: rec.checksum(), Total: rec.Parts}
	if rec.Table == 0 {
		return page, nil
	}
	all, err := readTable(f, rec)
	if err != nil {
		return PartPage{}, err
	}
	from := min(max(0, opts.After), len(all))
	to := min(len(all), from+pageSize(opts.Max))
	page.Parts, page.Truncated = all[from:to], to < len(all)
	return page, nil
}
