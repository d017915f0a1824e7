package api

import (
	"strings"
	"unicode"
)

// CLIName is the form an API name has on the command line: StartSigningJob is
// start-signing-job, profileVersionArn is profile-version-arn. The rule is
// botocore's xform_name.
func CLIName(name string) string {
	if words, ok := oddNames[name]; ok {
		return words
	}
	return strings.ToLower(endCap(firstCap(name)))
}

// oddNames are those which botocore, too, lists one by one.
var oddNames = map[string]string{
	"ChecksumCRC64NVME": "checksum-crc64-nvme",
}

// firstCap parts a capital that begins a word from whatever stands before it:
// "ContentMD5Sum" becomes "ContentMD5-Sum".
func firstCap(name string) string {
	r := []rune(name)
	var b strings.Builder
	for i, c := range r {
		if i > 0 && unicode.IsUpper(c) && i+1 < len(r) && unicode.IsLower(r[i+1]) {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// endCap parts a capital from a small letter or a digit before it.
func endCap(name string) string {
	var b strings.Builder
	var before rune
	for _, c := range name {
		if unicode.IsUpper(c) && (unicode.IsLower(before) || unicode.IsDigit(before)) {
			b.WriteByte('-')
		}
		b.WriteRune(c)
		before = c
	}
	return b.String()
}
