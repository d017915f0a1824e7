package s3server

import "signer/pkg/bucket"

type uploadsXML struct {
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string `xml:",omitempty"`
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	Delimiter          string `xml:",omitempty"`
	EncodingType       string `xml:",omitempty"`
	Prefix             string
	MaxUploads         int
	IsTruncated        bool
	Uploads            []uploadEntryXML `xml:"Upload"`
	CommonPrefixes     []prefixXML
}

type uploadEntryXML struct {
	Key               string
	UploadID          string `xml:"UploadId"`
	Initiator         *owner
	Owner             *owner
	StorageClass      string
	Initiated         stamp
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

func (x *exchange) listUploads() error {
	l, err := x.listing("max-uploads")
	if err != nil {
		return err
	}
	key, id := x.query["key-marker"], x.query["upload-id-marker"]
	if key == "" { // S3 ignores it then
		id = ""
	}
	page, err := ask(l, x.store.ListUploads, bucket.UploadListOptions{Prefix: l.prefix, Delimiter: l.delimiter, KeyMarker: key, UploadMarker: id, Max: l.limit})
	if err != nil {
		return err
	}
	out := uploadsXML{
		Bucket: x.bucket, KeyMarker: l.text(key), UploadIDMarker: id, NextKeyMarker: l.text(page.NextKeyMarker), NextUploadIDMarker: page.NextUploadMarker,
		Delimiter: l.text(l.delimiter), EncodingType: l.encodingType(), Prefix: l.text(l.prefix), MaxUploads: l.most(), IsTruncated: page.Truncated,
		CommonPrefixes: l.prefixes(page.Prefixes),
	}
	for _, u := range page.Uploads {
		a, t := algorithmOf(u, "")
		out.Uploads = append(out.Uploads, uploadEntryXML{l.text(u.Key), u.ID, x.owner(), x.owner(), "STANDARD", stamp(u.Initiated), a, t})
	}
	return x.answer("ListMultipartUploadsResult", out)
}

// algorithmOf tells the checksum that was asked for.
func algorithmOf(u bucket.Upload, otherwise string) (algorithm, kind string) {
	if u.Implied {
		return otherwise, otherwise
	}
	return string(u.Checksum.Algorithm), string(u.Checksum.Type)
}

type partsXML struct {
	Bucket               string
	Key                  string
	UploadID             string `xml:"UploadId"`
	PartNumberMarker     int
	NextPartNumberMarker int `xml:",omitempty"`
	MaxParts             int
	IsTruncated          bool
	Parts                []partXML `xml:"Part"`
	Initiator            *owner
	Owner                *owner
	StorageClass         string
	ChecksumAlgorithm    string `xml:",omitempty"`
	ChecksumType         string `xml:",omitempty"`
}

type partXML struct {
	PartNumber   int
	LastModified stamp
	ETag         string
	Size         int64
	Checksum     []element
}

func (x *exchange) listParts() error {
	limit, err := x.number("max-parts", bucket.MaxKeys)
	if err != nil {
		return err
	}
	after, err := x.number("part-number-marker", 0)
	if err != nil {
		return err
	}
	page, err := x.store.ListParts(x.r.Context(), x.bucket, x.key, x.query["uploadId"], bucket.PartListOptions{After: after, Max: max(1, limit)})
	if err != nil {
		return err
	}
	if limit == 0 {
		page.Parts, page.Truncated = nil, false
	}
	a, t := algorithmOf(page.Upload, "null") // S3's own word
	out := partsXML{
		Bucket: x.bucket, Key: x.key, UploadID: x.query["uploadId"], PartNumberMarker: after, MaxParts: min(limit, bucket.MaxKeys), IsTruncated: page.Truncated,
		Initiator: x.owner(), Owner: x.owner(), StorageClass: "STANDARD", ChecksumAlgorithm: a, ChecksumType: t,
	}
	for _, p := range page.Parts {
		if page.Upload.Implied {
			p.Checksum = bucket.Checksum{}
		}
		out.Parts = append(out.Parts, partXML{p.Number, stamp(p.Modified), p.ETag, p.Size, partSum(p.Checksum)})
		out.NextPartNumberMarker = p.Number
	}
	return x.answer("ListPartsResult", out)
}

// partSum tells the checksum of a part, which has no type of its own.
func partSum(c bucket.Checksum) []element {
	if c.Value == "" {
		return nil
	}
	return []element{elementOf("Checksum"+string(c.Algorithm), c.Value)}
}
