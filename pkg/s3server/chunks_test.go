package s3server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/checksum"
)

// tally is a chain whose signatures are digests of what they cover and of those before.
type tally struct{ last string }

func (c *tally) sign(kind string, sum [sha256.Size]byte) string {
	next := sha256.Sum256([]byte(kind + c.last + hex.EncodeToString(sum[:])))
	return hex.EncodeToString(next[:])
}

func (c *tally) check(kind string, sum [sha256.Size]byte, signature string) bool {
	want := c.sign(kind, sum)
	c.last = want
	return signature == want
}

func (c *tally) Chunk(sum [sha256.Size]byte, signature string) bool {
	return c.check("chunk", sum, signature)
}

func (c *tally) Trailer(sum [sha256.Size]byte, signature string) bool {
	return c.check("trailer", sum, signature)
}

// chunked encodes a body in chunks of these sizes, signed or not.
func chunked(body []byte, signed bool, trailer string, sizes ...int) string {
	var b strings.Builder
	var c tally
	signature := func(chunk []byte) string {
		if !signed {
			return ""
		}
		c.last = c.sign("chunk", sha256.Sum256(chunk))
		return ";chunk-signature=" + c.last
	}
	for _, n := range sizes {
		chunk := body[:n]
		fmt.Fprintf(&b, "%x%s\r\n%s\r\n", n, signature(chunk), chunk)
		body = body[n:]
	}
	fmt.Fprintf(&b, "0%s\r\n", signature(nil))
	if trailer != "" {
		fmt.Fprintf(&b, "%s\r\n", trailer)
		if signed {
			fmt.Fprintf(&b, "x-amz-trailer-signature:%s\r\n", c.sign("trailer", sha256.Sum256([]byte(trailer+"\n"))))
		}
	}
	b.WriteString("\r\n")
	return b.String()
}

func TestChunks(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 2000)
	for _, signed := range []bool{false, true} {
		for _, trailer := range []string{"", "x-amz-checksum-crc32:NhCmhg=="} {
			for _, sizes := range [][]int{{}, {1}, {32000}, {8192, 8192, 1}, {8192, 20000, 3808}} {
				total := 0
				for _, n := range sizes {
					total += n
				}
				text := chunked(body, signed, trailer, sizes...)
				for name, source := range map[string]io.Reader{"at once": strings.NewReader(text), "by bytes": iotest.OneByteReader(strings.NewReader(text)), "with its end": iotest.DataErrReader(strings.NewReader(text))} {
					c := newChunks(source, int64(total), nil)
					if signed {
						c.chain = &tally{}
					}
					if trailer != "" {
						c.want, c.signedTrailer = checksum.CRC32, signed
					}
					got, err := io.ReadAll(c)
					if err != nil || !bytes.Equal(got, body[:total]) {
						t.Errorf("signed %v, trailer %q, %v %s: %d bytes, %v", signed, trailer, sizes, name, len(got), err)
					}
					if trailer != "" && c.trailer != "NhCmhg==" {
						t.Errorf("trailer %q", c.trailer)
					}
				}
			}
		}
	}
}

func TestBadChunks(t *testing.T) {
	body := []byte(strings.Repeat("x", 9000))
	good := chunked(body, true, "x-amz-checksum-crc32:NhCmhg==", 8192, 808)
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in it", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"empty":                 {"", "IncompleteBody"},
		"another byte":          {replace("xxx", "xyx"), "SignatureDoesNotMatch"},
		"another checksum":      {replace("NhCmhg==", "NhCmhA=="), "SignatureDoesNotMatch"},
		"cut in a chunk":        {good[:100], "IncompleteBody"},
		"cut at a chunk":        {good[:strings.Index(good, "328;")], "IncompleteBody"},
		"cut at the end":        {good[:len(good)-2], "IncompleteBody"},
		"cut in the trailer":    {good[:len(good)-80], "IncompleteBody"},
		"more behind it":        {good + "x", "IncompleteBody"},
		"no signature":          {replace(";chunk-signature=", ";chunk-sign="), "IncompleteBody"},
		"short signature":       {replace(";chunk-signature=", ";chunk-signature=0"), "IncompleteBody"},
		"no size":               {replace("2000;", ";"), "IncompleteBody"},
		"signed size":           {replace("2000;", "-2000;"), "IncompleteBody"},
		"huge size":             {replace("2000;", "7fffffffffffffff;"), "IncompleteBody"},
		"larger than any size":  {replace("2000;", "ffffffffffffffffff;"), "IncompleteBody"},
		"no line break":         {replace("2000;", strings.Repeat("0", 70_000)+"2000;"), "IncompleteBody"},
		"small chunk":           {chunked(body, true, "", 100, 8900), "InvalidChunkSizeError"},
		"too much":              {chunked([]byte(strings.Repeat("x", 9100)), true, "", 8192, 908), "IncompleteBody"},
		"too little":            {chunked(body, true, "", 8192, 8), "IncompleteBody"},
		"no trailer":            {chunked(body, true, "", 8192, 808), "MalformedTrailerError"},
		"another trailer":       {chunked(body, true, "x-amz-checksum-sha1:NhCmhg==", 8192, 808), "MalformedTrailerError"},
		"trailer without value": {chunked(body, true, "x-amz-checksum-crc32", 8192, 808), "SignatureDoesNotMatch"},
		"bad value":             {chunked(body, true, "x-amz-checksum-crc32:x", 8192, 808), "InvalidRequest"},
	} {
		c := newChunks(strings.NewReader(tc.text), 9000, &tally{})
		c.want, c.signedTrailer = checksum.CRC32, true
		_, err := io.ReadAll(c)
		if !bucket.IsCode(err, tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
		if _, again := c.Read(make([]byte, 1)); !errors.Is(again, err) {
			t.Errorf("%s: then %v", name, again)
		}
	}
	cause := errors.New("the line is dead")
	c := newChunks(io.MultiReader(strings.NewReader(good[:200]), iotest.ErrReader(cause)), 9000, &tally{})
	if _, err := io.ReadAll(c); !errors.Is(err, cause) {
		t.Errorf("broken off: %v", err)
	}
}

// A trailer may end as AWS's documents show it, with a line feed before its CRLF.
func TestTrailerAsDocumented(t *testing.T) {
	text := strings.Replace(chunked([]byte("hello"), true, "x-amz-checksum-crc32:NhCmhg==", 5), "NhCmhg==\r\n", "NhCmhg==\n\r\n", 1)
	c := newChunks(strings.NewReader(text), 5, &tally{})
	c.want, c.signedTrailer = checksum.CRC32, true
	if got, err := io.ReadAll(c); string(got) != "hello" || err != nil || c.trailer != "NhCmhg==" {
		t.Errorf("got %q, %v, trailer %q", got, err, c.trailer)
	}
}

// FuzzChunks checks that whatever comes, no more is passed on than was announced, and
// that what ends well is encoded to the same again.
func FuzzChunks(f *testing.F) {
	for _, sizes := range [][]int{{}, {5}, {8192, 1}} {
		body := bytes.Repeat([]byte("x"), 8193)
		f.Add(chunked(body, false, "", sizes...), false, int64(5))
		f.Add(chunked(body, true, "x-amz-checksum-crc32:NhCmhg==", sizes...), true, int64(8193))
	}
	f.Add("5\r\nhello\r\n0\r\nx:y\n\r\n\r\n", false, int64(5))
	f.Fuzz(func(t *testing.T, text string, signed bool, size int64) {
		c := newChunks(strings.NewReader(text), size, nil)
		if signed {
			c.chain, c.want, c.signedTrailer = &tally{}, checksum.CRC32, true
		}
		got, err := io.ReadAll(c)
		if int64(len(got)) > max(0, size) {
			t.Errorf("%d bytes of %d", len(got), size)
		}
		if err == nil && int64(len(got)) != size {
			t.Errorf("%d bytes of %d are a success", len(got), size)
		}
		var refusal *bucket.Error
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("error %v", err)
		}
	})
}

// FuzzRange checks that a range is within the object.
func FuzzRange(f *testing.F) {
	for _, header := range []string{"bytes=0-", "bytes=-5", "bytes=3-9", "bytes=9223372036854775807-9223372036854775807"} {
		f.Add(header, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		size = max(0, size)
		first, last, ok := rangeOf(header, size)
		if ok && first < size && last >= first {
			if s := spanOf(first, min(last, size-1)-first+1, size); s.first < 0 || s.length < 1 || s.length > size-s.first {
				t.Errorf("%q of %d: %+v", header, size, s)
			}
		}
	})
}

// FuzzDocuments checks that documents are read or refused.
func FuzzDocuments(f *testing.F) {
	f.Add([]byte(`<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag><ChecksumCRC32>NhCmhg==</ChecksumCRC32></Part></CompleteMultipartUpload>`))
	f.Add([]byte(`<Delete><Quiet>true</Quiet><Object><Key>k</Key><Size>1</Size></Object></Delete>`))
	f.Add([]byte(`<VersioningConfiguration xmlns="x"><Status>Enabled</Status></VersioningConfiguration>`))
	f.Add([]byte(strings.Repeat("<a>", 1000)))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c completeXML
		if err := parseXML(text, &c); err == nil {
			parts, err := c.parts()
			if err == nil && (len(parts) == 0 || len(parts) > bucket.MaxParts) {
				t.Errorf("%d parts", len(parts))
			}
		}
		for _, v := range []any{&deleteXML{}, &versioningXML{}} {
			if err := parseXML(text, v); err != nil && !bucket.IsCode(err, bucket.MalformedXML) {
				t.Errorf("error %v", err)
			}
		}
	})
}

// FuzzPolicy checks that policies of forms are read or refused, and that none of them lets
// a field pass that it does not name.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(`{"expiration":"2044-01-02T03:04:05Z","conditions":[{"bucket":"b"},["eq","$key","k"],["starts-with","$content-type","a/"],["content-length-range",1,"2"]]}`))
	f.Add([]byte(`{"expiration":1,"conditions":[null,[],{},[["eq"]],["eq",1,2],["content-length-range",1e99,-1]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePolicy(base64.StdEncoding.EncodeToString(text))
		if err != nil {
			return
		}
		if p.holds(map[string]string{"x-amz-meta-nobody-names-this": "x"}, time.Time{}) == nil && !bytes.Contains(bytes.ToLower(text), []byte("nobody")) {
			t.Errorf("%s lets everything pass", text)
		}
		if p.least < 0 || p.most < 0 || p.most > maxBody {
			t.Errorf("%s: from %d to %d bytes", text, p.least, p.most)
		}
	})
}

// FuzzTarget checks that targets are read or refused, and that the token of a page
// leads back to it.
func FuzzTarget(f *testing.F) {
	for _, uri := range []string{"/", "/bkt/k", "/bkt//../k?versionId=x&a", "http://h/bkt/%2e%2e/k", "*", "/%zz", "?=&&=x", "//"} {
		f.Add(uri, "bkt.example.test:80")
	}
	s := &server{Config: Config{Domain: "example.test"}}
	f.Fuzz(func(t *testing.T, uri, host string) {
		r := newRequest(uri, host)
		found, err := s.find(r)
		if err != nil && !bucket.IsCode(err, bucket.InvalidURI) {
			t.Errorf("error %v", err)
		}
		x := &exchange{server: s, r: r, target: target{query: query{"continuation-token": tokenOf(found.key)}}}
		if back, err := x.continuation(); found.key != "" && (back != found.key || err != nil) {
			t.Errorf("the token of %q leads to %q, %v", found.key, back, err)
		}
	})
}
