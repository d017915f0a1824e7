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
