package s3server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"signer/pkg/bucket"
)

// span is the part of an object that a request asks for.
type span struct {
	first, length int64
	whole         bool   // it is all of the object
	told          string // the value of Content-Range, if the request asked for a part
	parts         int    // that the object has, if the request asked for one of them
	checked       bool   // the object's checksum is told
}

// span reads what part of an object a request asks for.
func (x *exchange) span(info bucket.Info) (span, error) {
	if x.query.has("partNumber") {
		return x.partSpan(info)
	}
	s := span{length: info.Size, whole: true, checked: true}
	header := x.header("Range")
	first, last, ok := rangeOf(header, info.Size)
	if !ok {
		return s, nil
	}
	if first >= info.Size || last < first {
		return span{}, refused("InvalidRange", http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable").
			With("RangeRequested", header).With("ActualObjectSize", info.Size)
	}
	return spanOf(first, min(last, info.Size-1)-first+1, info.Size), nil
}

func spanOf(first, length, size int64) span {
	return span{
		first: first, length: length, whole: length == size, checked: length == size,
		told: fmt.Sprintf("bytes %d-%d/%d", first, first+length-1, size),
	}
}

// rangeOf reads the value of a Range header for an object of this size. What is no
// single range of bytes is as good as none, as in S3.
func rangeOf(header string, size int64) (first, last int64, ok bool) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	if !ok || !dash {
		return 0, 0, false
	}
	a, aErr := strconv.ParseUint(from, 10, 63)
	b, bErr := strconv.ParseUint(to, 10, 63)
	switch {
	case from == "" && bErr == nil:
		if b == 0 {
			return size, 0, true // which cannot be satisfied
		}
		return max(0, size-int64(b)), size - 1, size > 0
	case to == "" && aErr == nil:
		return int64(a), size - 1, true
	case aErr == nil && bErr == nil && a <= b:
		return int64(a), int64(b), true
	}
	return 0, 0, false
}

// partSpan is span for a request that asks for one of the parts in which the object
// was put. One that was not put in parts has one part.
func (x *exchange) partSpan(info bucket.Info) (span, error) {
	number, err := partNumber(x.query["partNumber"])
	if err != nil {
		return span{}, err
	}
	if x.header("Range") != "" {
		return span{}, badRequest("Cannot specify both Range header and partNumber query parameter")
	}
	if info.Parts == 0 && number == 1 {
		if info.Size == 0 {
			return span{whole: true, checked: true}, nil
		}
		return spanOf(0, info.Size, info.Size), nil
	}
	part, err := x.part(info, number)
	if err != nil {
		return span{}, err
	}
	s := spanOf(part.Offset, part.Length, info.Size)
	s.parts = info.Parts
	return s, nil
}

// place is where a part is.
type place struct{ Offset, Length int64 }

// part finds the part of this number.
func (x *exchange) part(info bucket.Info, number int) (place, error) {
	if number > info.Parts {
		return place{}, refused("InvalidPartNumber", http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable.").
			With("ActualPartCount", max(1, info.Parts)).With("PartNumberRequested", number)
	}
	page, err := x.store.Parts(x.r.Context(), x.bucket, x.key, x.query["versionId"], bucket.PartListOptions{After: number - 1, Max: 1})
	if err != nil {
		return place{}, err
	}
	if page.ETag != info.ETag || len(page.Parts) == 0 {
		return place{}, refused("OperationAborted", http.StatusConflict, "A conflicting conditional operation is currently in progress against this resource. Try again.")
	}
	return place{page.Parts[0].Offset, page.Parts[0].Size}, nil
}

// partNumber reads the number of a part.
func partNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > bucket.MaxParts {
		return 0, badArgument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive.")
	}
	return n, nil
}
