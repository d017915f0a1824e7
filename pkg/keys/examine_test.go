package keys_test

import (
	"crypto/elliptic"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/pkg/keys"
)

// examined are the items of a directory by the path from there.
func examined(t *testing.T, dir string) map[string]keys.Item {
	t.Helper()
	s, _ := open(t, dir)
	items, err := s.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]keys.Item{}
	for _, i := range items {
		name, err := filepath.Rel(dir, i.Path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.ToSlash(name)] = i
	}
	return all
}

func TestExamine(t *testing.T) {
	dir := t.TempDir()
	if all := examined(t, filepath.Join(dir, "none")); len(all) > 0 {
		t.Errorf("there are %v", all)
	}
	s, now := open(t, dir)
	identity(t, s, "us-east-1")
	all := examined(t, dir)
	for _, name := range []string{"root.pem", "intermediate.pem", "us-east-1/ca.pem", "us-east-1/leaf.pem"} {
		i, ok := all["authority/"+name]
		if !ok || i.Err != nil || !i.Plain || !i.NotAfter.After(now.now()) || i.Lasting != (name == "root.pem") || !strings.Contains(i.Name, "Local") {
			t.Errorf("%s: got %+v", name, i)
		}
	}
	if len(all) != 4 {
		t.Errorf("there are %v", all)
	}
}

// What is wrong with one file is told of that file, and nothing is changed.
func TestExamineDamage(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	identity(t, s, "us-east-1")
	other := t.TempDir()
	s, _ = open(t, other)
	identity(t, s, "us-east-1")
	for name, change := range map[string]func(path string) error{
		"cut":   func(path string) error { return os.Truncate(path, 300) },
		"empty": func(path string) error { return os.Truncate(path, 0) },
		"another's": func(path string) error {
			return copyFile(filepath.Join(other, "authority", "us-east-1", "leaf.pem"), path)
		},
		"missing root": func(path string) error { return os.Remove(filepath.Join(filepath.Dir(filepath.Dir(path)), "root.pem")) },
	} {
		copied := copyDir(t, dir)
		leaf := filepath.Join(copied, "authority", "us-east-1", "leaf.pem")
		if err := change(leaf); err != nil {
			t.Fatal(err)
		}
		wrong := "authority/us-east-1/leaf.pem"
		if name == "missing root" {
			wrong = "authority/root.pem"
		}
		for at, i := range examined(t, copied) {
			if (i.Err != nil) != (at == wrong) {
				t.Errorf("%s: %s: %v", name, at, i.Err)
			}
			if at == wrong && (i.Err == nil || !strings.Contains(i.Err.Error(), "remove ")) {
				t.Errorf("%s: %s: %v", name, at, i.Err)
			}
		}
	}
}

// What was copied over the root's file belongs together, but not there. The other
// files are not blamed, for what is right cannot be told any more.
func TestExamineCopiedRoot(t *testing.T) {
	plain, encrypted, other := t.TempDir(), t.TempDir(), t.TempDir()
	for dir, phrase := range map[string]string{plain: "", encrypted: "a phrase", other: ""} {
		identity(t, with(dir, phrase), "us-east-1")
		if err := examined(t, dir)["authority/root.pem"].Err; err != nil {
			t.Errorf("of a root: %v", err)
		}
	}
	for _, tc := range []struct{ to, from, file, want string }{
		{plain, plain, "us-east-1/leaf.pem", "its first certificate Signer Local us-east-1 is not that of a CA"},
		{encrypted, encrypted, "us-east-1/leaf.pem", "its first certificate Signer Local us-east-1 is not that of a CA"},
		{plain, other, "us-east-1/leaf.pem", "its first certificate Signer Local us-east-1 is not that of a CA"},
		{plain, plain, "us-east-1/ca.pem", "ca.pem, which the root has certified"},
		{encrypted, encrypted, "intermediate.pem", "intermediate.pem, which the root has certified"},
	} {
		copied := copyDir(t, tc.to)
		if err := copyFile(filepath.Join(tc.from, "authority", tc.file), filepath.Join(copied, "authority", "root.pem")); err != nil {
			t.Fatal(err)
		}
		for at, i := range examined(t, copied) {
			switch {
			case at != "authority/root.pem" && i.Err != nil:
				t.Errorf("%s over root.pem: %s: %v", tc.file, at, i.Err)
			case at == "authority/root.pem" && (i.Err == nil || !strings.Contains(i.Err.Error(), tc.want) || !strings.Contains(i.Err.Error(), "restore it from a backup")):
				t.Errorf("%s over root.pem: got %v, want %s", tc.file, i.Err, tc.want)
			}
		}
	}
}

// A file whose private key was left out, or is not that of its certificate, is no
// root, either.
func TestExamineRootKey(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	identity(t, s, "us-east-1")
	root, err := os.ReadFile(filepath.Join(dir, "authority", "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := os.ReadFile(filepath.Join(dir, "authority", "us-east-1", "leaf.pem"))
	if err != nil {
		t.Fatal(err)
	}
	const key = "-----BEGIN PRIVATE KEY"
	certificate, _, _ := strings.Cut(string(root), key)
	_, others, _ := strings.Cut(string(leaf), key)
	for text, want := range map[string]string{
		certificate:                "it ends too early",
		certificate + key + others: "its private key is not that of its certificate",
	} {
		if err := os.WriteFile(filepath.Join(dir, "authority", "root.pem"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if i := examined(t, dir)["authority/root.pem"]; i.Err == nil || !strings.Contains(i.Err.Error(), want) {
			t.Errorf("got %v, want %s", i.Err, want)
		}
	}
}

func TestExamineImported(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	c, err := s.Import(t.Context(), place, bundle(t, made(t, ec(t, elliptic.P256()), nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	name := "certificates/" + c.ARN[strings.LastIndex(c.ARN, "/")+1:] + ".json"
	if i := examined(t, dir)[name]; i.Err != nil || i.Name != c.ARN || !i.NotAfter.Equal(c.Certificate.NotAfter) || !i.Plain || !i.Lasting {
		t.Errorf("got %+v", i)
	}
	for damage, change := range map[string][2]string{
		"not JSON":       {"{", "["},
		"no certificate": {"CERTIFICATE", "CERTIFICATF"},
		"another's ARN":  {c.ARN, "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"},
		"no key":         {"-----BEGIN PRIVATE KEY-----\\nM", "-----BEGIN PRIVATE KEY-----\\nN"},
	} {
		copied := copyDir(t, dir)
		path := filepath.Join(copied, filepath.FromSlash(name))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		broken := strings.ReplaceAll(string(text), change[0], change[1])
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if i := examined(t, copied)[name]; i.Err == nil || !strings.Contains(i.Err.Error(), "import the certificate again") || strings.Contains(i.Err.Error(), "BEGIN") {
			t.Errorf("%s: got %v", damage, i.Err)
		}
	}
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
