package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/backup"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// plain is a home whose records are a file like any other.
func plain(dir string) backup.Home {
	return backup.Home{
		Dir: dir,
		Now: func() time.Time { return noon },
		Snapshot: func(_ context.Context, to string) error {
			text, err := os.ReadFile(filepath.Join(dir, "records.db"))
			if err != nil {
				return err
			}
			return os.WriteFile(to, text, 0o600)
		},
		Adopt: func(_ context.Context, path string) error {
			text, err := os.ReadFile(path)
			if err == nil && string(text) == "newer" {
				err = errors.New("made by a newer version")
			}
			return err
		},
		InUse: func(context.Context, string) (bool, error) { return false, nil },
		Keys:  func(_ context.Context, f func() error) error { return f() },
		Spool: func() (*os.File, error) { return os.CreateTemp(filepath.Dir(dir), "spool-") },
	}
}

// tree is what is in a directory: files with their content, directories with a slash
// behind their names and nothing.
type tree map[string]string

func (tr tree) write(t testing.TB, dir string) {
	t.Helper()
	for name, text := range tr {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o700))
		} else {
			must(t, os.WriteFile(path, []byte(text), 0o600))
		}
	}
}

func read(t testing.TB, dir string) tree {
	t.Helper()
	all := tree{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name := filepath.ToSlash(path[len(dir)+1:])
		info, err := d.Info()
		if err != nil {
			return err
		}
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v", name, info.Mode())
		}
		if d.IsDir() {
			all[name+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(path)
		all[name] = string(text)
		return err
	}))
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// example is a home; passing is what is good for nothing once its processes are gone.
func example() (home, passing tree) {
	home = tree{
		"records.db": "records", "keys/": "", "keys/authority/": "", "keys/authority/root.pem": "root", "keys/certificates/": "", "keys/certificates/c.json": "{}",
		"buckets/": "", "buckets/in/": "", "buckets/in/bucket.json": "{}", "buckets/in/objects/": "", "buckets/in/objects/=app.zip/": "",
		"buckets/in/objects/=app.zip/null": strings.Repeat("object", 1000), "buckets/empty/": "", "buckets/empty/objects/": "",
		"buckets/in/objects/=" + strings.Repeat("%c3%a4", 40) + "/": "", "buckets/in/objects/=" + strings.Repeat("%c3%a4", 40) + "/null": "",
		"faults.yaml": "fail: 1", "logs/": "", "logs/events.jsonl": "{}\n", "logs/.lock": "mine",
	}
	passing = tree{"records.db-wal": "w", "records.db.lock": "", "records.db.workers/": "", "records.db.workers/1": "", "keys/lock": "", "keys/.new-1": "",
		"buckets/.tmp/": "", "buckets/.tmp/put-1": "part", "buckets/.locks/": "", ".signer-old": "", "faults-counts.json.lock": "", "faults-counts.json.12": ""}
	return home, passing
}

// written is the backup of the example, and the home.
func written(t testing.TB) (file []byte, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "home")
	home, passing := example()
	home.write(t, dir)
	passing.write(t, dir)
	var out bytes.Buffer
	done, err := plain(dir).Write(context.Background(), &out)
	must(t, err)
	if done.Files != 9 {
		t.Errorf("%d files", done.Files)
	}
	return out.Bytes(), dir
}

func TestBackupAndRestore(t *testing.T) {
	file, dir := written(t)
	home, passing := example()
	if diff := cmp.Diff(union(home, passing), read(t, dir)); diff != "" {
		t.Errorf("the home was changed: %s", diff)
	}
	for name, prepare := range map[string]func(string){"absent": func(string) {}, "empty": func(dir string) { must(t, os.MkdirAll(dir, 0o700)) }} {
		to := filepath.Join(t.TempDir(), "some", "where")
		prepare(to)
		done, err := plain(to).Restore(t.Context(), bytes.NewReader(file), false)
		must(t, err)
		if diff := cmp.Diff(home, read(t, to)); diff != "" || done.Before != "" || done.Files != 9 {
			t.Errorf("%s: %s, %+v", name, diff, done)
		}
		alone(t, to)
	}
	all, err := backup.Check(t.Context(), bytes.NewReader(file))
	if want := 9; err != nil || all.Files != want {
		t.Errorf("%+v, %v", all, err)
	}
}

func union(a, b tree) tree {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// alone holds a home to being the only thing in its directory.
func alone(t *testing.T, dir string, others ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(dir))
	must(t, err)
	for _, e := range entries {
		if e.Name() != filepath.Base(dir) && !contains(others, filepath.Join(filepath.Dir(dir), e.Name())) {
			t.Errorf("%s is left beside it", e.Name())
		}
	}
}

func contains(list []string, one string) bool {
	for _, each := range list {
		if each == one {
			return true
		}
	}
	return false
}

// What is there is not touched unless that is said, and then it is kept.
func TestRestoreReplaces(t *testing.T) {
	file, _ := written(t)
	home, _ := example()
	dir := filepath.Join(t.TempDir(), "home")
	there := tree{"records.db": "precious", "keys/": "", "keys/sealing.pem": "too"}
	there.write(t, dir)
	if _, err := plain(dir).Restore(t.Context(), bytes.NewReader(file), false); !errors.Is(err, backup.ErrNotEmpty) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(there, read(t, dir)); diff != "" {
		t.Error(diff)
	}
	first, err := plain(dir).Restore(t.Context(), bytes.NewReader(file), true)
	must(t, err)
	second, err := plain(dir).Restore(t.Context(), bytes.NewReader(file), true)
	must(t, err)
	if first.Before != dir+".before-restore-20261121T120000Z" || second.Before != first.Before+"-2" {
		t.Errorf("%s, %s", first.Before, second.Before)
	}
	for dir, want := range map[string]tree{dir: home, first.Before: there, second.Before: home} {
		if diff := cmp.Diff(want, read(t, dir)); diff != "" {
			t.Errorf("%s: %s", dir, diff)
		}
	}
	alone(t, dir, first.Before, second.Before)
}

// A file that is torn or altered, wherever it is, is refused, and nothing is changed.
func TestRestoreRefuses(t *testing.T) {
	file, _ := written(t)
	refuse := func(what string, altered []byte, want error) {
		dir := filepath.Join(t.TempDir(), "home")
		there := tree{"records.db": "precious"}
		there.write(t, dir)
		_, err := plain(dir).Restore(t.Context(), bytes.NewReader(altered), true)
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		if diff := cmp.Diff(there, read(t, dir)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		alone(t, dir)
	}
	whole := func(what string, altered []byte, want error) {
		if _, err := backup.Check(t.Context(), bytes.NewReader(altered)); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	try := whole
	for n, step := 0, max(1, len(file)/150); n*step < len(file); n++ {
		at := n * step
		try(fmt.Sprint("cut at ", at), file[:at], backup.ErrTorn)
		altered := bytes.Clone(file)
		altered[at] ^= 1
		try(fmt.Sprint("altered at ", at), altered, nil)
		if try = whole; n%16 == 0 {
			try = refuse
		}
	}
	for back := range 12 { // the end, where the checksum is
		altered := bytes.Clone(file)
		altered[len(file)-1-back*170] ^= 0x20
		refuse(fmt.Sprint("altered before the end, at ", back*170), altered, nil)
	}
	refuse("longer", append(bytes.Clone(file), 0), backup.ErrTorn)
	refuse("twice", append(bytes.Clone(file), file...), backup.ErrTorn)
	refuse("none", []byte("PK\x03\x04 and so on"), backup.ErrTorn)
	refuse("newer", bytes.Replace(file, []byte("format 1"), []byte("format 2"), 1), nil)
}

// Hostile archives write nothing outside the directory, and no links.
func TestRestoreRefusesStrangers(t *testing.T) {
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeReg, Name: "../out"}, {Typeflag: tar.TypeReg, Name: "/tmp/out"}, {Typeflag: tar.TypeReg, Name: "home/../../out"},
		{Typeflag: tar.TypeReg, Name: "home"}, {Typeflag: tar.TypeReg, Name: "else"}, {Typeflag: tar.TypeReg, Name: "home/.signer-restoring"},
		{Typeflag: tar.TypeSymlink, Name: "home/link", Linkname: "/etc"}, {Typeflag: tar.TypeLink, Name: "home/link", Linkname: "SIGNER-BACKUP"},
		{Typeflag: tar.TypeFifo, Name: "home/pipe"}, {Typeflag: tar.TypeReg, Name: "home/large", Size: 1 << 40},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		const mark = "backup of signer, format 1\n"
		must(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "SIGNER-BACKUP", Size: int64(len(mark)), Mode: 0o600}))
		_, err := io.WriteString(w, mark)
		must(t, err)
		h.Mode = 0o600
		must(t, w.WriteHeader(h))
		dir := filepath.Join(t.TempDir(), "home")
		if _, err := plain(dir).Restore(t.Context(), bytes.NewReader(b.Bytes()), false); !errors.Is(err, backup.ErrTorn) {
			t.Errorf("%s: %v", h.Name, err)
		}
		alone(t, dir)
	}
}

// Records that cannot be used here are refused before anything is replaced.
func TestRestoreRefusesRecords(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "home")
	tree{"records.db": "newer"}.write(t, from)
	var out bytes.Buffer
	_, err := plain(from).Write(t.Context(), &out)
	must(t, err)
	if _, err := plain(to).Restore(t.Context(), &out, false); err == nil || !strings.Contains(err.Error(), "made by a newer version") {
		t.Errorf("%v", err)
	}
	alone(t, to)
}

func TestBackupRefuses(t *testing.T) {
	if _, err := plain(filepath.Join(t.TempDir(), "none")).Write(t.Context(), io.Discard); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	dir := filepath.Join(t.TempDir(), "home")
	tree{"records.db": "r"}.write(t, dir)
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link")))
	if _, err := plain(dir).Write(t.Context(), io.Discard); err == nil {
		t.Error("a link was followed")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plain(dir).Write(gone, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	must(t, os.Remove(filepath.Join(dir, "link")))
	if diff := cmp.Diff(tree{"records.db": "r"}, read(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func FuzzCheck(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "home") // a small one: inputs are made smaller byte by byte
	tree{"records.db": "r", "buckets/": "", "buckets/b/": ""}.write(f, dir)
	var out bytes.Buffer
	_, err := plain(dir).Write(context.Background(), &out)
	must(f, err)
	file := out.Bytes()
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add(bytes.Replace(file, []byte("home/buckets/"), []byte("home/../////"), 1))
	var sparse bytes.Buffer
	w := tar.NewWriter(&sparse)
	must(f, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "SIGNER-BACKUP", Size: 27, Mode: 0o600}))
	_, err = io.WriteString(w, "backup of signer, format 1\n")
	must(f, err)
	must(f, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "home/x", Size: 4, Mode: 0o600, PAXRecords: map[string]string{"SCHILY.xattr.a": "b"}}))
	f.Add(sparse.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if all, err := backup.Check(context.Background(), bytes.NewReader(b)); err == nil && all.Bytes > int64(len(b)) {
			t.Errorf("%d bytes are in %d", all.Bytes, len(b))
		}
	})
}

// Other programs read the file, and its manifest.
func TestBackupByOtherPrograms(t *testing.T) {
	for _, program := range []string{"tar", "sha256sum"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not here")
		}
	}
	file, _ := written(t)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "backup"), file, 0o600))
	out, err := exec.Command("sh", "-c", "cd '"+dir+"' && tar xf backup && sha256sum --strict -c MANIFEST && n=$(grep -abo 'CHECKSUM' backup | tail -n 1 | cut -d: -f1) && "+
		"test \"$(head -c $n backup | sha256sum | cut -d' ' -f1)\" = \"$(cat CHECKSUM)\"").CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK") != 9 {
		t.Errorf("%v: %s", err, out)
	}
}
