package cmd

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"flag"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store/s3test"
	"signer/pkg/keys/keystest"
	"signer/pkg/local/localtest"
	"signer/pkg/profile"
	"signer/pkg/records/recordstest"
)

var update = flag.Bool("update", false, "rewrite the outputs of examples, and the pages in docs/cli")

// What the examples call things that have another name each time they are made.
const (
	shownZip         = "7v8Q4EpK62P2FTlfrVj4UWZHc14qQpGq"
	shownRuby        = "kq2Xw0mVbR7cTzN5yLf3JdH8sPgU1eAo"
	shownJob         = "63c6f9d2-70fb-43c4-8a87-fc542cc64a28"
	shownCertificate = "56e76479-5eb6-497e-baab-e5a4706db3c6"
	shownVersion     = "BoZqqLWUOZ"
	shownImages      = "Hjr4mjO9JM"
	shownAccessKey   = "AKIAI44QH7DHBEXAMPLE"
	shownDatabase    = "postgres://signer:PASSWORD@db.example.net/signer?sslmode=verify-full"
	shownEmpty       = "postgres://signer:PASSWORD@db.example.net/shared?sslmode=verify-full"
	shownStore       = "https://s3.example.net"
	shownPayload     = "0d5e8c0b-37f4-4c1f-8d7e-2a6b1c9f4e30"
)

// Each example, run in a home that has what it is about, does what its page says.
func TestExamples(t *testing.T) {
	f := newFixture(t)
	err := fs.WalkDir(exampleFiles, "examples", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		page := strings.TrimSuffix(d.Name(), ".md")
		t.Run(page, func(t *testing.T) { f.check(t, page) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fixture is a home, and a directory with the files that examples name.
type fixture struct {
	dir   string
	pages string // where the examples are
	clock *time.Time
	made  map[string]string // what the examples show: what was made here
}

func newFixture(t *testing.T) *fixture {
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	pages, err := filepath.Abs("examples")
	if err != nil {
		t.Fatal(err)
	}
	const anyPort = "127.0.0.1:0"
	f := &fixture{dir: t.TempDir(), pages: pages, clock: &now, made: map[string]string{"127.0.0.1:8333": anyPort, "127.0.0.1:9333": anyPort, "0.0.0.0:8443": anyPort}}
	writeZip(t, filepath.Join(f.dir, "MyCode.zip"))
	writeKey(t, f.dir)
	writeCA(t, f.dir)
	f.write(t, "passphrase.txt", "correct horse battery staple\n")
	f.write(t, "new-passphrase.txt", "another horse\n")
	f.write(t, "MyCode.rb", "puts 'hello'\n")
	f.write(t, "notes.txt", "Built by hand.\n")
	f.write(t, "payload.json", `{"targetArtifact":{}}`)
	f.write(t, "hashes.json", `["`+strings.Repeat("5f", 96)+`"]`)
	f.write(t, "profile.yaml", "profileName: template\nplatformId: AWSLambda-SHA384-ECDSA\ntags: {team: shop}\n")
	t.Chdir(f.dir)
	f.do(t, "signer s3api create-bucket --bucket signer-source")
	f.do(t, "signer s3api create-bucket --bucket signer-destination")
	f.do(t, "signer s3api put-bucket-versioning --bucket signer-source --versioning-configuration Status=Enabled")
	put := "signer s3api put-object --bucket signer-source --query VersionId --output text "
	f.made[shownZip] = f.plain(t, put+"--key MyCode.zip --body MyCode.zip")
	f.made[shownRuby] = f.plain(t, put+"--key MyCode.rb --body MyCode.rb")
	f.do(t, put+"--key MyCode.rb --body notes.txt")
	arn := f.do(t, "signer acm import-certificate --certificate fileb://certificate.pem --private-key fileb://private-key.pem --query CertificateArn --output text")
	f.made[shownCertificate] = arn[strings.LastIndexByte(arn, '/')+1:]
	f.made[shownVersion] = f.do(t, "signer put-signing-profile --profile-name MyProfile7 --platform-id AWSLambda-SHA384-ECDSA --tags team=core,stage=test --query profileVersion --output text")
	f.made[shownImages] = f.do(t, "signer put-signing-profile --profile-name MyImages --platform-id Notation-OCI-SHA384-ECDSA --query profileVersion --output text")
	f.made[shownPayload] = f.do(t, "signer sign-payload --profile-name MyImages --payload fileb://payload.json --payload-format application/vnd.cncf.notary.payload.v1+json --query jobId --output text")
	f.made[shownAccessKey] = f.do(t, "signer iam create-access-key --user-name paul --query AccessKey.AccessKeyId --output text")
	f.do(t, "signer put-signing-profile --profile-name MyOldProfile --platform-id AWSLambda-SHA384-ECDSA")
	f.do(t, "signer cancel-signing-profile --profile-name MyOldProfile")
	start := "signer start-signing-job --source 's3={bucketName=signer-source,key=MyCode.zip,version=" + shownZip + "}'" +
		" --destination 's3={bucketName=signer-destination,prefix=signed-}' --profile-name MyProfile7 --query jobId --output text"
	f.do(t, start)
	f.made[shownJob] = f.do(t, start)
	f.write(t, "job.json", f.really(`{"source": {"s3": {"bucketName": "signer-source", "key": "MyCode.zip", "version": "`+shownZip+`"}},
		"destination": {"s3": {"bucketName": "signer-destination"}}}`))
	return f
}

func (f *fixture) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// do runs a command line that must succeed, and returns what it prints.
func (f *fixture) do(t *testing.T, line string) string {
	t.Helper()
	code, stdout, stderr := f.run(t, line)
	if code != 0 {
		t.Fatalf("%s\nended with %d\n%s", line, code, stderr)
	}
	return strings.TrimSuffix(stdout, "\n")
}

// plain is do until it prints what does not look like an option, which versions of
// objects may.
func (f *fixture) plain(t *testing.T, line string) string {
	t.Helper()
	text := f.do(t, line)
	for strings.HasPrefix(text, "-") {
		text = f.do(t, line)
	}
	return text
}

// run runs a command line in this process, a second after the one before it.
func (f *fixture) run(t *testing.T, line string) (code int, stdout, stderr string) {
	t.Helper()
	words, err := profile.Words(strings.ReplaceAll(f.really(line), "\\\n", " "))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	variables := map[string]string{
		"SIGNER_HOME": filepath.Join(f.dir, "home"), "HOME": f.dir,
		"SIGNER_PRINCIPAL_ARN": "arn:aws:iam::000000000000:user/maria", "AWS_EC2_METADATA_DISABLED": "true",
	}
	for words[0] != "signer" {
		name, value, _ := strings.Cut(words[0], "=")
		variables[name], words = value, words[1:]
	}
	*f.clock = f.clock.Add(time.Second)
	var out, errs bytes.Buffer
	env := OS()
	env.Args, env.Stdin, env.Stdout, env.Stderr = words, strings.NewReader(""), &out, &errs
	env.StdoutTerminal, env.StderrTerminal, env.Width = false, false, 80
	env.Now = func() time.Time { return *f.clock }
	env.Sleep = func(time.Duration) <-chan time.Time { return time.After(0) }
	env.Stops = func() (<-chan os.Signal, func()) { return stopped(), func() {} } // as soon as it runs
	env.LookupEnv = func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
	code = Main(context.Background(), env)
	return code, out.String(), errs.String()
}

// stopped is a channel on which somebody asks a server to stop.
func stopped() <-chan os.Signal {
	c := make(chan os.Signal, 1)
	c <- os.Interrupt
	return c
}

// really is a text with the names of what was made in place of those in examples.
func (f *fixture) really(text string) string {
	for shown, made := range f.made {
		text = strings.ReplaceAll(text, shown, made)
	}
	return text
}

// check runs the examples of a page in a copy of the fixture.
func (f *fixture) check(t *testing.T, page string) {
	f = f.copied(t)
	if page == "migrate" {
		server, buckets := recordstest.Start(t), bucket.Open(bucket.Config{Dir: t.TempDir()})
		s3test.Make(t, buckets, "signer-objects")
		store := s3test.Start(t, s3test.Handler(buckets))
		f.made[shownDatabase], f.made[shownEmpty], f.made[shownStore] = server.New(t), server.New(t), store.URL
		if err := os.Mkdir(filepath.Join(f.dir, ".aws"), 0o700); err != nil {
			t.Fatal(err)
		}
		f.write(t, ".aws/credentials", "[default]\naws_access_key_id = "+store.KeyID+"\naws_secret_access_key = "+store.Secret+"\n")
	}
	t.Chdir(f.dir)
	for _, e := range examplesOf(page) {
		code, stdout, stderr := f.run(t, e.command)
		stdout = strings.TrimSuffix(stdout, "\n")
		if code != 0 || stderr != "" {
			t.Fatalf("%s\nended with %d\n%s", e.command, code, stderr)
		}
		f.learn(e.output, stdout)
		got, want := settled(stdout), settled(e.output)
		if start, ok := strings.CutSuffix(want, "..."); ok && strings.HasPrefix(got, start) {
			continue
		}
		diff := cmp.Diff(want, got)
		if diff != "" && *update {
			f.rewrite(t, page, e, stdout)
		} else if diff != "" {
			t.Errorf("%s\n-on the page +here\n%s", e.command, diff)
		}
	}
}

// copied is a copy of the fixture that an example may change.
func (f *fixture) copied(t *testing.T) *fixture {
	now := *f.clock
	c := &fixture{dir: t.TempDir(), pages: f.pages, clock: &now, made: maps.Clone(f.made)}
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(c.dir, path[len(f.dir):])
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What differs each time: ids, versions of objects and of profiles, times, sums.
var (
	identity = regexp.MustCompile(`(?m)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|AKIA[A-Z2-7]{16}|"[\w.-]{32}"|^[\w.-]{32}$`)
	settling = []struct {
		what *regexp.Regexp
		with string
	}{
		{regexp.MustCompile(`\\"[0-9a-f]{32}\\"`), "ETAG"},
		{regexp.MustCompile(`("bytes": )\d+`), "${1}BYTES"}, // signatures differ in length
		{regexp.MustCompile(`("ChecksumCRC64NVME": ")[^"]+`), "${1}SUM"},
		{identity, "ID"},
		{regexp.MustCompile(`("profileVersion": "|/signing-profiles/\w+/)\w{10}`), "${1}VERSION"},
		{regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00`), "TIME"},
		{regexp.MustCompile(`("NextToken": ")[\w=+/]+`), "${1}TOKEN"},
		{regexp.MustCompile(`("SecretAccessKey": ")[\w+/]{40}"`), "${1}SECRET"},
		{regexp.MustCompile(`(?m)^[\w=+/]{60,}$`), "BASE64"},
	}
)

// settled is a text without what differs each time.
func settled(text string) string {
	for _, s := range settling {
		text = s.what.ReplaceAllString(text, s.with)
	}
	return text
}

// learn finds out what the ids in an output are on the page, for the commands that
// follow.
func (f *fixture) learn(shown, made string) {
	names := identity.FindAllString(shown, -1)
	for i, id := range identity.FindAllString(made, -1) {
		if i < len(names) {
			f.made[strings.Trim(names[i], `"`)] = strings.Trim(id, `"`)
		}
	}
}

// rewrite writes what a command printed into its page.
func (f *fixture) rewrite(t *testing.T, page string, e example, output string) {
	for shown, made := range f.made {
		output = strings.ReplaceAll(output, made, shown)
	}
	path := filepath.Join(f.pages, page+".md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.Replace(string(text), indented(e.command, e.output), indented(e.command, output), 1)
	if err := os.WriteFile(path, []byte(shown), 0o644); err != nil {
		t.Fatal(err)
	}
}

// indented is a command with its output as it stands in a page.
func indented(command, output string) string {
	text := strings.TrimSuffix("$ "+command+"\n"+output, "\n")
	return "    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
}

func writeZip(t *testing.T, path string) {
	t.Helper()
	err := os.WriteFile(path, localtest.Archive(t, "MyCode.rb", "puts 'hello'\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
}

// writeKey makes a certificate for firmware, and its key.
func writeKey(t *testing.T, dir string) {
	writePair(t, filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "private-key.pem"), x509.Certificate{Subject: pkix.Name{CommonName: "firmware.example"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}})
}

// writeCA makes the certificate of a CA, and its key.
func writeCA(t *testing.T, dir string) {
	writePair(t, filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem"), x509.Certificate{Subject: pkix.Name{CommonName: "Acme Root"},
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true})
}

func writePair(t *testing.T, certificateFile, keyFile string, c x509.Certificate) {
	t.Helper()
	c.SerialNumber = big.NewInt(1)
	c.NotBefore, c.NotAfter = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)
	pair := keystest.SelfSigned(t, keystest.Key(t), c)
	for name, text := range map[string][]byte{certificateFile: pair.Certificate, keyFile: pair.PrivateKey} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
