package sign_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
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

const signatureName = "META_INF/aws_signer_signature_v1.0.SF"

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
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if runtime.NumGoroutine() <= goroutines {
			return
		}
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
