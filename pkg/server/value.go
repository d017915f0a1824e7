package server

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"signer/pkg/api"
	"signer/pkg/document"
)

// unreadable is a request that cannot be read at a member; "" is the whole.
func unreadable(path, format string, args ...any) error {
	if path != "" {
		path += ": "
	}
	return refused(http.StatusBadRequest, "SerializationException", "%s%s", path, fmt.Sprintf(format, args...))
}

// misfit is a value of another type than the member's.
func misfit(want api.Kind, v document.Value, path string) error {
	switch v.(type) {
	case document.List:
		return unreadable(path, "Start of list found where not expected")
	case *document.Object:
		return unreadable(path, "Start of structure or map found where not expected")
	}
	token := "NUMBER_VALUE"
	switch v {
	case nil:
		token = "NULL_VALUE"
	case true:
		token = "TRUE_VALUE"
	case false:
		token = "FALSE_VALUE"
	}
	if _, ok := v.(string); ok {
		token = "STRING_VALUE"
	}
	article, name := "a", want.String()
	if want == api.Integer || want == api.Long {
		article = "an"
	}
	return unreadable(path, "%s can not be converted to %s %s", token, article, strings.ToUpper(name[:1])+name[1:])
}

// fromText reads a value of a path or a query.
func fromText(s *api.Shape, text, path string) (document.Value, error) {
	if !utf8.ValidString(text) {
		return nil, unreadable(path, "it is not UTF-8")
	}
	switch s.Kind {
	case api.Integer, api.Long:
		if n, err := strconv.ParseInt(text, 10, bits(s.Kind)); err == nil {
			return n, nil
		}
	case api.Boolean:
		if text == "true" || text == "false" {
			return text == "true", nil
		}
	case api.Timestamp:
		return fromISO(text, path)
	case api.Blob:
		return fromBase64(text, path)
	default:
		return text, nil
	}
	return nil, misfit(s.Kind, text, path)
}

func bits(k api.Kind) int {
	if k == api.Long {
		return 64
	}
	return 32
}

func fromISO(text, path string) (document.Value, error) {
	t, err := time.Parse(time.RFC3339, text) // which takes fractions of a second, too
	if err != nil {
		return nil, unreadable(path, "%s is not a time of ISO 8601 such as 2006-01-02T15:04:05Z", api.Show(text))
	}
	return t.UTC(), nil
}

func fromBase64(text, path string) (document.Value, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, unreadable(path, "it is not base64")
	}
	return b, nil
}

// fromJSON reads a value of a body. Null members are absent; nothing else may be
// null.
func fromJSON(s *api.Shape, v document.Value, path string) (document.Value, error) {
	if v == nil {
		return nil, nil
	}
	switch s.Kind {
	case api.Structure, api.Map:
		if o, ok := v.(*document.Object); ok {
			return fromObject(s, o, path)
		}
	case api.List:
		if l, ok := v.(document.List); ok {
			return fromList(s, l, path)
		}
	case api.Integer, api.Long:
		if n, ok := whole(v, bits(s.Kind)); ok {
			return n, nil
		}
	case api.Boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case api.Timestamp:
		return fromTime(v, path)
	default:
		if text, ok := v.(string); ok {
			return fromText(s, text, path)
		}
	}
	return nil, misfit(s.Kind, v, path)
}

func fromObject(s *api.Shape, o *document.Object, path string) (document.Value, error) {
	out := document.New()
	for name, v := range o.All() {
		elem := s.Elem
		if s.Kind == api.Structure {
			m := s.Member(name)
			if m == nil || v == nil {
				continue
			}
			elem = m.Shape
		}
		v, err := notNull(elem, v, path+"."+name)
		if err != nil {
			return nil, err
		}
		out.Set(name, v)
	}
	return out, nil
}

func fromList(s *api.Shape, l document.List, path string) (document.Value, error) {
	out := make(document.List, len(l))
	for i, v := range l {
		var err error
		if out[i], err = notNull(s.Elem, v, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func notNull(s *api.Shape, v document.Value, path string) (document.Value, error) {
	if v == nil {
		return nil, misfit(s.Kind, v, path)
	}
	return fromJSON(s, v, path)
}

// whole returns a number that has no fraction and fits into so many bits.
func whole(v document.Value, bits int) (document.Value, bool) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case float64:
		if n = int64(v); float64(n) != v || math.Abs(v) >= 1<<53 {
			return nil, false
		}
	default:
		return nil, false
	}
	return n, bits == 64 || n == int64(int32(n))
}

// lastSecond is the end of the year 9999 in seconds since 1970, the last that ISO
// 8601 can write.
const lastSecond = 253402300799

// fromTime reads seconds since 1970, to the microsecond, or ISO 8601.
func fromTime(v document.Value, path string) (document.Value, error) {
	switch v := v.(type) {
	case int64:
		if -lastSecond <= v && v <= lastSecond {
			return time.Unix(v, 0).UTC(), nil
		}
	case float64:
		if whole, part := math.Modf(v); math.Abs(whole) <= lastSecond {
			return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).UTC(), nil
		}
	case string:
		return fromISO(v, path)
	case *big.Int: // too far away
	default:
		return nil, misfit(api.Timestamp, v, path)
	}
	return nil, unreadable(path, "%s seconds since 1970 is not a time", api.Show(v))
}
