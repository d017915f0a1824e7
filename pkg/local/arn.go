package local

import (
	"regexp"
	"strings"

	"signer/pkg/api"
	"signer/pkg/records"
)

// accountID tells whether s is an account's number.
func accountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// prefix begins the ARN of whatever is in. A slash follows the account at once.
func prefix(in records.Partition) string {
	return "arn:" + api.Partition(in.Region) + ":signer:" + in.Region + ":" + in.Account + ":"
}

func profileARN(in records.Partition, name string) string {
	return prefix(in) + "/signing-profiles/" + name
}

func profileVersionARN(in records.Partition, name, version string) string {
	return profileARN(in, name) + "/" + version
}

func jobARN(in records.Partition, id string) string {
	return prefix(in) + "/signing-jobs/" + id
}

// signerARN is the ARN of a version of a profile or of a job, taken apart.
type signerARN struct {
	records.Partition
	partition string // of AWS, such as aws-cn
	name, id  string // profile and version; or "" and the job
}

const (
	versionForm = `^arn:(aws[a-z-]*):signer:([a-z0-9-]+):([0-9]{12}):/signing-profiles/([a-zA-Z0-9_]{2,64})/([a-zA-Z0-9]{10})$`
	jobForm     = `^arn:(aws[a-z-]*):signer:([a-z0-9-]+):([0-9]{12}):/signing-jobs/()([a-zA-Z0-9-]+)$`
)

// parseARN takes an ARN of a form apart.
func parseARN(text, form string) (arn signerARN, ok bool) {
	parts := regexp.MustCompile(form).FindStringSubmatch(text)
	if parts == nil {
		return arn, false
	}
	return signerARN{records.Partition{Account: parts[3], Region: parts[2]}, parts[1], parts[4], parts[5]}, true
}
