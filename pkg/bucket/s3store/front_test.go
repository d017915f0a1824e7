package s3store_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"signer/pkg/bucket"
)

// front speaks as much of S3's protocol as the store uses, over a store that has
// S3's semantics. It takes any signature, and path-style addresses only.
//
// No server that can be had for tests does all that S3 does: see the lacks of
// moto and versitygw. This one does, by way of [bucket.Dir], so that the suite
// tests everything the client side has to understand.
type front struct{ bucket.Store }

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	serve := f.serveKey
	switch {
	case name == "":
		serve = f.serveAll
	case key == "":
		serve = f.serveBucket
	}
	if err := serve(w, r, name, key); err != nil {
		writeError(w, r, err)
	}
}

func writeError(w http.ResponseWriter, r *http.Request, err error) {
	var e *bucket.Error
	if !errors.As(err, &e) {
		e = &bucket.Error{Code: "InternalError", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	if e.DeleteMarker {
		w.Header().Set("x-amz-delete-marker", "true")
		w.Header().Set("x-amz-version-id", e.VersionID)
	}
	w.WriteHeader(e.Status)
	if r.Method != http.MethodHead {
		writeXML(w, "Error", struct{ Code, Message string }{e.Code, e.Message})
	}
}

func writeXML(w io.Writer, root string, v any) {
	_ = xml.NewEncoder(w).EncodeElement(v, xml.StartElement{Name: xml.Name{Local: root}})
}

func (f front) serveAll(w http.ResponseWriter, r *http.Request, _, _ string) error {
	all, err := f.ListBuckets(r.Context())
	if err != nil {
		return err
	}
	type one struct {
		Name, BucketRegion string
		CreationDate       time.Time
	}
	var out struct {
		Bucket []one `xml:"Buckets>Bucket"`
	}
	for _, b := range all {
		out.Bucket = append(out.Bucket, one{b.Name, b.Region, b.Created})
	}
	writeXML(w, "ListAllMyBucketsResult", out)
	return nil
}

func (f front) serveBucket(w http.ResponseWriter, r *http.Request, name, _ string) error {
	q := r.URL.Query()
	switch r.Method + " " + firstOf(q, "versioning", "versions", "list-type") {
	case "PUT ":
		return f.create(r, name)
	case "DELETE ":
		return f.DeleteBucket(r.Context(), name)
	case "HEAD ":
		b, err := f.HeadBucket(r.Context(), name)
		w.Header().Set("x-amz-bucket-region", b.Region)
		return err
	case "PUT versioning":
		var in struct{ Status bucket.Versioning }
		if err := xml.NewDecoder(r.Body).Decode(&in); err != nil {
			return err
		}
		return f.PutVersioning(r.Context(), name, in.Status)
	case "GET versioning":
		v, err := f.Versioning(r.Context(), name)
		if err == nil {
			writeXML(w, "VersioningConfiguration", struct{ Status bucket.Versioning }{v})
		}
		return err
	case "GET versions":
		return f.listVersions(w, r, name, q)
	case "GET list-type":
		return f.listObjects(w, r, name, q)
	}
	return bucket.NewError(bucket.MethodNotAllowed)
}

func firstOf(q url.Values, names ...string) string {
	for _, n := range names {
		if q.Has(n) {
			return n
		}
	}
	return ""
}

func (f front) create(r *http.Request, name string) error {
	var in struct{ LocationConstraint string }
	if err := xml.NewDecoder(r.Body).Decode(&in); err != nil && err != io.EOF {
		return err
	}
	return f.CreateBucket(r.Context(), name, bucket.CreateOptions{Region: in.LocationConstraint})
}

// xmlEntry is an object, a version or a delete marker in a listing.
type xmlEntry struct {
	XMLName      xml.Name
	Key          string
	VersionID    string `xml:"VersionId,omitempty"`
	IsLatest     bool
	LastModified time.Time
	ETag         string `xml:",omitempty"`
	Size         int64
}

type xmlPrefix struct{ Prefix string }

func xmlPrefixes(all []string) (out []xmlPrefix) {
	for _, p := range all {
		out = append(out, xmlPrefix{url.QueryEscape(p)})
	}
	return out
}

func entryOf(tag string, i bucket.Info) xmlEntry {
	return xmlEntry{
		XMLName: xml.Name{Local: tag}, Key: url.QueryEscape(i.Key), VersionID: i.VersionID, LastModified: i.LastModified, ETag: i.ETag, Size: i.Size,
	}
}

func (f front) listObjects(w http.ResponseWriter, r *http.Request, name string, q url.Values) error {
	page, err := f.ListObjects(r.Context(), name, bucket.ListOptions{
		Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), StartAfter: q.Get("start-after"), Token: q.Get("continuation-token"), MaxKeys: number(q.Get("max-keys")),
	})
	if err != nil {
		return err
	}
	out := struct {
		EncodingType          string
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []xmlEntry
		CommonPrefixes        []xmlPrefix
	}{EncodingType: q.Get("encoding-type"), IsTruncated: page.Truncated, NextContinuationToken: page.NextToken, CommonPrefixes: xmlPrefixes(page.Prefixes)}
	for _, o := range page.Objects {
		out.Contents = append(out.Contents, entryOf("Contents", o))
	}
	writeXML(w, "ListBucketResult", out)
	return nil
}

func (f front) listVersions(w http.ResponseWriter, r *http.Request, name string, q url.Values) error {
	page, err := f.ListVersions(r.Context(), name, bucket.VersionOptions{
		Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), KeyMarker: q.Get("key-marker"), VersionMarker: q.Get("version-id-marker"), MaxKeys: number(q.Get("max-keys")),
	})
	if err != nil {
		return err
	}
	out := struct {
		EncodingType        string
		IsTruncated         bool
		NextKeyMarker       string `xml:",omitempty"`
		NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
		Entries             []xmlEntry
		CommonPrefixes      []xmlPrefix
	}{EncodingType: q.Get("encoding-type"), IsTruncated: page.Truncated, NextKeyMarker: url.QueryEscape(page.NextKeyMarker),
		NextVersionIDMarker: page.NextVersionMarker, CommonPrefixes: xmlPrefixes(page.Prefixes)}
	for _, v := range page.Versions {
		e := entryOf(map[bool]string{true: "DeleteMarker", false: "Version"}[v.DeleteMarker], v.Info)
		e.IsLatest = v.Latest
		out.Entries = append(out.Entries, e)
	}
	writeXML(w, "ListVersionsResult", out)
	return nil
}

func number(s string) int {
	n, _ := strconv.Atoi(s) // 0 for none
	return n
}

func (f front) serveKey(w http.ResponseWriter, r *http.Request, name, key string) error {
	version := r.URL.Query().Get("versionId")
	switch r.Method {
	case http.MethodPut:
		return f.put(w, r, name, key)
	case http.MethodGet:
		o, err := f.Get(r.Context(), name, key, version)
		if err != nil {
			return err
		}
		defer o.Close()
		if match := r.Header.Get("If-Match"); match != "" && match != o.ETag {
			return bucket.NewError(bucket.PreconditionFailed)
		}
		describe(w.Header(), o.Info)
		_, err = o.WriteTo(w)
		return err
	case http.MethodHead:
		info, err := f.Head(r.Context(), name, key, version)
		if err == nil {
			describe(w.Header(), info)
		}
		return err
	case http.MethodDelete:
		d, err := f.Delete(r.Context(), name, key, version)
		if d.DeleteMarker {
			w.Header().Set("x-amz-delete-marker", "true")
		}
		setVersion(w.Header(), d.VersionID)
		if err == nil {
			w.WriteHeader(http.StatusNoContent)
		}
		return err
	}
	return bucket.NewError(bucket.MethodNotAllowed)
}

const metaPrefix = "X-Amz-Meta-"

func (f front) put(w http.ResponseWriter, r *http.Request, name, key string) error {
	opts := bucket.PutOptions{
		ContentType: r.Header.Get("Content-Type"), ContentMD5: r.Header.Get("Content-MD5"), IfNoneMatch: r.Header.Get("If-None-Match"), Metadata: map[string]string{},
	}
	for h, values := range r.Header {
		if meta, ok := strings.CutPrefix(h, metaPrefix); ok {
			opts.Metadata[meta] = values[0]
		}
	}
	s, err := f.Put(r.Context(), name, key, r.Body, opts)
	w.Header().Set("ETag", s.ETag)
	setVersion(w.Header(), s.VersionID)
	return err
}

func setVersion(h http.Header, id string) {
	if id != "" {
		h.Set("x-amz-version-id", id)
	}
}

func describe(h http.Header, i bucket.Info) {
	h.Set("Content-Length", strconv.FormatInt(i.Size, 10))
	h.Set("Content-Type", i.ContentType)
	h.Set("ETag", i.ETag)
	h.Set("Last-Modified", i.LastModified.Format(http.TimeFormat))
	setVersion(h, i.VersionID)
	for name, value := range i.Metadata {
		h.Set(metaPrefix+name, value)
	}
}
