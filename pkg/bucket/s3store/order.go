package s3store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// versionOrder is the order in which an answer tells versions and delete
// markers. The SDK sorts them into two lists, and the times in these are too
// coarse to put them together again.
type versionOrder struct{ at map[listed]int }

// listed is an entry of a listing in XML.
type listed struct {
	Key       string
	VersionID string `xml:"VersionId"`
}

// maxListing is more than a page of 1000 entries can have.
const maxListing = 64 << 20

// record has a request note the order of its answer.
func (o *versionOrder) record(options *s3.Options) {
	options.APIOptions = append(options.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("VersionOrder", o.handle), middleware.After)
	})
}

// handle reads the answer before the SDK does.
func (o *versionOrder) handle(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	r, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok {
		return out, metadata, err
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxListing))
	if err == nil {
		err = r.Body.Close()
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	o.at = parseOrder(text)
	return out, metadata, err
}

// parseOrder numbers the entries of a listing. Where that is not the XML that it
// should be, the SDK will say so.
func parseOrder(text []byte) map[listed]int {
	at := map[listed]int{}
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			return at
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "Version" && start.Name.Local != "DeleteMarker" {
			continue
		}
		var e listed
		if err := d.DecodeElement(&e, &start); err != nil {
			return at
		}
		at[e] = len(at)
	}
}

// compare orders entries of the answer by key and then as the answer does. Some
// servers tell all delete markers after all versions; there at least the latest
// of a key comes first.
func (o *versionOrder) compare(a, b entry) int {
	if c := cmp.Compare(a.Key, b.Key); c != 0 || a.Latest != b.Latest {
		return cmp.Or(c, map[bool]int{true: -1, false: 1}[a.Latest])
	}
	return cmp.Compare(o.at[a.raw], o.at[b.raw])
}
