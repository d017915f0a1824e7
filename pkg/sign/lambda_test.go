package sign_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"maps"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/sign"
)

var claims = sign.Claims{
	Job:            "arn:aws:signer:us-east-1:111122223333:/signing-jobs/a3f1c2d4-0000-4000-8000-000000000001",
	ProfileVersion: "arn:aws:signer:us-east-1:111122223333:/signing-profiles/web/IrwHQeF7XW",
	SignedAt:       time.Date(2026, 9, 28, 9, 19, 26, 806e6, time.UTC),
	ExpiresAt:      time.Date(2037, 12, 28, 9, 19, 26, 806e6, time.UTC),
}

const signatureName = "META_INF/aws_signer_signature_v1.0.SF"

// authority makes a root, an intermediate and a leaf on P-384.
func authority(t testing.TB) sign.Identity {
	t.Helper()
	var id sign.Identity
	var key *ecdsa.PrivateKey
	for level, name := range []string{"Test Root", "Test CA", "Test Leaf"} {
		k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(level) + 1), Subject: pkix.Name{CommonName: name},
			NotBefore: claims.SignedAt.Add(-time.Hour), NotAfter: claims.SignedAt.Add(72 * time.Hour),
			BasicConstraintsValid: true, IsCA: level < 2, KeyUsage: x509.KeyUsageCertSign,
		}
		if level == 2 {
			template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}
		parent, by := template, k
		if level > 0 {
			parent, by = id.Chain[0], key
		}
		id.Chain = slices.Insert(id.Chain, 0, certificate(t, template, parent, k.Public(), by))
		key, id.Key = k, k
	}
	return id
}

func certificate(t testing.TB, template, parent *x509.Certificate, public, key any) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lambda(t testing.TB, archive []byte, id sign.Identity) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := sign.Lambda(t.Context(), &out, bytes.NewReader(archive), id, claims, rand.Reader); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// check reads a signed archive back and checks its signature.
func check(archive []byte) error {
	signed, err := sign.Read(context.Background(), bytes.NewReader(archive))
	if err != nil {
		return err
	}
	signature, err := sign.ParseSignature(signed.Signature)
	if err != nil {
		return err
	}
	return signature.Check(signed.Inner)
}

// inner computes the digest with archive/zip, which knows nothing of this
// package.
func inner(t testing.TB, archive []byte) []byte {
	t.Helper()
	sum := sha512.New384()
	for _, f := range entries(t, archive) {
		if f.Name == signatureName {
			continue
		}
		io.WriteString(sum, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(sum, r); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return sum.Sum(nil)
}

func entries(t testing.TB, archive []byte) []*zip.File {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	return r.File
}

func names(t testing.TB, archive []byte) []string {
	var list []string
	for _, f := range entries(t, archive) {
		list = append(list, f.Name)
	}
	return list
}

func TestLambda(t *testing.T) {
	id := authority(t)
	for name, archive := range odd(t) {
		t.Run(name, func(t *testing.T) {
			out := lambda(t, archive, id)
			signed, err := sign.Read(t.Context(), bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			signature, err := sign.ParseSignature(signed.Signature)
			if err != nil {
				t.Fatal(err)
			}
			if err := signature.Check(signed.Inner); err != nil {
				t.Error(err)
			}
			if want := inner(t, out); !bytes.Equal(signed.Inner, want) {
				t.Errorf("inner %x, want %x", signed.Inner, want)
			}
			before, after := names(t, archive), names(t, out)
			if !slices.Contains(before, "META_INF/") {
				before = append(before, "META_INF/")
			}
			if diff := cmp.Diff(append(before, signatureName), after); diff != "" {
				t.Error("entries", diff)
			}
		})
	}
}

// TestLambdaMany adds the entries with which an archive needs ZIP64.
func TestLambdaMany(t *testing.T) {
	out := lambda(t, many(65533), authority(t))
	if err := check(out); err != nil {
		t.Error(err)
	}
	if n := len(entries(t, out)); n != 65535 {
		t.Errorf("%d entries", n)
	}
	if !bytes.Contains(out[len(out)-100:], []byte("PK\x06\x07")) {
		t.Error("no ZIP64 end record")
	}
}

// TestLambdaBytes holds the signed archive to the bytes of the original.
func TestLambdaBytes(t *testing.T) {
	archive := odd(t)["comment"]
	out := lambda(t, archive, authority(t))
	end := len(archive) - 22 - len("made by hand")
	dirAt, dirLen := int(le.Uint32(archive[end+16:])), int(le.Uint32(archive[end+12:]))
	if !bytes.HasPrefix(out, archive[:dirAt]) {
		t.Error("the entries were changed")
	}
	if !bytes.Contains(out, archive[dirAt:dirAt+dirLen]) {
		t.Error("the central directory was changed")
	}
	if !bytes.HasSuffix(out, []byte("\x0c\x00made by hand")) {
		t.Error("the comment was lost")
	}
	added := entries(t, out)[1:]
	if d := added[0]; d.Method != zip.Store || d.Flags != 0 || d.UncompressedSize64 != 0 || d.Mode().String() != "drwxr-xr-x" {
		t.Errorf("META_INF/ is %+v", d.FileHeader)
	}
	if f := added[1]; f.Method != zip.Deflate || f.Mode().String() != "-rw-r--r--" || !f.Modified.Equal(claims.SignedAt.Truncate(time.Second)) {
		t.Errorf("the signature is %+v", f.FileHeader)
	}
	if again := lambda(t, archive, authority(t)); bytes.Equal(again, out) {
		t.Error("two identities sign alike")
	}
}

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

func TestLambdaKeys(t *testing.T) {
	id := authority(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	for name, c := range map[string]struct {
		id   sign.Identity
		want string
	}{
		"RSA":         {sign.Identity{Key: key, Chain: []*x509.Certificate{certificate(t, template, template, key.Public(), key)}}, "can't identify EC private key."},
		"other chain": {sign.Identity{Key: id.Key, Chain: id.Chain[1:]}, "signing identity: the certificate does not belong to the key"},
		"none":        {sign.Identity{}, "signing identity: a key and its certificate are needed"},
	} {
		err := sign.Lambda(t.Context(), io.Discard, bytes.NewReader(handmade(nil, file{name: "a"})), c.id, claims, rand.Reader)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// rewrite copies an archive with other compression and dates, in an order.
func rewrite(t *testing.T, archive []byte, order []int, rename func(string) string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	files := entries(t, archive)
	for _, i := range order {
		h := &zip.FileHeader{Name: rename(files[i].Name), Modified: time.Unix(1e9, 0)}
		if files[i].Method == zip.Store && files[i].UncompressedSize64 > 0 {
			h.Method = zip.Deflate
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		r, err := files[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(f, r)
	}
	w.Close()
	return b.Bytes()
}

func TestLambdaChanged(t *testing.T) {
	out := lambda(t, handmade(nil, file{name: "a", body: "abc"}, file{name: "b", body: "xyz", deflate: true}), authority(t))
	same := func(name string) string { return name }
	if err := check(rewrite(t, out, []int{0, 1, 2, 3}, same)); err != nil {
		t.Errorf("recompressed and redated: %v", err)
	}
	if err := check(rewrite(t, out, []int{3, 0, 1, 2}, same)); err != nil {
		t.Errorf("signature first: %v", err)
	}
	changed := bytes.Replace(out, []byte("abc"), []byte("abd"), 1)
	c := bytes.Index(out, le.AppendUint32(nil, crc("abc")))
	for range 2 {
		le.PutUint32(changed[c:], crc("abd"))
		c += 4 + bytes.Index(out[c+4:], le.AppendUint32(nil, crc("abc")))
	}
	for name, bad := range map[string][]byte{
		"reordered": rewrite(t, out, []int{1, 0, 2, 3}, same),
		"removed":   rewrite(t, out, []int{0, 2, 3}, same),
		"renamed":   rewrite(t, out, []int{0, 1, 2, 3}, func(n string) string { return strings.Replace(n, "b", "c", 1) }),
		"edited":    changed,
	} {
		if err := check(bad); err == nil || !strings.Contains(err.Error(), "changed after it was signed") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestLambdaMemory signs an archive that grows a thousandfold when uncompressed.
func TestLambdaMemory(t *testing.T) {
	const size = 16 << 20
	archive := handmade(nil, file{name: "zeros", body: string(make([]byte, size)), deflate: true})
	id := authority(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	lambda(t, archive, id)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("took %d bytes for an archive of %d that becomes %d", took, len(archive), size)
	}
}

// broken fails after some bytes, as a source or as a destination.
type broken struct {
	*bytes.Reader
	left int
}

var errBroken = errors.New("broken")

func (b *broken) ReadAt(p []byte, at int64) (int, error) {
	if at < 1<<20 && len(p) > 1000 { // the ends are read, and small parts
		return 0, errBroken
	}
	return b.Reader.ReadAt(p, at)
}

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestLambdaTrouble(t *testing.T) {
	body := make([]byte, 3<<20)
	rand.Read(body)
	archive := handmade(nil, file{name: "a", body: string(body)}, file{name: "z"})
	id := authority(t)
	goroutines := runtime.NumGoroutine()

	err := sign.Lambda(t.Context(), io.Discard, &broken{Reader: bytes.NewReader(archive)}, id, claims, rand.Reader)
	if !errors.Is(err, errBroken) {
		t.Errorf("a source that cannot be read: %v", err)
	}
	for _, room := range []int{0, 1 << 20, len(archive)} {
		err := sign.Lambda(t.Context(), &broken{left: room}, bytes.NewReader(archive), id, claims, rand.Reader)
		if !errors.Is(err, errBroken) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sign.Lambda(ctx, io.Discard, bytes.NewReader(archive), id, claims, rand.Reader); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines left over", runtime.NumGoroutine()-goroutines)
}

func TestCheckSize(t *testing.T) {
	for _, c := range []struct {
		size, most int64
		want       string
	}{
		{250 << 20, 250, ""},
		{250<<20 + 1, 250, "The source object exceeds the maximum size of 250 MB."},
		{1 << 40, 0, ""},
	} {
		err := sign.CheckSize(c.size, c.most)
		if got := errorText(err); got != c.want {
			t.Errorf("%d of %d: got %q", c.size, c.most, got)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FuzzLambda signs what it can; whatever is signed must read back as it was.
func FuzzLambda(f *testing.F) {
	archives := odd(f)
	for _, name := range slices.Sorted(maps.Keys(archives)) {
		f.Add(archives[name])
	}
	f.Add(swapped())
	f.Add(handmade(nil, file{name: "a", body: "x", before: "#!"}, file{name: "../b", flags: 1}))
	id := authority(f)
	f.Add(lambda(f, archives["one file"], id))
	f.Fuzz(func(t *testing.T, archive []byte) {
		var out bytes.Buffer
		err := sign.Lambda(t.Context(), &out, bytes.NewReader(archive), id, claims, rand.Reader)
		var refusal *sign.Refusal
		if errors.As(err, &refusal) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := check(out.Bytes()); err != nil {
			t.Fatal(err)
		}
		signed, err := sign.Read(t.Context(), bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if want := inner(t, out.Bytes()); !bytes.Equal(signed.Inner, want) {
			t.Fatalf("inner %x, want %x", signed.Inner, want)
		}
	})
}
