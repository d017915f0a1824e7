package s3server

import (
	"strconv"
	"strings"

	"signer/pkg/bucket"
)

type attributesXML struct {
	ETag         string          `xml:",omitempty"`
	Checksum     *checksumXML    `xml:",omitempty"`
	ObjectParts  *objectPartsXML `xml:",omitempty"`
	StorageClass string          `xml:",omitempty"`
	ObjectSize   *int64          `xml:",omitempty"`
}

type checksumXML struct{ All []element }

type objectPartsXML struct {
	TotalPartsCount      int `xml:"PartsCount"`
	PartNumberMarker     int
	NextPartNumberMarker int `xml:",omitempty"`
	MaxParts             int
	IsTruncated          bool
	Parts                []objectPartXML `xml:"Part"`
}

type objectPartXML struct {
	PartNumber int
	Size       int64
	Checksum   []element
}

// objectAttributes tells of an object what the request names.
func (x *exchange) objectAttributes() error {
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	wanted, err := x.attributes()
	if err != nil {
		return err
	}
	info, err := x.store.Head(x.r.Context(), x.bucket, x.key, x.query["versionId"])
	if bucket.IsCode(err, bucket.MethodNotAllowed) { // a delete marker has none
		err = bucket.NewError(bucket.NoSuchKey)
	}
	if err != nil {
		return err
	}
	var out attributesXML
	if wanted["ETag"] {
		out.ETag = strings.Trim(info.ETag, `"`)
	}
	if wanted["Checksum"] && info.Checksum.Value != "" {
		out.Checksum = &checksumXML{told(info.Checksum)}
	}
	if wanted["StorageClass"] {
		out.StorageClass = "STANDARD"
	}
	if wanted["ObjectSize"] {
		out.ObjectSize = &info.Size
	}
	if wanted["ObjectParts"] && info.Parts > 0 {
		if out.ObjectParts, err = x.objectParts(); err != nil {
			return err
		}
	}
	x.set("Last-Modified", httpDate(info.LastModified))
	x.setSome("x-amz-version-id", info.VersionID)
	return x.answer("GetObjectAttributesResponse", out)
}

// attributes are the names of what is wanted.
func (x *exchange) attributes() (map[string]bool, error) {
	const header = "x-amz-object-attributes"
	wanted := map[string]bool{}
	for _, value := range x.r.Header.Values(header) {
		for name := range strings.SplitSeq(value, ",") {
			switch name = strings.TrimSpace(name); name {
			case "ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize":
				wanted[name] = true
			case "":
			default:
				return nil, badArgument(header, value, "Invalid attribute name specified.")
			}
		}
	}
	if len(wanted) == 0 {
		return nil, badRequest("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	return wanted, nil
}

func (x *exchange) objectParts() (*objectPartsXML, error) {
	limit, after := bucket.MaxKeys, 0
	for header, n := range map[string]*int{"x-amz-max-parts": &limit, "x-amz-part-number-marker": &after} {
		value := x.header(header)
		if value == "" {
			continue
		}
		var err error
		if *n, err = strconv.Atoi(value); err != nil || *n < 0 {
			return nil, badArgument(header, value, "Argument %s must be an integer between 0 and 2147483647", header)
		}
	}
	page, err := x.store.Parts(x.r.Context(), x.bucket, x.key, x.query["versionId"], bucket.PartListOptions{After: after, Max: limit})
	if err != nil {
		return nil, err
	}
	out := &objectPartsXML{TotalPartsCount: page.Total, PartNumberMarker: after, MaxParts: min(limit, bucket.MaxKeys), IsTruncated: page.Truncated}
	for _, p := range page.Parts {
		if p.Checksum.Value == "" {
			continue // S3 tells parts only for their checksums
		}
		out.Parts = append(out.Parts, objectPartXML{p.Number, p.Size, partSum(p.Checksum)})
		out.NextPartNumberMarker = p.Number
	}
	return out, nil
}
