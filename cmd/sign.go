package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"signer/pkg/document"
	"signer/pkg/local"
)

const signHelp = "Sign files: in one command what else takes an upload, a signing job, a wait and a download. " +
	"The signed file goes beside the file, under its name with -signed behind it: app.zip becomes app-signed.zip, and " +
	"fw.bin, for the platforms of IoT devices, fw-signed.json. Several files are signed at once, and one that cannot be signed " +
	"does not stop the others.\n\n" +
	"To run the command again is safe: a file that was signed with the same version of the profile for the same place is that " +
	"job's, and nothing is done but to put the signed file where it is missing. A job that failed before, or whose signature has " +
	"expired, is followed by another. What else has that place is never overwritten.\n\n" +
	"The local engine needs no buckets. Its jobs say \"file:\" in place of a bucket's name, the path of the file in place of " +
	"a key, and the SHA-256 of the file in place of a version. With --engine aws a file is uploaded to --source-bucket, which must " +
	"keep versions, unless its content is there already, and its signed form is fetched from --destination-bucket.\n\n" +
	"The answer has an entry for each file, in the order in which they were given: its job, its signed object and the name of the " +
	"signed file, or what is wrong with it. Where the signed file goes to standard output, nothing else does, and what --skip-signed " +
	"passes over goes there as it is. The exit code is that " +
	"of the worst: 254 for a job that failed or was refused, 255 for a file that could not be read or written."

// signOptions are the options of sign.
type signOptions struct {
	profile, token, out, outDir                string
	owner                                      *string
	skipSigned                                 bool
	sourceBucket, destinationBucket, keyPrefix string
}

// newSign makes the command that signs files.
func newSign(s *session) *cobra.Command {
	var o signOptions
	c := &cobra.Command{Use: "sign", Short: "Sign files.", Long: signHelp, Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, words []string) error { return s.sign(c.Context(), o, words) }}
	f := c.Flags()
	f.SortFlags = false
	addText(f, &o.profile, "profile-name", "The name of the signing profile.")
	addText(f, &o.out, "out", "The name of the signed file, if one file is signed; - is standard output.")
	addText(f, &o.outDir, "out-dir", "The directory for signed files, which is made if it is missing.")
	addGiven(f, &o.owner, "profile-owner", "The account of the signing profile, if it is another's.")
	addText(f, &o.token, "client-request-token", "What tells this job from others, if one file is signed. By default it is made of the file's content, the profile's version and the place of the signed file.")
	addSwitch(f, &o.skipSigned, "skip-signed", "Pass over files that are signed already.")
	addText(f, &o.sourceBucket, "source-bucket", "The bucket that files are uploaded to, with --engine aws.")
	addText(f, &o.destinationBucket, "destination-bucket", "The bucket that signed objects go to, with --engine aws.")
	addText(f, &o.keyPrefix, "prefix", "How the keys of signed objects begin, with --engine aws.")
	s.nodes[c] = &node{ours: true, required: func([]string) []string { return []string{"--profile-name"} },
		operands: &positional{name: "file", arity: many, doc: "The files to sign; - is standard input."}}
	return c
}

// fileSigner signs files, by whichever engine.
type fileSigner interface {
	// platform is the id of the profile's platform.
	platform() string
	// atOnce is how many small files to sign at once.
	atOnce() int
	// sign signs a file into its target, and answers its job.
	sign(ctx context.Context, f *signFile) (signedFile, error)
}

// signedFile is what became of a file.
type signedFile struct{ job, bucket, key string }

// sign signs files and prints what became of each.
func (s *session) sign(ctx context.Context, o signOptions, names []string) error {
	if err := o.check(names); err != nil {
		return err
	}
	signer, done, err := s.openFileSigner(ctx, o)
	if err != nil {
		return err
	}
	defer done()
	files, err := o.plan(names, signer.platform())
	if err != nil {
		return err
	}
	if o.outDir != "" {
		if err := s.env.MakeDir(o.outDir); err != nil {
			return err
		}
	}
	s.signAll(ctx, signer, files)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if files[0].out != "-" {
		if err := s.print("Sign", s.signAnswer(files)); err != nil {
			return err
		}
	}
	return s.signFailure(files)
}

// check finds what is wrong with the command line alone.
func (o *signOptions) check(names []string) error {
	several := func(option string) error {
		return usageErrorf("argument --%s: it is for one file, and there are %d", option, len(names))
	}
	switch {
	case o.out != "" && o.outDir != "":
		return usageErrorf("argument --out-dir: not allowed with argument --out")
	case o.out != "" && len(names) > 1:
		return several("out")
	case o.token != "" && len(names) > 1:
		return several("client-request-token")
	}
	for _, name := range names {
		if name == "-" && len(names) > 1 {
			return usageErrorf("argument file: standard input (-) cannot be one of several")
		}
		if name == "-" && o.outDir != "" {
			return usageErrorf("argument --out-dir: standard input has no name to put there; use --out")
		}
	}
	return nil
}

// openFileSigner opens the engine that the user wants to sign with.
func (s *session) openFileSigner(ctx context.Context, o signOptions) (fileSigner, func(), error) {
	e, done, err := s.openEngine(ctx)
	if err != nil {
		return nil, nil, err
	}
	var signer fileSigner
	if own, ok := localEngine(e); ok {
		signer, err = openLocalFiles(ctx, own, o)
	} else {
		signer, err = s.openRemoteFiles(ctx, e, o)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return signer, done, nil
}

// plan gives each file its place. No two may have one.
func (o *signOptions) plan(names []string, platform string) ([]*signFile, error) {
	taken := map[string]string{}
	var files []*signFile
	for _, name := range names {
		f := &signFile{name: name, out: o.place(name, platform), token: o.token}
		at, err := filepath.Abs(f.out)
		if err != nil {
			return nil, err
		}
		if other, ok := taken[at]; ok {
			return nil, usageErrorf("argument file: %s and %s would both be signed into %s; sign them one by one, with --out", other, name, f.out)
		}
		taken[at] = name
		files = append(files, f)
	}
	return files, nil
}

// place is where the signed form of a file goes.
func (o *signOptions) place(name, platform string) string {
	switch {
	case o.out != "":
		return o.out
	case name == "-":
		return "-"
	case o.outDir != "":
		return filepath.Join(o.outDir, signedName(filepath.Base(name), platform))
	}
	return filepath.Join(filepath.Dir(name), signedName(filepath.Base(name), platform))
}

const lambdaPlatform = "AWSLambda-SHA384-ECDSA"

// signedName is the name of a signed file. Archives keep their extension.
func signedName(base, platform string) string {
	extension := filepath.Ext(base)
	stem := strings.TrimSuffix(base, extension)
	switch {
	case platform != lambdaPlatform:
		extension = ".json"
	case extension == "":
		extension = ".zip"
	}
	return stem + "-signed" + extension
}

// signAnswer tells what became of each file.
func (s *session) signAnswer(files []*signFile) *document.Object {
	all := document.List{}
	for _, f := range files {
		all = append(all, s.fileAnswer(f))
	}
	return document.New(member{Name: "files", Value: all})
}

func (s *session) fileAnswer(f *signFile) *document.Object {
	a := document.New(member{Name: "file", Value: f.name})
	if f.signed.job != "" {
		a.Set("jobId", f.signed.job)
	}
	switch {
	case errors.Is(f.err, local.ErrSigned):
		a.Set("skipped", true)
	case f.err != nil:
		a.Set("error", s.complaint(f.err).text)
	default:
		object := document.New(member{Name: "bucketName", Value: f.signed.bucket}, member{Name: "key", Value: f.signed.key})
		a.Set("signedObject", document.New(member{Name: "s3", Value: object}))
		a.Set("out", f.out)
	}
	return a
}

// filesError ends a command that could not do all of its files; each has been
// reported.
type filesError struct {
	code int
	text string
}

func (e *filesError) Error() string { return e.text }

// signFailure is the error of the files that were not signed, with the worst of
// their exit codes; nil if all were.
func (s *session) signFailure(files []*signFile) error {
	failed := &filesError{}
	n := 0
	for _, f := range files {
		if f.err == nil || errors.Is(f.err, local.ErrSigned) {
			continue
		}
		if n++; n == 1 {
			failed.text = fmt.Sprintf("%s: %s", f.name, s.complaint(f.err).text)
		}
		failed.code = max(failed.code, s.fileCode(f.err))
	}
	if n == 0 {
		return nil
	}
	if len(files) > 1 {
		failed.text = fmt.Sprintf("%d of %d files could not be signed; the first is %s", n, len(files), failed.text)
	}
	return failed
}

// fileCode is the exit code for a file: that of its error, and that of the service's
// refusals for a job that failed.
func (s *session) fileCode(err error) int {
	var failure *local.FileFailure
	if errors.As(err, &failure) {
		return exitService
	}
	return s.complaint(err).code
}
