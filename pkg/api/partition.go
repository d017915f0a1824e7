package api

import "strings"

// Partition is the part of AWS that a region belongs to, as ARNs have it
// (https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html).
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
