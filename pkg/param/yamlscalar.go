package param

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"signer/pkg/document"
	"signer/pkg/lenient"
)

// looks are what plain scalars look like.
type looks struct{ boolean, null, integer, float, date, time *regexp.Regexp }

// yamlLooks is made on first use: most runs of the program read no YAML.
var yamlLooks = sync.OnceValue(func() looks {
	return looks{
		boolean: regexp.MustCompile(`^(?:true|True|TRUE|false|False|FALSE)$`),
		null:    regexp.MustCompile(`^(?:~|null|Null|NULL|)$`),
		integer: regexp.MustCompile(`^[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)$`),
		float: regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|` +
			`[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`),
		date: regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`),
		time: regexp.MustCompile(`^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})` +
			`(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?` +
			`(?:[ \t]*(?:Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$`),
	}
})

// yamlScalar returns the value of a scalar by its tag or, if it has none, by its
// looks.
func yamlScalar(n *yaml.Node) (document.Value, error) {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	tag := n.Tag
	if n.Style&yaml.TaggedStyle == 0 {
		tag = "!!str"
		if n.Style&quoted == 0 {
			tag = yamlTag(n.Value)
		}
	}
	switch tag {
	case "!!str":
		return n.Value, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		return yamlBoolean(n.Value)
	case "!!int":
		return yamlInteger(n.Value)
	case "!!float":
		return yamlNumber(n.Value)
	case "!!timestamp":
		return yamlTimestamp(n.Value)
	case "!!binary":
		return yamlBinary(n.Value)
	}
	return nil, errYAML
}

// yamlTag tells the type of a plain scalar; two of those that YAML 1.1 defines can
// be no value.
func yamlTag(text string) string {
	is := yamlLooks()
	switch {
	case text == "=" || text == "<<":
		return "!!value"
	case is.null.MatchString(text):
		return "!!null"
	case is.boolean.MatchString(text):
		return "!!bool"
	case is.float.MatchString(text):
		return "!!float"
	case text[0] != '_' && is.integer.MatchString(text):
		return "!!int"
	case is.date.MatchString(text), strings.Contains(text, ":") && is.time.MatchString(text):
		return "!!timestamp"
	}
	return "!!str"
}

func yamlBoolean(text string) (document.Value, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "y", "on":
		return true, nil
	case "false", "no", "n", "off":
		return false, nil
	}
	return nil, generalf("The YAML document has '%s' where a boolean must stand", text)
}

func yamlInteger(text string) (document.Value, error) {
	digits, negative := strings.CutPrefix(strings.ReplaceAll(text, "_", ""), "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	base := 10
	for prefix, b := range map[string]int{"0b": 2, "0o": 8, "0x": 16} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok {
			digits, base = rest, b
		}
	}
	n, ok := new(big.Int), false
	if len(digits) <= lenient.MaxDigits {
		n, ok = n.SetString(digits, base)
	}
	if !ok {
		return nil, generalf("The YAML document has '%s' where an integer must stand", text)
	}
	if negative {
		n.Neg(n)
	}
	return document.Integer(n.String()), nil
}

func yamlNumber(text string) (document.Value, error) {
	s := strings.ToLower(strings.ReplaceAll(text, "_", ""))
	if strings.HasSuffix(s, ".inf") || strings.HasSuffix(s, ".nan") {
		s = strings.Replace(s, ".", "", 1)
	}
	f, ok := lenient.Float(s)
	if !ok {
		return nil, generalf("The YAML document has '%s' where a number must stand", text)
	}
	return f, nil
}

func yamlBinary(text string) (document.Value, error) {
	b, ok := decodeBase64(text)
	if !ok || !isASCII(text) {
		return nil, errYAML
	}
	return b, nil
}

// yamlTimestamp returns a time, or a Date if the text has no time of day. Without a
// zone it is in UTC.
func yamlTimestamp(text string) (document.Value, error) {
	m := yamlLooks().time.FindStringSubmatch(text)
	if m == nil {
		return nil, errYAML
	}
	n := make([]int64, len(m))
	for i, s := range m {
		n[i], _ = strconv.ParseInt(s, 10, 64)
	}
	t, err := lenient.Civil(n[1], n[2], n[3], n[4], n[5], n[6])
	if err != nil {
		return nil, generalf("%v", err)
	}
	if m[4] == "" {
		return document.Date(t.Format(time.DateOnly)), nil
	}
	return t.Add(yamlFraction(m[7]) - yamlOffset(m[8], n[9], n[10])), nil
}

// yamlFraction returns a fraction of a second, rounded to microseconds.
func yamlFraction(digits string) time.Duration {
	d, _ := time.ParseDuration("0." + (digits + "0000000")[:7] + "s")
	return d.Round(time.Microsecond)
}

func yamlOffset(sign string, hours, minutes int64) time.Duration {
	d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if sign == "-" {
		return -d
	}
	return d
}
