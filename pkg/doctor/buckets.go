package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"signer/pkg/bucket"
	"signer/pkg/records"
)

// place is where a version of an object is.
type place struct{ bucket, key, version string }

func placeOf(o records.Object) place {
	if o.Version == bucket.Null {
		o.Version = ""
	}
	return place{o.Bucket, o.Key, o.Version}
}

// store examines the buckets themselves, before what jobs have in them.
func (e *examination) store(ctx context.Context) {
	err := e.buckets.Examine(ctx, !e.Quick, func(f bucket.Fault) {
		if f.Key == "" {
			e.broken = append(e.broken, f.Bucket)
			e.problem(Finding{f.Path, "is not sound: " + f.Err.Error(), orReading(f.Err, "restore it from a backup")})
			return
		}
		e.altered[place{f.Bucket, f.Key, f.VersionID}] = f
	})
	if err != nil && ctx.Err() == nil {
		e.trouble(e.at("buckets"), err, "see who may read it, and whether the disk is sound")
	}
}

// unsound tells of the versions that are not as they were put, but for those of which
// something has been told with their jobs.
func (e *examination) unsound(context.Context) {
	faults := make([]bucket.Fault, 0, len(e.altered))
	for _, f := range e.altered {
		faults = append(faults, f)
	}
	slices.SortFunc(faults, func(a, b bucket.Fault) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range faults {
		where := fmt.Sprintf("s3://%s/%s", f.Bucket, f.Key)
		if f.VersionID != "" {
			where += ", version " + f.VersionID
		}
		e.oneOf(contents, Finding{where, fmt.Sprintf("is not as it was put: %s (%s)", f.Err, filepath.Base(f.Path)),
			orReading(f.Err, "restore "+f.Path+" from a backup, or put the object again and delete this version; and see whether the disk is sound")})
	}
}

// orReading is advice, unless all that is wrong is who may read something.
func orReading(err error, advice string) string {
	if errors.Is(err, fs.ErrPermission) {
		return "see who may read it"
	}
	return advice
}

// gone tells whether err says that there is no such object, and whether somebody wanted
// that: a delete marker is in its place, or its bucket has been deleted, which only works
// once it is empty.
func (e *examination) gone(err error, bucketName string) (gone, deliberate bool) {
	var refusal *bucket.Error
	gone = errors.As(err, &refusal)
	return gone, gone && (refusal.DeleteMarker || refusal.Code == bucket.NoSuchBucket && !slices.Contains(e.broken, bucketName))
}
