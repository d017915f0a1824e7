package output

import (
	"fmt"
	"slices"
	"strings"
)

// style is how a scalar is written in YAML.
type style int

const (
	plainStyle style = iota
	singleQuoted
	doubleQuoted
)

// scalar writes text in a style. A key is never broken over lines.
func (y *yamlPrinter) scalar(text string, s style, isKey bool) {
	if s == plainStyle && !strings.Contains(text, " ") {
		y.indicator(text, true, false)
		return
	}
	defer y.nest(yamlIndent)()
	chars := []rune(text)
	switch s {
	case plainStyle:
		if !y.blank {
			y.put(" ")
		}
		y.folded(chars, isKey, "")
	case singleQuoted:
		y.indicator("'", true, false)
		y.folded(chars, isKey, "'")
		y.indicator("'", false, false)
	case doubleQuoted:
		y.indicator(`"`, true, false)
		y.escaped(chars, isKey)
		y.indicator(`"`, false, false)
	}
	y.blank, y.fresh = false, false
}

// folded writes the plain and the single quoted style, in which a quote is
// doubled. A lone blank beyond the width becomes a line break; and so that those
// are told from that, a run of line breaks has one more.
func (y *yamlPrinter) folded(chars []rune, isKey bool, quote string) {
	afterBlank, afterBreak := false, false
	for i, c := range chars {
		switch {
		case c == ' ' && !isKey && !afterBlank && y.mayBreak(chars, i) && chars[i+1] != ' ':
			y.nextLine()
		case isBreak(c):
			if !afterBreak && c == '\n' {
				y.breakLine("\n")
			}
			y.breakLine(string(c))
			y.fresh = true
		default:
			if afterBreak {
				y.nextLine()
			}
			if string(c) == quote {
				y.put(quote)
			}
			y.put(string(c))
			y.fresh = false
		}
		afterBlank, afterBreak = c == ' ', isBreak(c)
	}
	if afterBreak {
		y.nextLine()
	}
}

// mayBreak tells whether the line is long enough to be broken at a blank that is
// neither the first nor the last character.
func (y *yamlPrinter) mayBreak(chars []rune, at int) bool {
	return y.column > yamlWidth && at > 0 && at < len(chars)-1
}

// escaped writes the double quoted style.
func (y *yamlPrinter) escaped(chars []rune, isKey bool) {
	afterBlank := false
	for i, c := range chars {
		switch {
		case c == ' ' && !isKey && !afterBlank && y.mayBreak(chars, i):
			y.nextLine()
			if chars[i+1] == ' ' {
				y.put(`\`)
			}
		case c == '"' || c == '\\' || isBreak(c) || isSpecial(c):
			y.put(yamlEscape(c))
		default:
			y.put(string(c))
		}
		afterBlank = c == ' '
	}
}

func yamlEscape(c rune) string {
	const short = "\x000\aa\bb\tt\nn\vv\ff\rr\x1be\"\"\\\\\u0085N\u2028L\u2029P"
	chars := []rune(short)
	for i := 0; i < len(chars); i += 2 {
		if chars[i] == c {
			return `\` + string(chars[i+1])
		}
	}
	switch {
	case c <= 0xff:
		return fmt.Sprintf(`\x%02X`, c)
	case c <= 0xffff:
		return fmt.Sprintf(`\u%04X`, c)
	}
	return fmt.Sprintf(`\U%08X`, c)
}

// isBreak tells whether YAML 1.1, which libyaml writes, ends a line with c.
func isBreak(c rune) bool {
	return c == '\n' || c == '\r' || c == '\u0085' || c == '\u2028' || c == '\u2029'
}

// isSpecial tells whether c is shown as an escape only. libyaml knows nothing
// beyond the basic plane.
func isSpecial(c rune) bool {
	switch {
	case c == '\n':
		return false
	case c < ' ', 0x7e < c && c < 0xa0, c == 0xfeff:
		return true
	}
	return c > 0xfffd || 0xd800 <= c && c < 0xe000
}

// yamlStyle returns the first of the three styles that can hold the text and is
// not taken for something else than a string when it is read.
func yamlStyle(text string) style {
	chars := []rune(text)
	switch {
	case slices.ContainsFunc(chars, isSpecial) || hasBlankAtBreak(chars):
		return doubleQuoted
	case slices.ContainsFunc(chars, isBreak), hasBlankAtEnd(chars), hasIndicator(chars), resolves(text):
		return singleQuoted
	}
	return plainStyle
}

func hasBlankAtBreak(chars []rune) bool {
	for i := range len(chars) - 1 {
		if chars[i] == ' ' && isBreak(chars[i+1]) || isBreak(chars[i]) && chars[i+1] == ' ' {
			return true
		}
	}
	return false
}

func hasBlankAtEnd(chars []rune) bool {
	return len(chars) > 0 && (chars[0] == ' ' || chars[len(chars)-1] == ' ')
}

// hasIndicator tells whether plain text would be read as something of YAML's.
func hasIndicator(chars []rune) bool {
	text := string(chars)
	if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...") {
		return true
	}
	for i, c := range chars {
		ends := i == len(chars)-1 || chars[i+1] == ' '
		switch {
		case i == 0 && strings.ContainsRune("#,[]{}&*!|>'\"%@`", c),
			i == 0 && ends && (c == '?' || c == '-'),
			c == ':' && ends,
			c == '#' && i > 0 && chars[i-1] == ' ':
			return true
		}
	}
	return false
}
