package remote

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// findRegion finds the region: the flag's, the environment's, the profile's, or
// that of the machine. An empty name is a name.
func (l *loader) findRegion(ctx context.Context) error {
	if v, ok := l.givenRegion(); ok {
		l.region = &v
	} else if v, ok := l.settings.Value("region"); ok {
		l.region = &v
	}
	if l.region == nil {
		l.region = l.machineRegion(ctx)
	}
	if l.region == nil {
		return nil
	}
	if err := CheckRegion(*l.region); err != nil {
		return err
	}
	plain := strings.ReplaceAll(strings.ReplaceAll(*l.region, "fips-", ""), "-fips", "")
	l.fips = plain != *l.region
	l.region = &plain
	return nil
}

// givenRegion is the region of the flag or the environment.
func (l *loader) givenRegion() (string, bool) {
	if l.Region != nil {
		return *l.Region, true
	}
	for _, name := range [...]string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if v, ok := l.settings.Env(name); ok {
			return v, true
		}
	}
	return "", false
}

// CheckRegion refuses the name of a region that cannot be: it becomes a part of the
// name of a host. Whether there is such a region is not known here. The error is
// an *Error with the AWS CLI's words.
func CheckRegion(name string) error {
	if !isRegion(name) {
		return &Error{Text: fmt.Sprintf("Provided region_name '%s' doesn't match a supported format.", name)}
	}
	return nil
}

func isRegion(name string) bool {
	const digits = "0123456789"
	letters := strings.Trim(name, digits+"-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	return len(name) <= 63 && letters == "" && !strings.HasPrefix(name, "-") && !strings.HasSuffix(name, "-") &&
		(name == "" || strings.Trim(name, digits) != "")
}

// machineRegion asks the machine's metadata service, if this is such a machine.
func (l *loader) machineRegion(ctx context.Context) *string {
	client := l.metadata()
	if client == nil {
		return nil
	}
	answer, err := client.GetRegion(ctx, &imds.GetRegionInput{})
	if err != nil || answer.Region == "" {
		return nil
	}
	return &answer.Region
}
