package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"signer/pkg/records"
	"signer/pkg/sign"
)

// This file is about what was signed before.

// record records the job of a file, unless its token has one already.
func (w *fileWork) record(ctx context.Context, job records.Job) (_ records.Job, isNew bool, err error) {
	sum, err := w.digest()
	if err != nil {
		return job, false, err
	}
	store, err := w.engine.memory(ctx)
	if err != nil {
		return job, false, err
	}
	job.Source = records.Object{Bucket: FileBucket, Key: w.Name, Version: sum}
	for job.Token = w.token(sum); ; {
		recorded, isNew, err := w.engine.add(ctx, store, job)
		if err != nil || isNew || !w.outlived(recorded, job) {
			return recorded, isNew, err
		}
		job.Token = nextFileToken(job.Token, recorded)
	}
}

// token is the one that was given, or made of what the job is about.
func (w *fileWork) token(sum string) string {
	if w.Token != "" {
		return w.Token
	}
	return fileToken(sum, profileVersionARN(w.profile.Partition, w.profile.Name, w.profile.Version), w.Target.Name())
}

func fileToken(parts ...string) string {
	digest := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return "file-" + hex.EncodeToString(digest[:])
}

// nextFileToken is the token in place of one whose job is no longer wanted.
func nextFileToken(token string, old records.Job) string { return fileToken(token, old.ID) }

// outlived tells whether a job is no answer any more, and another is to be made:
// its signature has expired, or what it could not sign can be signed now. A token
// that was given stands for its job for ever.
func (w *fileWork) outlived(old, now records.Job) bool {
	if w.Token != "" {
		return false
	}
	return w.expired(old) || old.Status == failed && now.Status == succeeded
}

func (w *fileWork) expired(job records.Job) bool {
	return !job.ExpiresAt.IsZero() && !w.engine.clock().Before(job.ExpiresAt)
}

// repeat gives the file the signature of a job that was recorded before.
func (w *fileWork) repeat(ctx context.Context, job records.Job) (records.Job, error) {
	if err := w.stands(job); err != nil {
		return job, err
	}
	id, err := w.engine.identity(ctx, w.platform, job)
	if err != nil {
		return job, err
	}
	draft, err := w.draft(ctx, job, id)
	if err != nil {
		return job, err
	}
	defer draft.Discard()
	return job, w.place(ctx, draft, job)
}

// stands returns an error unless a job's signature is good for the file.
func (w *fileWork) stands(job records.Job) error {
	switch {
	case !w.isFor(job):
		return fmt.Errorf("the token %s is that of job %s, which is about something else: give another token", w.Token, job.ID)
	case job.Status == failed:
		return &FileFailure{job.ID, job.Result.Reason}
	case !job.Revocation.At.IsZero():
		return fmt.Errorf("job %s signed it, and was revoked: to sign it again, give a token of your own", job.ID)
	case w.expired(job):
		return fmt.Errorf("the signature of job %s has expired: give another token", job.ID)
	}
	return nil
}

// isFor tells whether a job is about this file, profile and target.
func (w *fileWork) isFor(job records.Job) bool {
	return job.Source.Bucket == FileBucket && job.Source.Version == w.sum &&
		job.Destination == records.Destination{Bucket: FileBucket, Prefix: w.Target.Name()} &&
		job.Partition == w.profile.Partition && job.ProfileVersion == w.profile.Version
}

// place gives a draft its place. What came to be there meanwhile, written by
// another process, is as good if it is of the same job.
func (w *fileWork) place(ctx context.Context, draft Draft, job records.Job) error {
	err := draft.Place()
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	there, err := w.Target.Open()
	if err != nil {
		return err
	}
	defer there.Close()
	if same, err := w.isOf(ctx, there, job); same || err != nil {
		return err
	}
	return w.occupied()
}

func (w *fileWork) occupied() error {
	return fmt.Errorf("%s is there already, and is not what was signed of this file: move it away, or choose another place", w.Target.Name())
}

// confirm finds the job that made what is at the target.
func (w *fileWork) confirm(ctx context.Context, there Content) (records.Job, error) {
	sum, err := w.digest()
	if err != nil {
		return records.Job{}, err
	}
	store, err := w.engine.memory(ctx)
	if err != nil {
		return records.Job{}, err
	}
	for token := w.token(sum); ; {
		job, err := store.JobByToken(ctx, records.Partition{Account: w.engine.caller.Account, Region: w.profile.Region}, token)
		switch {
		case errors.Is(err, records.ErrNotFound):
			return job, w.occupied()
		case err != nil:
			return job, err
		}
		same, err := w.isOf(ctx, there, job)
		if err != nil {
			return job, err
		}
		if same && !w.expired(job) {
			return job, w.stands(job)
		}
		if same {
			return job, fmt.Errorf("%s is signed, but its signature has expired: move it away to sign the file again", w.Target.Name())
		}
		if w.Token != "" {
			return job, w.occupied()
		}
		token = nextFileToken(token, job)
	}
}

// isOf tells whether a file is what a job signed.
func (w *fileWork) isOf(ctx context.Context, there Content, job records.Job) (bool, error) {
	if !w.isFor(job) || job.Status != succeeded {
		return false, nil
	}
	var refusal *sign.Refusal
	same, err := w.resembles(ctx, there, job)
	if errors.As(err, &refusal) {
		return false, nil
	}
	return same, err
}

func (w *fileWork) resembles(ctx context.Context, there Content, job records.Job) (bool, error) {
	if w.platform.imported {
		return w.sameJSON(ctx, there, job)
	}
	return sameArchive(ctx, there, job)
}

// sameArchive tells whether an archive has the job's signature, and it is good.
func sameArchive(ctx context.Context, there Content, job records.Job) (bool, error) {
	signed, err := sign.Read(ctx, there)
	if err != nil || signed.Signature == nil {
		return false, err
	}
	signature, err := sign.ParseSignature(signed.Signature)
	if err != nil {
		return false, nil
	}
	return signature.Job == claims(job).Job && signature.Check(signed.Inner) == nil, nil
}
