package bucket

import (
	"fmt"
	"testing"

	"signer/pkg/bucket/checksum"
)

// TestTable writes and reads the largest table that there can be, behind the largest
// object that S3 takes.
func TestTable(t *testing.T) {
	d, root := newDir(t)
	s, err := d.stage(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.discard()
	parts := make([]Part, MaxParts)
	for i := range parts {
		parts[i] = Part{Number: i + 1, Size: 550_000_000, ETag: fmt.Sprintf(`"%032x"`, i), Checksum: Checksum{checksum.SHA512, FullObject, checksum.Encode(make([]byte, 64))}}
	}
	u := uploadRecord{Key: "k", Checksum: Checksum{Algorithm: checksum.SHA512, Type: Composite}}
	rec, err := u.whole(parts)
	if err != nil {
		t.Fatal(err)
	}
	s.size = rec.Size // a hole
	if rec.Table, err = s.writeTable(parts); err != nil {
		t.Fatal(err)
	}
	if err := s.seal(rec); err != nil {
		t.Fatal(err)
	}
	got, err := readRecord(s.f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := readTable(s.f, got)
	if err != nil || len(all) != MaxParts {
		t.Fatalf("%d parts, %v", len(all), err)
	}
	if last := all[MaxParts-1]; last.Number != MaxParts || last.Offset != 550_000_000*(MaxParts-1) || last.Checksum != parts[0].Checksum {
		t.Errorf("the last part is %+v", last)
	}
	if got.Size != 5_500_000_000_000 || got.Parts != MaxParts {
		t.Errorf("the record is %+v", got)
	}
}
