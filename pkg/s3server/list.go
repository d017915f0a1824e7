package s3server

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"net/url"
	"strings"
	"unicode"

	"signer/pkg/bucket"
)

type prefixXML struct{ Prefix string }

type objectXML struct {
	Key               string
	LastModified      stamp
	ETag              string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              int64
	StorageClass      string
	Owner             *owner
}

// listing is what the listings of a bucket have in common.
type listing struct {
	prefix, delimiter string
	encoded           bool
	limit             int // what is asked for
	x                 *exchange
}

// listing reads the parameters. limit is the name of the one that limits a page.
func (x *exchange) listing(limit string) (listing, error) {
	l := listing{prefix: x.query["prefix"], delimiter: x.query["delimiter"], x: x}
	switch encoding := x.query["encoding-type"]; encoding {
	case "":
	case "url":
		l.encoded = true
	default:
		return l, badArgument("encoding-type", encoding, "Invalid Encoding Method specified in Request")
	}
	var err error
	l.limit, err = x.number(limit, bucket.MaxKeys)
	return l, err
}

// most is how many entries a page has at most, which is told.
func (l listing) most() int { return min(l.limit, bucket.MaxKeys) }

// text writes a key as the request wants it: S3 writes it like the query of a URL if it
// is told to, since XML cannot hold every key.
func (l listing) text(key string) string {
	if l.encoded {
		return urlEncoded(key)
	}
	return key
}

func urlEncoded(key string) string {
	return strings.NewReplacer("%2F", "/", "%2A", "*", "+", "%20").Replace(url.QueryEscape(key))
}

func (l listing) prefixes(all []string) (told []prefixXML) {
	for _, p := range all {
		told = append(told, prefixXML{l.text(p)})
	}
	return told
}

func (l listing) encodingType() string {
	if l.encoded {
		return "url"
	}
	return ""
}

func (l listing) objects(all []bucket.Info, owner *owner) (told []objectXML) {
	for _, o := range all {
		told = append(told, objectXML{
			Key: l.text(o.Key), LastModified: stamp(o.LastModified), ETag: o.ETag, Size: o.Size, StorageClass: "STANDARD", Owner: owner,
			ChecksumAlgorithm: string(o.Checksum.Algorithm), ChecksumType: string(o.Checksum.Type),
		})
	}
	return told
}

// ask asks the store for a page, unless it is to have no entries, for which stores
// have no word. The bucket must be there all the same.
func ask[O, P any](l listing, list func(context.Context, string, O) (P, error), opts O) (P, error) {
	x := l.x
	if l.limit == 0 {
		var none P
		_, err := x.store.HeadBucket(x.r.Context(), x.bucket)
		return none, err
	}
	return list(x.r.Context(), x.bucket, opts)
}

func (l listing) objectPage(after, token string) (bucket.ObjectPage, error) {
	return ask(l, l.x.store.ListObjects, bucket.ListOptions{Prefix: l.prefix, Delimiter: l.delimiter, StartAfter: after, Token: token, MaxKeys: l.limit})
}

type listXML struct {
	Name           string
	Prefix         string `xml:",omitempty"`
	Marker         string `xml:",omitempty"`
	NextMarker     string `xml:",omitempty"`
	MaxKeys        int
	Delimiter      string `xml:",omitempty"`
	EncodingType   string `xml:",omitempty"`
	IsTruncated    bool
	Contents       []objectXML
	CommonPrefixes []prefixXML
}

// listObjects is the first version of the call.
func (x *exchange) listObjects() error {
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	marker := x.query["marker"]
	page, err := l.objectPage(marker, "")
	if err != nil {
		return err
	}
	out := listXML{
		Name: x.bucket, Prefix: l.text(l.prefix), Marker: l.text(marker), MaxKeys: l.most(), Delimiter: l.text(l.delimiter), EncodingType: l.encodingType(),
		IsTruncated: page.Truncated, Contents: l.objects(page.Objects, x.owner()), CommonPrefixes: l.prefixes(page.Prefixes),
	}
	if page.Truncated {
		out.NextMarker = l.text(page.NextToken)
	}
	return x.answer("ListBucketResult", out)
}

type listV2XML struct {
	Name                  string
	Prefix                string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	KeyCount              int
	MaxKeys               int
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	Contents              []objectXML
	CommonPrefixes        []prefixXML
}

func (x *exchange) listObjectsV2() error {
	if x.query["list-type"] != "2" {
		return badArgument("list-type", x.query["list-type"], "Invalid List Type specified in Request")
	}
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	token, err := x.continuation()
	if err != nil {
		return err
	}
	if x.query["start-after"] > token { // both are heeded
		token = ""
	}
	page, err := l.objectPage(x.query["start-after"], token)
	if err != nil {
		return err
	}
	var owner *owner
	if x.query["fetch-owner"] == "true" {
		owner = x.owner()
	}
	out := listV2XML{
		Name: x.bucket, Prefix: l.text(l.prefix), StartAfter: l.text(x.query["start-after"]), ContinuationToken: x.query["continuation-token"],
		KeyCount: len(page.Objects) + len(page.Prefixes), MaxKeys: l.most(), Delimiter: l.text(l.delimiter), EncodingType: l.encodingType(),
		IsTruncated: page.Truncated, Contents: l.objects(page.Objects, owner), CommonPrefixes: l.prefixes(page.Prefixes),
	}
	if page.Truncated {
		out.NextContinuationToken = tokenOf(page.NextToken)
	}
	return x.answer("ListBucketResult", out)
}

// tokenPrefix begins tokens that are not the store's as they are: a document cannot
// hold all of these.
const tokenPrefix = "base64:"

func tokenOf(token string) string {
	if !strings.HasPrefix(token, tokenPrefix) && strings.TrimSpace(token) == token && !strings.ContainsFunc(token, unicode.IsControl) {
		return token
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(token))
}

// continuation reads the token of a page.
func (x *exchange) continuation() (string, error) {
	token, given := x.query["continuation-token"]
	wrong := given && token == ""
	if text, coded := strings.CutPrefix(token, tokenPrefix); coded {
		b, err := base64.RawURLEncoding.DecodeString(text)
		token, wrong = string(b), err != nil
	}
	if wrong {
		return "", badArgument("continuation-token", x.query["continuation-token"], "The continuation token provided is incorrect")
	}
	return token, nil
}

type versionXML struct {
	XMLName           xml.Name
	Key               string
	VersionID         string `xml:"VersionId"`
	IsLatest          bool
	LastModified      stamp
	ETag              string `xml:",omitempty"`
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              *int64
	StorageClass      string `xml:",omitempty"`
	Owner             *owner
}

type versionsXML struct {
	Name                string
	Prefix              string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	Delimiter           string `xml:",omitempty"`
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Entries             []versionXML
	CommonPrefixes      []prefixXML
}

func (x *exchange) listVersions() error {
	if strings.HasPrefix(x.query["max-keys"], "-") {
		return badArgument("maxKeys", x.query["max-keys"], "max-keys cannot be negative")
	}
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	page, err := ask(l, x.store.ListVersions, bucket.VersionOptions{Prefix: l.prefix, Delimiter: l.delimiter,
		KeyMarker: x.query["key-marker"], VersionMarker: x.query["version-id-marker"], MaxKeys: l.limit})
	if err != nil {
		return err
	}
	out := versionsXML{
		Name: x.bucket, Prefix: l.text(l.prefix), KeyMarker: l.text(x.query["key-marker"]), VersionIDMarker: x.query["version-id-marker"],
		NextKeyMarker: l.text(page.NextKeyMarker), NextVersionIDMarker: page.NextVersionMarker, MaxKeys: l.most(), Delimiter: l.text(l.delimiter),
		EncodingType: l.encodingType(), IsTruncated: page.Truncated, CommonPrefixes: l.prefixes(page.Prefixes),
	}
	for _, v := range page.Versions {
		out.Entries = append(out.Entries, l.version(v))
	}
	return x.answer("ListVersionsResult", out)
}

// version tells a version or a delete marker, which are told in one order.
func (l listing) version(v bucket.Version) versionXML {
	told := versionXML{Key: l.text(v.Key), VersionID: v.VersionID, IsLatest: v.Latest, LastModified: stamp(v.LastModified), Owner: l.x.owner()}
	told.XMLName.Local = "DeleteMarker"
	if v.DeleteMarker {
		return told
	}
	told.XMLName.Local = "Version"
	told.ETag, told.Size, told.StorageClass = v.ETag, &v.Size, "STANDARD"
	told.ChecksumAlgorithm, told.ChecksumType = string(v.Checksum.Algorithm), string(v.Checksum.Type)
	return told
}
