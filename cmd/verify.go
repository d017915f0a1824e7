package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"signer/pkg/bucket"
	"signer/pkg/document"
	"signer/pkg/param"
	"signer/pkg/sign"
	"signer/pkg/verify"
)

// verification is one run of verify.
type verification struct {
	*session
	roots, certificates []string // names of files
	publishers          []string
	policy, at, payload string

	// What detached signatures are about may be in the home's buckets or in S3. Both are
	// opened once, and only if they are needed.
	inHome func() (bucket.Store, error)
	inS3   func() (remoteS3, error)
}

const aboutVerify = `Judge signed files as Lambda or a device would: ZIP archives for Lambda, the JSON of IoT device management and FreeRTOS, and the envelopes of Notary Project. ` +
	`What a file is, its content tells. The network is not used, unless --engine aws has AWS asked about revocations, which it tells of envelopes only, and S3 for what detached signatures are about.

The status of a file is VALID; EXPIRED, when its signature has expired; REVOKED, when the signature was; MISMATCH, when it is not signed, or not by a publisher who is trusted; ` +
	`CORRUPT, when it is not what was signed. Reasons say more. A file that cannot be judged has an error in place of a status.

Archives and envelopes carry certificates, which must lead to a root that is trusted, and have been valid at the time of signing. ` +
	`The JSON of devices carries none, no time and no publisher: the certificate must be known, as it is to the device.`

// newVerify makes the command that judges signed files.
func newVerify(s *session) *cobra.Command {
	v := &verification{session: s, policy: string(verify.Enforce)}
	c := &cobra.Command{Use: "verify", Short: "Judge signed files.", Long: aboutVerify}
	f := c.Flags()
	f.SortFlags = false
	addWords(f, &v.roots, "trust-root", "Files of root certificates in PEM to trust; by default the root of the local engine.")
	addWords(f, &v.publishers, "allowed-publishers", "The ARNs of the signing profiles, or of versions of them, whose signatures are accepted; by default all that lead to a root.")
	addText(f, &v.policy, "untrusted-artifact-on-deployment", "Whether files pass that are whole but not to be trusted, as a Lambda code signing configuration has it: "+
		"with Warn they do, with Enforce, the default, they do not.", string(verify.Warn), string(verify.Enforce))
	addText(f, &v.at, "at", "The time for which to judge whether a signature has expired; by default now.")
	addText(f, &v.payload, "payload", "The file that a detached signature is about; by default the object that it names, which is the local engine's or, with --engine aws, one of S3. For an envelope, the manifest of the image.")
	addWords(f, &v.certificates, "certificate", "Files in PEM of the certificates that may have signed JSON of devices; by default those that were imported into the local engine.")
	c.RunE = func(c *cobra.Command, names []string) error { return v.run(c.Context(), names) }
	s.nodes[c] = &node{ours: true, operands: &positional{name: "file", arity: many, doc: "The files to judge; - is standard input."},
		failed: "A file is not acceptable, or could not be judged."}
	return c
}

// errUnaccepted ends a command that has shown what is wrong with files.
var errUnaccepted = errors.New("not all files are acceptable")

// run judges the files, and tells the verdicts.
func (v *verification) run(ctx context.Context, names []string) error {
	if len(names) > 1 && slices.Contains(names, "-") {
		return usageErrorf("argument file: standard input (-) cannot be one of several")
	}
	trust, err := v.trust(ctx)
	if err != nil {
		return err
	}
	v.inHome = sync.OnceValues(func() (bucket.Store, error) { return v.homeBuckets(ctx) })
	v.inS3 = sync.OnceValues(func() (remoteS3, error) { return v.remoteS3(ctx) })
	known, done := v.revocations()
	defer done()
	trust.Revocations = known
	all := v.judgeAll(ctx, trust, names)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return v.tell(trust, all)
}

// tell shows the verdicts. Its error is that of files that are not acceptable.
func (v *verification) tell(trust *verify.Trust, all []judgement) error {
	if len(trust.Roots) == 0 && slices.ContainsFunc(all, func(j judgement) bool { return j.wantsRoot }) {
		fmt.Fprintf(v.env.Stderr, "%s: The local engine has no root certificate yet. Name those to trust with --trust-root.\n", v.name)
	}
	files := document.List{}
	for _, j := range all {
		files = append(files, j.shown)
	}
	if err := v.print("verify", document.New(member{Name: "files", Value: files})); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(j judgement) bool { return !j.accepted }) {
		return errUnaccepted
	}
	return nil
}

// judgement is what became of a file. Verdicts are not kept: each has certificates,
// and there may be many files.
type judgement struct {
	shown     *document.Object
	accepted  bool
	wantsRoot bool // the verdict hangs on what roots are trusted
}

// judgeAll judges files, several at once.
func (v *verification) judgeAll(ctx context.Context, trust *verify.Trust, names []string) []judgement {
	all := make([]judgement, len(names))
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	var working sync.WaitGroup
	for i, name := range names {
		places <- struct{}{}
		working.Go(func() {
			defer func() { <-places }()
			verdict, err := v.judge(ctx, trust, name)
			all[i] = v.judgement(name, verdict, err)
		})
	}
	working.Wait()
	return all
}

// judgement is that of a file which got a verdict, or an error in its place.
func (v *verification) judgement(name string, verdict *verify.Verdict, err error) judgement {
	if err != nil {
		return judgement{shown: document.New(member{Name: "file", Value: name}, member{Name: "error", Value: v.plainError(err)})}
	}
	return judgement{
		shown:     v.show(name, verdict),
		accepted:  v.accepts(verdict),
		wantsRoot: verdict.Object != nil && verdict.Object.Chain != nil,
	}
}

func (v *verification) accepts(verdict *verify.Verdict) bool {
	return verify.Policy(v.policy).Accepts(verdict.Status)
}

func (v *verification) judge(ctx context.Context, trust *verify.Trust, name string) (*verify.Verdict, error) {
	object, err := v.openSource(name)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	own := *trust
	own.Fetch = func(ctx context.Context, at sign.Location) (io.ReadCloser, error) {
		return v.fetch(ctx, at, filepath.Dir(name))
	}
	return own.Judge(ctx, object)
}

// badWord is a mistake in the value of an option.
func badWord(flag, format string, args ...any) error {
	return &param.Error{Text: fmt.Sprintf("Error parsing parameter '--%s': %s", flag, fmt.Sprintf(format, args...))}
}
