package s3server

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"time"

	"signer/pkg/bucket"
)

func (x *exchange) deleteObject() error {
	if err := x.unkept(); err != nil {
		return err
	}
	c, err := x.conditions()
	if err != nil {
		return err
	}
	gone, err := x.store.DeleteIf(x.r.Context(), x.bucket, x.key, x.query["versionId"], c)
	if err != nil {
		return err
	}
	if gone.DeleteMarker {
		x.set("x-amz-delete-marker", "true")
	}
	x.setSome("x-amz-version-id", gone.VersionID)
	return x.nothing(http.StatusNoContent)
}

// conditions are what the object must be like that is deleted.
func (x *exchange) conditions() (bucket.Conditions, error) {
	c := bucket.Conditions{IfMatch: x.header("If-Match")}
	if size := x.header("x-amz-if-match-size"); size != "" {
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil {
			return c, badArgument("x-amz-if-match-size", size, "The size is not a number.")
		}
		c.Size = &n
	}
	if at := x.header("x-amz-if-match-last-modified-time"); at != "" {
		t, ok := httpTime(at)
		if !ok {
			return c, badArgument("x-amz-if-match-last-modified-time", at, "The time is not one of HTTP.")
		}
		c.Modified = t
	}
	return c, nil
}

// maxDeletes is how many objects a request can delete.
const maxDeletes = 1000

type deleteXML struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Objects []deleteOne `xml:"Object"`
}

type deleteOne struct {
	Key              string
	VersionID        string `xml:"VersionId"`
	ETag             string
	LastModifiedTime string
	Size             *int64
}

type deletedXML struct {
	Deleted []deleted     `xml:",omitempty"`
	Errors  []deleteError `xml:"Error,omitempty"`
}

type deleted struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          *bool  `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteError struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

// deleteObjects deletes one object after the other, and tells what became of each.
func (x *exchange) deleteObjects() error {
	if err := x.unkept(); err != nil {
		return err
	}
	if _, err := x.store.HeadBucket(x.r.Context(), x.bucket); err != nil {
		return err
	}
	body, err := x.provenBody(true)
	if err != nil {
		return err
	}
	var in deleteXML
	if err := parseXML(body, &in); err != nil {
		return err
	}
	if len(in.Objects) > maxDeletes {
		return bucket.NewError(bucket.MalformedXML)
	}
	var out deletedXML
	for _, one := range in.Objects {
		gone, err := x.deleteOne(one)
		if err == nil && !in.Quiet {
			out.Deleted = append(out.Deleted, gone)
		}
		if err != nil {
			e := x.refusal(err)
			out.Errors = append(out.Errors, deleteError{one.Key, one.VersionID, e.Code, text(e)})
		}
	}
	return x.answer("DeleteResult", out)
}

func (x *exchange) deleteOne(one deleteOne) (deleted, error) {
	c := bucket.Conditions{IfMatch: one.ETag, Size: one.Size}
	if one.LastModifiedTime != "" {
		at, ok := httpTime(one.LastModifiedTime)
		if !ok {
			return deleted{}, errors.Join(bucket.NewError(bucket.MalformedXML))
		}
		c.Modified = at.Truncate(time.Second)
	}
	gone, err := x.store.DeleteIf(x.r.Context(), x.bucket, one.Key, one.VersionID, c)
	told := deleted{Key: one.Key, VersionID: one.VersionID}
	if gone.DeleteMarker {
		told.DeleteMarkerVersionID = gone.VersionID
	}
	if gone.VersionID != "" {
		told.DeleteMarker = &gone.DeleteMarker
	}
	return told, err
}

// provenBody reads a body that may, or has to, come with its MD5 or a checksum.
func (x *exchange) provenBody(must bool) ([]byte, error) {
	sum, behind, err := x.declaredChecksum()
	if err != nil {
		return nil, err
	}
	md5, err := x.contentMD5()
	if err != nil {
		return nil, err
	}
	if must && md5 == "" && (sum.Algorithm == "" || behind) {
		return nil, badRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	if err := valid(sum); err != nil {
		return nil, err
	}
	body, err := x.readAll()
	if err != nil {
		return nil, err
	}
	return body, agree(body, md5, sum)
}
