package transfer

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
	"signer/pkg/interrupt"
)

// mostTries is how often a version is tried again.
const mostTries = 6

// mayPass tells whether what went wrong may go better another time: the network, the
// server's own trouble, or a condition that no longer held since an earlier request came
// through after all.
func mayPass(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, errSpoilt) || errors.Is(err, errNoID) {
		return false
	}
	var refused *bucket.Error
	if !errors.As(err, &refused) {
		return true
	}
	return refused.Status >= 500 && refused.Status != http.StatusNotImplemented || refused.Status == http.StatusTooManyRequests ||
		refused.Code == bucket.PreconditionFailed || refused.Code == "ConditionalRequestConflict" || refused.Code == "RequestTimeout"
}

// rest waits before the next try.
func rest(ctx context.Context, tries int) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(50 * time.Millisecond << tries):
		return nil
	}
}

// errNoID says that a bucket keeps no versions yet.
var errNoID = errors.New("the target gave it no id of its own: a bucket begins to keep versions some minutes after it was told to. Go on with the same command then")

// errSpoilt says that the version in the source is damaged, which has been told.
var errSpoilt = errors.New("it is damaged")

// put makes a version in the target on top of what is there, and returns what there is
// then.
func (r *run) put(ctx context.Context, p *plan, t twin, v bucket.Version, on top) (top, error) {
	now := top{on.n + 1, bucket.Info{DeleteMarker: v.DeleteMarker}}
	if v.DeleteMarker {
		return now, r.hide(ctx, p, t.src.key, on)
	}
	object, err := r.From.Get(ctx, p.Name, t.src.key, t.src.id(v))
	if errors.Is(err, bucket.ErrDamaged) {
		return on, r.spoilt(t, v, err)
	}
	if err != nil {
		return on, err
	}
	defer object.Close()
	o := &parcel{run: r, bucket: p.Name, key: t.src.key, object: object, version: v.VersionID}
	o.on(on)
	stored, err := o.send(ctx)
	if err == nil && p.from.keeps && stored.VersionID == "" {
		err = errNoID
	}
	now.current.ETag = stored.ETag
	return now, err
}

// hide puts a delete marker on top of what is there.
func (r *run) hide(ctx context.Context, p *plan, key string, on top) error {
	var c bucket.Conditions
	if !on.current.DeleteMarker {
		c.IfMatch = on.current.ETag
	}
	d, err := r.To.DeleteIf(ctx, p.Name, key, "", c)
	if c.IfMatch != "" && bucket.IsCode(err, bucket.NotImplemented) {
		d, err = r.To.Delete(ctx, p.Name, key, "")
	}
	if err == nil && d.VersionID == bucket.Null {
		err = errNoID
	}
	return err
}

// spoilt tells of a version that is damaged.
func (r *run) spoilt(t twin, v bucket.Version, err error) error {
	r.damage(t.src.version(v), err)
	return errSpoilt
}

// parcel is a version on its way.
type parcel struct {
	*run
	bucket, key, version string
	object               *bucket.Object

	ifNoneMatch, ifMatch string
}

// on says what the current object in the target must be. A request of a process that
// was killed may still come through: then this one must not.
func (o *parcel) on(there top) {
	switch {
	case there.n == 0:
		o.ifNoneMatch = "*"
	case !there.current.DeleteMarker:
		o.ifMatch = there.current.ETag
	}
}

// largest is the most bytes that S3 takes in one piece.
const largest = 5 << 30

// send sends the object, in the parts that it came in if it did. Where the target
// cannot keep its checksum it is sent without, and guarded by its MD5.
func (o *parcel) send(ctx context.Context) (bucket.Stored, error) {
	parts, err := o.layout(ctx)
	if err != nil {
		return bucket.Stored{}, err
	}
	send := o.whole
	if parts != nil {
		send = func(ctx context.Context) (bucket.Stored, error) { return o.inParts(ctx, parts) }
	}
	stored, err := send(ctx)
	if o.object.Checksum.Value != "" && unable(err) {
		o.object.Checksum = bucket.Checksum{}
		stored, err = send(ctx)
	}
	if o.ifMatch != "" && bucket.IsCode(err, bucket.NotImplemented) {
		o.ifMatch = ""
		stored, err = send(ctx)
	}
	return stored, err
}

// unable tells whether a server has refused what it does not know.
func unable(err error) bool {
	return bucket.IsCode(err, bucket.InvalidRequest) || bucket.IsCode(err, bucket.InvalidArgument) || bucket.IsCode(err, bucket.NotImplemented)
}

func (o *parcel) body() *io.SectionReader { return io.NewSectionReader(o.object, 0, o.object.Size) }

// whole sends the object in one piece.
func (o *parcel) whole(ctx context.Context) (bucket.Stored, error) {
	i := o.object.Info
	opts := bucket.PutOptions{ContentType: i.ContentType, Metadata: i.Metadata, Headers: i.Headers, Tags: i.Tags,
		IfNoneMatch: o.ifNoneMatch, IfMatch: o.ifMatch, ContentMD5: md5Of(i.ETag)}
	if i.Checksum.Value != "" && i.Checksum.Type != bucket.Composite {
		opts.Checksum = bucket.Checksum{Algorithm: i.Checksum.Algorithm, Value: i.Checksum.Value}
	}
	stored, err := o.To.Put(ctx, o.bucket, o.key, o.body(), opts)
	if bucket.IsCode(err, bucket.BadDigest) {
		err = cmp.Or(o.examine(ctx), err)
	}
	return stored, err
}

// examine finds out whether the bytes in the source are what is told of them.
func (o *parcel) examine(ctx context.Context) error {
	told := map[checksum.Algorithm]string{checksum.MD5: md5Of(o.object.ETag)}
	if sum := o.object.Checksum; sum.Type != bucket.Composite {
		told[sum.Algorithm] = sum.Value
	}
	for a, want := range told {
		h := a.New()
		if want == "" || h == nil {
			continue
		}
		sum, err := digest(ctx, h, o.body())
		if err != nil {
			return err
		}
		if checksum.Encode(sum) != want {
			return o.damaged(fmt.Sprintf("its bytes do not have their %s", a))
		}
	}
	return nil
}

// digest reads all of r into a hash.
func digest(ctx context.Context, h hash.Hash, r io.Reader) ([]byte, error) {
	_, err := io.Copy(h, interrupt.Reader(ctx, r))
	return h.Sum(nil), err
}

// damaged tells what is wrong with the version.
func (o *parcel) damaged(why string) error {
	o.damage(Version{o.bucket, o.key, o.version}, fmt.Errorf("%w: %s", bucket.ErrDamaged, why))
	return errSpoilt
}

// md5Of is the MD5 that an entity tag tells, in base64; "" if it tells none.
func md5Of(tag string) string {
	sum, err := hex.DecodeString(strings.Trim(tag, `"`))
	if err != nil || len(sum) != checksum.MD5.Size() {
		return ""
	}
	return checksum.Encode(sum)
}
