package verify

import (
	"fmt"
	"regexp"
	"strings"
)

// Publisher is whose signatures are wanted: those of a version of a signing
// profile, or of any of its versions.
type Publisher struct {
	arn   string
	exact bool // it names a version
}

// ParsePublisher reads the ARN of a signing profile or of a version of one.
func ParsePublisher(arn string) (Publisher, error) {
	form := regexp.MustCompile(`^arn:aws[a-z-]*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[a-zA-Z0-9_]{2,64}(/[a-zA-Z0-9]{10})?$`)
	parts := form.FindStringSubmatch(arn)
	if parts == nil {
		return Publisher{}, fmt.Errorf("%q is not the ARN of a signing profile or of a version of one, such as arn:aws:signer:us-east-1:111122223333:/signing-profiles/web/IrwHQeF7XW", arn)
	}
	return Publisher{arn, parts[1] != ""}, nil
}

// published tells whether the version of a profile is the publisher's.
func (p Publisher) published(version string) bool {
	return p.arn != "" && (version == p.arn || !p.exact && strings.HasPrefix(version, p.arn+"/"))
}
