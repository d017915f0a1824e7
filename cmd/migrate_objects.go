package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/bucket/transfer"
	"signer/pkg/records"
)

// moveObjects copies all buckets, if they are to be copied.
func (m *migration) moveObjects(ctx context.Context) error {
	if m.objectsTo == "" {
		return nil
	}
	at, err := readObjectStore(m.objectsTo)
	if err != nil {
		return err
	}
	at.once = true
	to, err := m.openS3Store(ctx, at)
	if err != nil {
		return err
	}
	done, err := m.transfer(ctx, to, at)
	if errors.Is(err, transfer.ErrDamaged) {
		return fmt.Errorf("%d damaged versions were not copied, nor what was put after them, nor the records. When they are restored or deleted, go on with the same command", done.Damaged)
	}
	if err != nil {
		return fmt.Errorf("copy objects to %s: %w", m.objectsTo, plainly{err})
	}
	for _, c := range []member{{Name: "buckets", Value: int64(done.Buckets)}, {Name: "versions", Value: int64(done.Versions)},
		{Name: "deleteMarkers", Value: int64(done.Markers)}, {Name: "bytes", Value: done.Bytes}, {Name: "unfinishedUploads", Value: int64(done.Uploads)}} {
		m.answer.Set(c.Name, c.Value)
	}
	return nil
}

// transfer copies all buckets of the home, shows how far it is, and remembers what
// versions are called now.
func (m *migration) transfer(ctx context.Context, to bucket.Store, at objectStore) (transfer.Tally, error) {
	bar := newProgress(m.env)
	defer bar.clear()
	return transfer.Run(ctx, transfer.Config{
		From:      m.bucketsIn(m.home, m.env.Now),
		To:        to,
		OneRegion: at.endpoint == "" && at.bucket == "", // a client of AWS is one of a region
		Damaged:   func(v transfer.Version, err error) { bar.clear(); m.warnOfDamage(v, err) },
		Progress: func(doing transfer.Phase, p transfer.Progress) {
			bar.draw(func() string { return transferred(doing, p) })
		},
		Moved: func(ctx context.Context, v transfer.Version, id string) error {
			return m.moves.Add(ctx, records.Object{Bucket: v.Bucket, Key: v.Key, Version: v.ID}, id)
		},
	})
}

// plainly is an error of a store on the way, and not what an operation answers.
type plainly struct{ err error }

func (p plainly) Error() string { return p.err.Error() }

func (m *migration) warnOfDamage(v transfer.Version, err error) {
	fmt.Fprintf(m.env.Stderr, "warning: %s was not copied: %v. Restore its file from a backup, or delete it with: %s s3api delete-object --bucket %s --key %s --version-id %s\n",
		v, err, m.name, v.Bucket, shellQuoted(v.Key), v.ID)
}

// shellQuoted is a text as a word of a shell.
func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// transferred is a line that says how far a copy is.
func transferred(doing transfer.Phase, p transfer.Progress) string {
	done, all := p.Done.Versions+p.Done.Markers, p.Total.Versions+p.Total.Markers
	if doing == transfer.Looking {
		return fmt.Sprintf("%d versions, %d MB", all, p.Total.Bytes>>20)
	}
	part := int64(done)*500/int64(max(all, 1)) + p.Done.Bytes*500/max(p.Total.Bytes, 1)
	return fmt.Sprintf("%-7s %s  %s versions, %s MB", doing, gauge(part, 1000), of(int64(done), int64(all)), of(p.Done.Bytes>>20, p.Total.Bytes>>20))
}

// of is so much of a whole, always as wide.
func of(n, whole int64) string { return fmt.Sprintf("%*d of %d", len(fmt.Sprint(whole)), n, whole) }
