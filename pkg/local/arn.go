package local

import (
	"strings"

	"signer/pkg/records"
)

// accountID tells whether s is an account's number.
func accountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// partition is the part of AWS that a region lies in.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// prefix begins the ARN of whatever is in. A slash follows the account at once.
func prefix(in records.Partition) string {
	return "arn:" + partition(in.Region) + ":signer:" + in.Region + ":" + in.Account + ":"
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
