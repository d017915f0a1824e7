package param

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// errUndecodable is content that is not in the encoding it should have.
var errUndecodable = errors.New("not in this encoding")

// decode returns content as text. The encodings are those that files of settings
// have in practice, under Python's names for them.
func decode(encoding string, content []byte) (string, error) {
	name := strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(encoding))
	switch name {
	case "", "utf-8", "utf8", "u8", "cp65001":
		return decodeUTF8(content)
	case "utf-8-sig":
		return decodeUTF8([]byte(strings.TrimPrefix(string(content), "\ufeff")))
	case "ascii", "us-ascii", "646":
		return decodeTable(content, func(b byte) rune { return rune(b) }, 0x80)
	case "latin-1", "latin1", "latin", "iso-8859-1", "iso8859-1", "l1", "8859", "cp819":
		return decodeTable(content, func(b byte) rune { return rune(b) }, 0x100)
	case "cp1252", "windows-1252", "1252":
		return decodeTable(content, windows1252, 0x100)
	case "utf-16", "utf16", "u16":
		return decodeMarked(content)
	case "utf-16-le", "utf-16le":
		return decodeUTF16(content, binary.LittleEndian)
	case "utf-16-be", "utf-16be":
		return decodeUTF16(content, binary.BigEndian)
	}
	return "", generalf("unknown encoding: %s", encoding)
}

func decodeUTF8(content []byte) (string, error) {
	if !utf8.Valid(content) {
		return "", errUndecodable
	}
	return string(content), nil
}

func decodeTable(content []byte, table func(byte) rune, limit int) (string, error) {
	var b strings.Builder
	for _, c := range content {
		r := table(c)
		if int(c) >= limit || r == utf8.RuneError {
			return "", errUndecodable
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// windows1252 is Latin 1 but for the 32 places where that has control characters.
func windows1252(b byte) rune {
	const special = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ"
	if b < 0x80 || b > 0x9f {
		return rune(b)
	}
	return []rune(special)[b-0x80]
}

// decodeMarked reads UTF-16 whose order of bytes a mark at the start tells.
func decodeMarked(content []byte) (string, error) {
	switch {
	case strings.HasPrefix(string(content), "\xfe\xff"):
		return decodeUTF16(content[2:], binary.BigEndian)
	case strings.HasPrefix(string(content), "\xff\xfe"):
		return decodeUTF16(content[2:], binary.LittleEndian)
	}
	return decodeUTF16(content, binary.LittleEndian)
}

func decodeUTF16(content []byte, order binary.ByteOrder) (string, error) {
	if len(content)%2 != 0 {
		return "", errUndecodable
	}
	units := make([]uint16, len(content)/2)
	for i := range units {
		units[i] = order.Uint16(content[2*i:])
	}
	text := string(utf16.Decode(units))
	if strings.Count(text, "\ufffd") > countUnits(units, 0xfffd) { // half a pair
		return "", errUndecodable
	}
	return text, nil
}

func countUnits(units []uint16, unit uint16) int {
	n := 0
	for _, u := range units {
		if u == unit {
			n++
		}
	}
	return n
}
