package cmd

import (
	"fmt"
	"strings"
)

// encodings are those that AWS_CLI_OUTPUT_ENCODING may name, and the greatest
// character each has.
var encodings = map[string]rune{
	"utf-8": 0x10ffff, "utf8": 0x10ffff, "u8": 0x10ffff,
	"ascii": 0x7f, "us-ascii": 0x7f, "646": 0x7f,
	"latin-1": 0xff, "latin1": 0xff, "iso-8859-1": 0xff, "iso8859-1": 0xff, "8859": 0xff, "l1": 0xff,
}

func (s *session) encodingName() (string, bool) {
	name, ok := s.env.LookupEnv("AWS_CLI_OUTPUT_ENCODING")
	return strings.ReplaceAll(strings.ToLower(name), "_", "-"), ok
}

// checkEncoding refuses an output encoding that there is not.
func (s *session) checkEncoding() error {
	if name, ok := s.encodingName(); ok && encodings[name] == 0 {
		return fmt.Errorf("Unknown codec `%s` specified for AWS_CLI_OUTPUT_ENCODING.", s.env.getenv("AWS_CLI_OUTPUT_ENCODING")) //lint:ignore ST1005 the AWS CLI's words
	}
	return nil
}

// encoder turns text into the bytes of the output encoding; nil is UTF-8.
func (s *session) encoder() func(string) ([]byte, error) {
	name, _ := s.encodingName()
	last := encodings[name]
	if last == 0 || last > 0xff {
		return nil
	}
	return func(text string) ([]byte, error) {
		b := make([]byte, 0, len(text))
		for i, r := range []rune(text) {
			if r > last {
				return nil, fmt.Errorf("%+q at position %d cannot be written in %s: choose another AWS_CLI_OUTPUT_ENCODING", r, i, name)
			}
			b = append(b, byte(r))
		}
		return b, nil
	}
}
