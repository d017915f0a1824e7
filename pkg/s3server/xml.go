package s3server

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"signer/pkg/bucket"
)

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// answer answers with an XML document whose root has this name.
func (x *exchange) answer(root string, v any) error { return x.answerWith(http.StatusOK, root, v) }

func (x *exchange) answerWith(status int, root string, v any) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := encode(&b, root, v); err != nil {
		return err
	}
	x.set("Content-Type", "application/xml")
	x.set("Content-Length", strconv.Itoa(b.Len()))
	x.begun = true
	x.w.WriteHeader(status)
	_, _ = x.w.Write(b.Bytes()) // nobody is left to be told that this fails
	return nil
}

func encode(w io.Writer, root string, v any) error {
	start := xml.StartElement{Name: xml.Name{Local: root}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}}
	return xml.NewEncoder(w).EncodeElement(v, start)
}

// element is an element that holds text.
type element struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

func elementOf(name, text string) element { return element{xml.Name{Local: name}, text} }

// told tells a checksum in a document, if there is one.
func told(c bucket.Checksum) []element {
	if c.Value == "" {
		return nil
	}
	return []element{elementOf("Checksum"+string(c.Algorithm), c.Value), elementOf("ChecksumType", string(c.Type))}
}

// writeError writes an error, which has no namespace.
func (x *exchange) writeError(e *bucket.Error) {
	all := []element{elementOf("Code", e.Code), elementOf("Message", text(e))}
	for _, d := range x.details(e) {
		all = append(all, elementOf(d.Name, d.Value))
	}
	all = append(all, elementOf("RequestId", x.id), elementOf("HostId", x.hostID))
	if !x.begun {
		_, _ = io.WriteString(x.w, xml.Header)
	}
	start := xml.StartElement{Name: xml.Name{Local: "Error"}}
	_ = xml.NewEncoder(x.w).EncodeElement(struct{ All []element }{all}, start)
}

// details are what S3 tells beside code and text.
func (x *exchange) details(e *bucket.Error) []bucket.Detail {
	if len(e.Details) > 0 {
		return e.Details
	}
	switch e.Code {
	case bucket.NoSuchBucket, bucket.BucketNotEmpty, bucket.BucketAlreadyOwnedByYou, bucket.InvalidBucketName:
		return []bucket.Detail{{Name: "BucketName", Value: x.bucket}}
	case bucket.NoSuchKey:
		return []bucket.Detail{{Name: "Key", Value: x.key}}
	case bucket.NoSuchVersion:
		return []bucket.Detail{{Name: "Key", Value: x.key}, {Name: "VersionId", Value: e.VersionID}}
	}
	return []bucket.Detail{{Name: "Resource", Value: x.r.URL.Path}}
}

// maxXML is more than any document that a request may have: 10,000 parts with their
// longest checksums, or 1000 keys of 1 KB.
const maxXML = 4 << 20

// readXML reads the body of a request, which holds an XML document.
func (x *exchange) readXML(v any) error {
	body, err := x.readAll()
	if err != nil {
		return err
	}
	return parseXML(body, v)
}

// readAll reads the body of a request that is not an object's.
func (x *exchange) readAll() ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(x.r.Body, maxXML+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxXML {
		return nil, refused("MaxMessageLengthExceeded", http.StatusBadRequest, "Your request was too big.").With("MaxMessageLengthBytes", maxXML)
	}
	return body, nil
}

// parseXML reads one document, and MalformedXML is what is none.
func parseXML(text []byte, v any) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(v); err != nil {
		return bucket.NewError(bucket.MalformedXML)
	}
	for {
		switch t, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return bucket.NewError(bucket.MalformedXML)
		default:
			if _, ok := t.(xml.StartElement); ok {
				return bucket.NewError(bucket.MalformedXML)
			}
		}
	}
}

// stamp is a time in a document.
type stamp time.Time

func (s stamp) MarshalText() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}
