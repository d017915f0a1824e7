package console

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// step is a part of checking a signature: commands for a shell, and what they do.
type step struct{ About, Commands string }

// The platforms that differ in how their signatures are checked.
const (
	lambda   = "AWSLambda-SHA384-ECDSA"
	notation = "Notation-OCI-SHA384-ECDSA"
	ti       = "AmazonFreeRTOS-TI-CC3220SF"
	iot      = "AWSIoTDeviceManagement-SHA256-ECDSA"
)

// fileBucket stands for the name of a bucket where a file was signed.
const fileBucket = "file:"

// steps are how to check the signature of a job.
func (c *console) steps(j *jobPage) []step {
	if or(j.PlatformId, "") == notation {
		return c.checkImage(j)
	}
	name, fetch := c.fetch(j)
	all := append(fetch, c.judge(j, name))
	if or(j.PlatformId, "") == lambda {
		return append(all, withCMS(j, name))
	}
	return append(all, withKey(j, name))
}

// home lets the commands look where the server does.
func (c *console) home() string {
	if c.Home == "" {
		return ""
	}
	return "export SIGNER_HOME=" + quote(c.Home) + "\n"
}

// fetch are the steps that bring a signed object, and what it is about, here; and the
// name that it then has.
func (c *console) fetch(j *jobPage) (name string, steps []step) {
	signed := j.SignedObject.S3
	if or(signed.BucketName, "") == fileBucket {
		return or(signed.Key, ""), nil
	}
	name = "signed.json"
	if or(j.PlatformId, "") == lambda {
		name = "signed.zip"
	}
	commands := c.home() + fmt.Sprintf("signer s3api get-object --bucket %s %s %s", quote(or(signed.BucketName, "")), option("key", or(signed.Key, "")), name)
	if from := payload(j); from != nil {
		commands += fmt.Sprintf("\nsigner s3api get-object --bucket %s %s %s payload", quote(or(from.BucketName, "")), option("key", or(from.Key, "")), option("version-id", or(from.Version, "")))
	}
	return name, []step{{"Fetch what was signed.", commands}}
}

// payload is what a detached signature is about, if it has to be fetched.
func payload(j *jobPage) *types.S3Source {
	if or(j.PlatformId, "") != iot || j.Source == nil || j.Source.S3 == nil || or(j.Source.S3.BucketName, "") == fileBucket {
		return nil
	}
	return j.Source.S3
}

// judge has signer judge the signature.
func (c *console) judge(j *jobPage, name string) step {
	about := "Have signer judge it. It says VALID, and ends with 0."
	if j.RevocationRecord != nil {
		about = "Have signer judge it. It says REVOKED, and ends with 1."
	}
	switch {
	case or(j.PlatformId, "") == lambda:
		return step{about, c.home() + "signer export-trust > root.pem\n" +
			"signer verify " + operand(name) + " --trust-root root.pem \\\n  --allowed-publishers " + quote(j.ProfileVersionARN)}
	case payload(j) != nil:
		return step{about, c.home() + "signer verify " + operand(name) + " --payload payload"}
	}
	return step{about, c.home() + "signer verify " + operand(name)}
}

// signatureEntry is the entry of an archive that holds the signature.
const signatureEntry = "META_INF/aws_signer_signature_v1.0.SF"

// withCMS has OpenSSL check the signature of an archive. What is signed is the SHA-384
// of the names and contents of all other entries; what OpenSSL is told is the time of
// the signature, since its certificates live for days.
func withCMS(j *jobPage, name string) step {
	at := ""
	if j.CreatedAt != nil {
		at = fmt.Sprintf(" -attime %d", j.CreatedAt.Unix())
	}
	file := operand(name)
	return step{"Or have OpenSSL check it, and Info-ZIP take the archive apart (names of entries with wildcards or beyond ASCII need more care).",
		"unzip -p " + file + " " + signatureEntry + " > signature.pem\n" +
			"unzip -Z1 " + file + " | grep -vFx " + signatureEntry + " |\n" +
			"  while IFS= read -r name; do printf %s \"$name\"; unzip -p " + file + " \"$name\"; done |\n" +
			"  openssl dgst -sha384 -binary > content.sha384\n" +
			"openssl cms -verify -binary -inform PEM -in signature.pem -content content.sha384 \\\n" +
			"  -CAfile root.pem -purpose any" + at + " -out /dev/null"}
}

// withKey has OpenSSL check the signature of a JSON object, which carries no
// certificate.
func withKey(j *jobPage, name string) step {
	hash, content := "-sha256", "payload"
	if or(j.PlatformId, "") == ti {
		hash = "-sha1"
	}
	commands := member("signature", name) + " > signature.bin\n"
	switch {
	case or(j.PlatformId, "") != iot:
		commands += member("payload", name) + " > payload\n"
	case payload(j) == nil:
		content = operand(or(j.Source.S3.Key, ""))
	}
	return step{"Or have OpenSSL check it, with the certificate that is on this page.",
		commands + "openssl x509 -in certificates.pem -noout -pubkey > signer.pub\n" +
			"openssl dgst " + hash + " -verify signer.pub -signature signature.bin " + content}
}

// member has the shell decode a member of a JSON object that is a line.
func member(member, name string) string {
	return `sed 's/.*"` + member + `":"\([^"]*\)".*/\1/' ` + operand(name) + ` | openssl base64 -d -A`
}

// checkImage checks the envelope of an image, which is kept where the image is.
func (c *console) checkImage(j *jobPage) []step {
	return []step{
		{"Have notation check the image where it is. The envelope was handed to whoever asked for it, and is not here.",
			c.home() + "signer export-trust --notation notation\nNOTATION_CONFIG=notation notation verify REGISTRY/REPOSITORY@DIGEST"},
		{"Or have signer judge an envelope that you have, with the image's manifest.",
			c.home() + "signer export-trust > root.pem\n" +
				"signer verify envelope.jws --payload manifest.json --trust-root root.pem \\\n  --allowed-publishers " + quote(j.ProfileVersionARN)},
	}
}

// quote makes one word of a text for a shell, whatever it holds. Characters that
// cannot be seen are spelled out, since a terminal may obey them.
func quote(text string) string {
	plain := func(r rune) bool {
		return r < 0x80 && (strings.ContainsRune("/._-:=@%+,", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}
	switch {
	case text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0:
		return text
	case visible(text) == text:
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for _, c := range []byte(text) {
		if plain(rune(c)) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return "$'" + b.String() + "'"
}

// operand is the name of a file for a shell, which no program takes for an option.
func operand(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return quote(name)
}

// option is an option with a value that may begin like one.
func option(name, value string) string {
	if strings.HasPrefix(value, "-") {
		return "--" + name + "=" + quote(value)
	}
	return "--" + name + " " + quote(value)
}
