// Package pkcs11 keeps private keys in a hardware security module, or in whatever
// else has a PKCS #11 library: the root's key, and those of imported certificates.
//
// Which library, token and key it is says a URI of RFC 7512. The library is linked
// at run time, for which the program must be built with cgo and the tag pkcs11;
// without it there are only the URIs.
//
// It never takes a key out of a token, and deletes none.
package pkcs11

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Scheme is what the URIs begin with.
const Scheme = "pkcs11:"

// URI is a URI of RFC 7512, as far as it matters here: it names a token, perhaps a
// key in it, and how to get there. Its text has no secrets; its PIN is one.
type URI struct {
	Token, Serial       string // of the token; its label and its serial number
	Manufacturer, Model string // of the token
	Slot                *uint
	Object              string // the label of the key
	ID                  []byte // of the key
	Module              string // the file of the library
	PIN                 string
	PINSource           string // the file that holds the PIN
}

// others are the attributes of libraries and slots that are taken and not looked at:
// tools put them into URIs, and what the token is says enough.
var others = []string{"library-manufacturer", "library-version", "library-description", "slot-manufacturer", "slot-description"}

// Parse reads a URI. An error never contains any of it but the names of attributes.
func Parse(text string) (URI, error) {
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok {
		return URI{}, fmt.Errorf("it does not begin with %s", Scheme)
	}
	var u URI
	path, query, _ := strings.Cut(rest, "?")
	if err := each(path, ";", "&", u.pathAttribute()); err != nil {
		return URI{}, err
	}
	return u, each(query, "&", "/?|", u.queryAttribute())
}

// each reads attributes, of which none may be there twice. The values may have the
// letters of more as they are (RFC 7512, 2.3).
func each(text, between, more string, set func(name, value string) error) error {
	if text == "" {
		return nil
	}
	var seen []string
	for part := range strings.SplitSeq(text, between) {
		name, encoded, ok := strings.Cut(part, "=")
		if !ok || name == "" {
			return fmt.Errorf("it has a part that is not NAME=VALUE")
		}
		if slices.Contains(seen, name) {
			return fmt.Errorf("it has %q twice", name)
		}
		seen = append(seen, name)
		value, err := decode(encoded, more)
		if err == nil {
			err = set(name, value)
		}
		if err != nil {
			return fmt.Errorf("its %q %w", name, err)
		}
	}
	return nil
}

// decode undoes percent-encoding.
func decode(text, more string) (string, error) {
	const plain = "-._~:[]@!$'()*+,="
	var out []byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '%':
			b, err := hex.DecodeString(text[i+1 : min(i+3, len(text))])
			if err != nil || len(b) != 1 {
				return "", fmt.Errorf("has a %% without two digits behind it")
			}
			out = append(out, b[0])
			i += 2
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(plain, c) >= 0, strings.IndexByte(more, c) >= 0:
			out = append(out, c)
		default:
			return "", fmt.Errorf("has a character that must be written as %%%02X", c)
		}
	}
	return string(out), nil
}

func (u *URI) pathAttribute() func(name, value string) error {
	return func(name, value string) error {
		switch {
		case name == "token":
			u.Token = value
		case name == "serial":
			u.Serial = value
		case name == "manufacturer":
			u.Manufacturer = value
		case name == "model":
			u.Model = value
		case name == "object":
			u.Object = value
		case name == "id":
			u.ID = []byte(value)
		case name == "slot-id":
			n, err := strconv.ParseUint(value, 10, 31)
			if err != nil {
				return fmt.Errorf("is not a number")
			}
			slot := uint(n)
			u.Slot = &slot
		case name == "type" && value != "private":
			return fmt.Errorf("is not private, and it is about a private key")
		case name != "type" && !slices.Contains(others, name):
			return fmt.Errorf("is no attribute that is known")
		}
		return nil
	}
}

func (u *URI) queryAttribute() func(name, value string) error {
	return func(name, value string) error {
		switch {
		case name == "module-path":
			u.Module = value
		case name == "pin-value":
			u.PIN = value
		case name == "pin-source":
			return u.setPINSource(value)
		case name == "module-name":
			return fmt.Errorf("is not taken: say with module-path which file the library is")
		case !strings.HasPrefix(name, "x-"): // which are others' own
			return fmt.Errorf("is no attribute that is known")
		}
		return nil
	}
}

// setPINSource takes the name of a file, as one or as a URI of one. What runs a
// program, as RFC 7512 also suggests, is not taken.
func (u *URI) setPINSource(value string) error {
	file, isURI := strings.CutPrefix(value, "file:")
	if isURI {
		file = strings.TrimPrefix(file, "//")
	}
	if !strings.HasPrefix(file, "/") {
		return fmt.Errorf("is not the full name of a file")
	}
	u.PINSource = file
	return nil
}

// String names the token and the key, and neither library nor PIN.
func (u URI) String() string {
	var parts []string
	for _, a := range []struct{ name, value string }{{"token", u.Token}, {"serial", u.Serial}, {"manufacturer", u.Manufacturer}, {"model", u.Model}, {"object", u.Object}, {"id", string(u.ID)}} {
		if a.value != "" {
			parts = append(parts, a.name+"="+encode(a.value, a.name == "id"))
		}
	}
	if u.Slot != nil && u.Token == "" && u.Serial == "" {
		parts = append(parts, fmt.Sprintf("slot-id=%d", *u.Slot))
	}
	return Scheme + strings.Join(append(parts, "type=private"), ";")
}

// Format keeps the PIN from every verb of package fmt.
func (u URI) Format(f fmt.State, _ rune) { fmt.Fprint(f, u.String()) }

// encode writes a value with percent-encoding: all of it, if it is not text.
func encode(value string, all bool) string {
	var out strings.Builder
	for i := range len(value) {
		c := value[i]
		if !all && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0) {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}
