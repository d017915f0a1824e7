package sign_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"signer/pkg/sign"
)

func TestLambdaRefuses(t *testing.T) {
	a := file{name: "a", body: "abc"}
	d := file{name: "a", body: "abc", flags: 8, descriptor: words(crc("abc"), 3, 3)}
	with := func(f file, change func(*file)) []byte { change(&f); return handmade(nil, f, file{name: "z"}) }
	one := func(name string) []byte { return handmade(nil, file{name: name, body: "x"}) }
	two := func(x, y string) []byte { return handmade(nil, file{name: x}, file{name: y}) }
	valid := handmade(nil, a, file{name: "b", body: "xyz"})
	id := authority(t)
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"nothing":        {nil, "not a valid ZIP"},
		"text":           {[]byte("exports.handler = async () => {}; // a source, not an archive"), "not a valid ZIP"},
		"cut":            {valid[:len(valid)-5], "not a valid ZIP"},
		"end lost":       {valid[:len(valid)-22], "not a valid ZIP"},
		"empty":          {handmade(nil), "ZIP archive is empty."},
		"signed":         {one(signatureName), "is already signed."},
		"encrypted":      {with(a, func(f *file) { f.flags = 1 }), `encrypted entry: "a".`},
		"strong":         {with(a, func(f *file) { f.flags = 64 }), "encrypted entry"},
		"AES":            {with(a, func(f *file) { f.central = put16(dirMethod, 99) }), "encrypted entry"},
		"bzip2":          {with(a, func(f *file) { f.central = put16(dirMethod, 12) }), "unsupported compression"},
		"patch":          {with(a, func(f *file) { f.flags = 32 }), "unsupported compression"},
		"twice":          {two("a", "a"), `two entries with one name: "a".`},
		"twice, dotted":  {two("x/a", "./x//a"), "two entries with one name"},
		"twice, dir":     {two("a/", "a"), "two entries with one name"},
		"twice, slash":   {two("a/b", `a\b`), "two entries with one name"},
		"absolute":       {one("/etc/passwd"), "absolute name"},
		"backslash":      {one(`\a`), "absolute name"},
		"drive":          {one(`C:\a`), "absolute name"},
		"upwards":        {one("../a"), "leads out of it"},
		"upwards within": {one("a/../b"), "leads out of it"},
		"upwards last":   {one("a/.."), "leads out of it"},
		"upwards back":   {one(`a\..\..\b`), "leads out of it"},
		"no name":        {one(""), "without a name"},
		"NUL":            {one("a\x00b"), "NUL byte"},
		"not UTF-8":      {handmade(nil, file{name: "caf\x82", flags: 1 << 11}), "not the UTF-8"},
		"in the way":     {one("META_INF"), "where its signature belongs"},
		"in the way 2":   {one("./" + signatureName), "where its signature belongs"},
		"second name":    {with(a, func(f *file) { f.extra = extra(0x7075, "\x01    b") }), "second name"},
		"extra twice":    {with(a, func(f *file) { f.extra = extra(1, "") + extra(1, "") }), "extra field twice"},
		"dir with data":  {one("d/"), "is a directory, yet has data"},
		"two sizes":      {with(a, func(f *file) { f.central = put32(dirSize, 4) }), "declares two sizes"},
		"wide sizes":     {with(a, func(f *file) { f.extra = extra(1, "1234567"); f.central = put32(dirSize, 0xffffffff) }), "lacks its ZIP64"},
		"other disk":     {with(a, func(f *file) { f.central = put16(dirDisk, 1) }), "in another file"},
		"local name":     {with(a, func(f *file) { f.local = func(b []byte) { b[localName] = 'b' } }), "local and the central header"},
		"local method":   {with(a, func(f *file) { f.local = put16(localMethod, 8) }), "local and the central header"},
		"local flags":    {with(a, func(f *file) { f.local = put16(localFlags, 8) }), "local and the central header"},
		"local crc":      {with(a, func(f *file) { f.local = put32(localCRC, 1) }), "local and the central header"},
		"local zero":     {with(a, func(f *file) { f.local = put32(localCRC, 0) }), "local and the central header"},
		"local size":     {with(a, func(f *file) { f.local = put32(localSize, 4) }), "local and the central header"},
		"local packed":   {with(a, func(f *file) { f.local = put32(localPacked, 2) }), "local and the central header"},
		"local UTF-8":    {with(file{name: "é"}, func(f *file) { f.local = put16(localFlags, 1<<11) }), "local and the central header"},
		"no local":       {with(a, func(f *file) { f.local = put32(0, 0) }), "no local header"},
		"crc":            {with(a, func(f *file) { f.local, f.central = put32(localCRC, 1), put32(dirCRC, 1) }), "checksum"},
		"shorter":        {with(deflatedFile, func(f *file) { f.local, f.central = put32(localSize, 9), put32(dirSize, 9) }), "size it declares"},
		"longer":         {with(deflatedFile, func(f *file) { f.local, f.central = put32(localSize, 1e9), put32(dirSize, 1e9) }), "size it declares"},
		"no deflate":     {with(deflatedFile, func(f *file) { f.data = func([]byte) []byte { return []byte("\xff\xff\xff") } }), "cannot be uncompressed"},
		"deflate cut":    {with(deflatedFile, func(f *file) { f.data = func(b []byte) []byte { return b[:len(b)-1] } }), "cannot be uncompressed"},
		"deflate long":   {with(deflatedFile, func(f *file) { f.data = func(b []byte) []byte { return append(b, 0) } }), "behind its compressed data"},
		"descriptor":     {with(d, func(f *file) { f.descriptor = words(crc("abc"), 3, 4) }), "data descriptor"},
		"none":           {with(d, func(f *file) { f.descriptor = "" }), "data descriptor"},
		"odd magic":      {with(d, func(f *file) { f.descriptor = "PK\x07\x09" + f.descriptor }), "data descriptor"},
		"prefix":         {append([]byte("#!/bin/sh\n"), valid...), "10 bytes that belong to no entry"},
		"prefix counted": {with(a, func(f *file) { f.before = "#!/bin/sh\n" }), "at byte 10, not at its beginning"},
		"gap":            {handmade(nil, a, file{name: "b", before: "gap"}), "3 bytes after entry \"a\""},
		"overlap":        {handmade(nil, a, file{name: "b", central: put32(dirAt, 0)}), "overlaps the one before it"},
		"overlap far":    {with(a, func(f *file) { f.central = all(put32(dirPacked, 500), put32(dirSize, 500)) }), "not end before the central directory"},
		"far":            {with(a, func(f *file) { f.central = put32(dirAt, 1e9) }), "not at its beginning"},
		"out of order":   {disordered(), "not in the order of the central directory"},
		"swapped":        {swapped(), "not at its beginning"},
		"trailing":       {append(bytes.Clone(valid), "tail"...), "does not end where"},
		"comment":        {withComment(valid, "PK\x05\x06"), "not a valid ZIP"},
		"hidden":         {withComment(valid, string(handmade(nil, file{name: "evil"}))), "belong to no entry"},
		"count":          {handmade(all(put16(8, 1), put16(10, 1)), a, file{name: "b"}), "more than its entries"},
		"count more":     {handmade(all(put16(8, 3), put16(10, 3)), a, file{name: "b"}), "cut short"},
		"disks":          {handmade(put16(4, 1), a), "several files"},
		"directory":      {handmade(put32(16, 1e9), a), "not where its end record says"},
		"no records":     {with(a, func(f *file) { f.central = put32(0, 0) }), "directory is damaged"},
		"two ends":       {wide(handmade(nil, a), func(b []byte) { b[24], b[32] = 2, 2 }, nil), "end records differ"},
		"too many":       {wide(handmade(nil, a), all(put32(24, 1<<21), put32(32, 1<<21)), all(put16(10, 0xffff), put16(8, 0xffff))), "more than 1048576 entries"},
		"too large":      {with(deflatedFile, func(f *file) { f.extra, f.central = extra(1, words(1, 4)), put32(dirSize, 0xffffffff) }), "more than 16 GiB"},
		"wide lost":      {wide(handmade(nil, a), func(b []byte) { b[0] = 0 }, nil), "ZIP64 end record is missing"},
		"wide far":       {wide(handmade(nil, a), func(b []byte) { b[64+7] = 1 }, nil), "ZIP64 end record is missing"},
		"wide long":      {wide(handmade(nil, a), func(b []byte) { b[4+7] = 255 }, nil), "ZIP64 end record is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			err := sign.Lambda(t.Context(), io.Discard, bytes.NewReader(c.archive), id, claims, rand.Reader)
			var refusal *sign.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(refusal.Reason, c.want) {
				t.Errorf("got %v, want a refusal with %q", err, c.want)
			}
		})
	}
}

var deflatedFile = file{name: "a", body: "abcabcabcabc", deflate: true}

// swapped has a directory in another order than its entries.
func swapped() []byte {
	b := handmade(nil, file{name: "a", body: "abc"}, file{name: "b", body: "xyz"})
	first := len(b) - 22 - 2*47
	return slices.Concat(b[:first], b[first+47:first+94], b[first:first+47], b[first+94:])
}

// disordered has its directory's second and third record exchanged.
func disordered() []byte {
	b := handmade(nil, file{name: "a", body: "abc"}, file{name: "b", body: "xyz"}, file{name: "c"})
	first := len(b) - 22 - 2*47
	return slices.Concat(b[:first], b[first+47:first+94], b[first:first+47], b[first+94:])
}

func withComment(archive []byte, comment string) []byte {
	b := bytes.Clone(archive)
	le.PutUint16(b[len(b)-2:], uint16(len(comment)))
	return append(b, comment...)
}
