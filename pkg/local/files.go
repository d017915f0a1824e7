package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
	"signer/pkg/sign"
)

// How a file is signed without a bucket:
//
//  1. The file is hashed while it is signed, into a draft that nobody sees.
//  2. Once the draft is durable the job is recorded, as one that has ended. Its
//     token is made of the file's hash, the version of the profile and the
//     target, so that a file is signed once for a target.
//  3. The draft gets its name, if nothing has that name yet.
//
// A process that dies before 2 leaves nothing. One that dies before 3 leaves a job
// whose file is missing, as it is when somebody has deleted it: whoever asks for it
// again gets the signature of that job once more, with the claims that it has.

// FileBucket stands in records where the name of a bucket would, for files. No
// bucket can have that name. The key is the path of the file, and the version of a
// source its SHA-256.
const FileBucket = "file:"

// File is a file to be signed. The caller closes what it opened for it.
type File struct {
	Name    string // its absolute path, or whatever says best where it is from
	Content sign.Source
	Target  Target

	Token    string                  // "" is made of content, profile and target
	Check    func() error            // tells, once Content has been read, whether it changed meanwhile; nil: it cannot
	Progress func(done, total int64) // is told how much of the work is done; nil: nobody is
}

// Target is where the signed form of a file goes.
type Target interface {
	// Name is its absolute path, or whatever says best where it is.
	Name() string
	// Open opens what is there: fs.ErrNotExist if nothing is.
	Open() (Content, error)
	// Draft begins to write what is to be there.
	Draft() (Draft, error)
}

// Content is an open file.
type Content interface {
	sign.Source
	io.Closer
}

// Draft is a file that nobody sees yet.
type Draft interface {
	io.Writer
	// Sync makes what was written durable.
	Sync() error
	// Place gives the file its place, durably: fs.ErrExist, and nothing is changed,
	// if there is one already.
	Place() error
	// Discard closes the draft, and throws it away if it has no place.
	Discard() error
}

// FileFailure is the error of a file whose job failed: it cannot be signed.
type FileFailure struct{ JobID, Reason string }

func (f *FileFailure) Error() string { return f.Reason }

// ErrSigned is the error of a file that is signed already, and for which no job was
// made.
var ErrSigned = errors.New("it is signed already")

// FileSigner signs files with one version of a profile. Its methods may be called
// concurrently.
type FileSigner struct {
	engine   *Engine
	profile  records.Profile
	platform *platform
	identity sign.Identity

	// SkipSigned makes Sign return ErrSigned for what is signed already, which
	// else is a job that fails, or signs a signature.
	SkipSigned bool
}

// FileSigner returns who signs files with a profile, which is another account's if
// owner is given. The profile's refusals are those of StartSigningJob.
func (e *Engine) FileSigner(ctx context.Context, owner *string, profile string) (*FileSigner, error) {
	p, err := e.usable(ctx, owner, profile, "StartSigningJob")
	if err != nil {
		return nil, err
	}
	platform, err := platformOf(p.Platform)
	if err != nil {
		return nil, err
	}
	if platform.sign == nil {
		return nil, invalid(codeInvalidJobParameters, "Platform %s does not sign objects. Use SignPayload.", p.Platform)
	}
	id, err := e.identity(ctx, platform, records.Job{Partition: p.Partition, Certificate: p.Certificate, CreatedAt: e.clock()})
	if err != nil {
		return nil, err
	}
	return &FileSigner{engine: e, profile: p, platform: platform, identity: id}, nil
}

// Platform is the id of the profile's platform.
func (s *FileSigner) Platform() string { return s.platform.id }

// Sign signs a file and answers its job. The signed file and the record are durable
// when Sign returns. A file that was signed for this target before, in whatever
// process, is the same job's; what else is there at the target is left alone, and
// is an error.
func (s *FileSigner) Sign(ctx context.Context, f File) (types.SigningJob, error) {
	w := s.begin(ctx, f)
	defer w.end()
	job, err := w.run(ctx)
	if err != nil {
		return types.SigningJob{}, err
	}
	return jobRow(job), nil
}

// fileWork is the work on one file.
type fileWork struct {
	*FileSigner
	File
	hashing context.CancelFunc
	hashed  chan struct{} // closed once sum and hashErr are final
	sum     string        // the SHA-256 of the source, in hex
	hashErr error
}

// begin begins to hash the source, beside what else is done with it.
func (s *FileSigner) begin(ctx context.Context, f File) *fileWork {
	if f.Check == nil {
		f.Check = func() error { return nil }
	}
	if f.Progress == nil {
		f.Progress = func(int64, int64) {}
	}
	w := &fileWork{FileSigner: s, File: f, hashed: make(chan struct{})}
	ctx, w.hashing = context.WithCancel(ctx)
	go func() {
		defer close(w.hashed)
		w.sum, w.hashErr = hash(ctx, f.Content)
	}()
	return w
}

// end returns when nobody reads the source any more.
func (w *fileWork) end() {
	w.hashing()
	<-w.hashed
}

// hashChunk is how much of a source is read at once.
const hashChunk = 256 << 10

func hash(ctx context.Context, src sign.Source) (string, error) {
	h := sha256.New()
	buf := make([]byte, max(1, min(src.Size(), hashChunk)))
	for at := int64(0); at < src.Size(); {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		n, err := src.ReadAt(buf[:min(int64(len(buf)), src.Size()-at)], at)
		if n == 0 {
			return "", fmt.Errorf("read the source at %d: %w", at, orEnded(err))
		}
		h.Write(buf[:n])
		at += int64(n)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// orEnded is why nothing could be read where there should have been something.
func orEnded(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// digest waits for the hash of the source, which has been the same all the time.
func (w *fileWork) digest() (string, error) {
	<-w.hashed
	if w.hashErr != nil {
		return "", w.hashErr
	}
	return w.sum, w.Check()
}

// run does the work.
func (w *fileWork) run(ctx context.Context) (records.Job, error) {
	if w.SkipSigned && w.isSigned(ctx) {
		return records.Job{}, ErrSigned
	}
	there, err := w.Target.Open()
	switch {
	case err == nil:
		defer there.Close()
		return w.confirm(ctx, there)
	case errors.Is(err, fs.ErrNotExist):
		return w.make(ctx)
	}
	return records.Job{}, err
}

// isSigned tells whether the source is what the platform writes.
func (w *fileWork) isSigned(ctx context.Context) bool {
	if w.platform.imported {
		return sign.IsSignedJSON(w.Content)
	}
	return sign.IsSignedArchive(ctx, w.Content)
}

// make signs the file anew, unless it turns out that it was signed before.
func (w *fileWork) make(ctx context.Context) (records.Job, error) {
	job, err := w.engine.jobOf(w.profile)
	if err != nil {
		return job, err
	}
	job.Destination = records.Destination{Bucket: FileBucket, Prefix: w.Target.Name()}
	draft, err := w.draft(ctx, job, w.identity)
	var refusal *sign.Refusal
	switch {
	case errors.As(err, &refusal):
		job.Result = records.Result{Status: failed, Reason: refusal.Reason}
	case err != nil:
		return job, err
	default:
		defer draft.Discard()
		job.Result = (&piece{job: job, platform: w.platform, claims: claims(job)}).success("")
	}
	job.CompletedAt = w.engine.clock()
	recorded, isNew, err := w.record(ctx, job)
	switch {
	case err != nil:
		return job, err
	case !isNew:
		return w.repeat(ctx, recorded)
	case recorded.Status == failed:
		return recorded, &FileFailure{recorded.ID, recorded.Result.Reason}
	}
	return recorded, w.place(ctx, draft, recorded)
}

// draft signs the source with the claims of a job. The draft is durable; the caller
// discards it.
func (w *fileWork) draft(ctx context.Context, job records.Job, id sign.Identity) (Draft, error) {
	draft, err := w.Target.Draft()
	if err != nil {
		return nil, err
	}
	if err = w.write(ctx, draft, job, id); err == nil {
		err = draft.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, draft.Discard())
	}
	return draft, nil
}

// write signs the source into dst.
func (w *fileWork) write(ctx context.Context, dst io.Writer, job records.Job, id sign.Identity) error {
	if err := sign.CheckSize(w.Content.Size(), w.platform.maxSize); err != nil {
		return err
	}
	p := &piece{job: job, platform: w.platform, identity: id, claims: claims(job), random: w.engine.random,
		source: &watched{source: w.Content, size: w.Content.Size(), total: w.platform.work * w.Content.Size(), tell: w.Progress}}
	if w.platform.imported { // such signatures say which version they are of
		sum, err := w.digest()
		if err != nil {
			return err
		}
		p.location = sign.Location{Bucket: FileBucket, Key: baseName(w.Name), Version: sum}
	}
	return w.platform.sign(ctx, dst, p)
}

// baseName is the last part of a path of any system. A signature that is given to
// others has no use for the rest.
func baseName(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }
