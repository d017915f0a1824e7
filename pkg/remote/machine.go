package remote

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"signer/pkg/lenient"
	"signer/pkg/profile"
)

// machineRole: the role of a machine of EC2. On any other machine there is none.
func (l *loader) machineRole(ctx context.Context) (aws.CredentialsProvider, error) {
	client := l.metadata()
	if client == nil {
		return nil, nil
	}
	provider := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client })
	found, err := l.now(ctx, provider.Retrieve)
	if err != nil && ctx.Err() == nil {
		return nil, nil
	}
	return found, err
}

// metadata returns a client for the service that tells a machine of EC2 about
// itself, or nil where it is switched off.
func (l *loader) metadata() *imds.Client {
	if v, _ := l.settings.Env("AWS_EC2_METADATA_DISABLED"); strings.EqualFold(v, "true") {
		return nil
	}
	attempts, patience := l.number("metadata_service_num_attempts"), l.number("metadata_service_timeout")
	o := imds.Options{
		ClientEnableState: imds.ClientEnabled,
		HTTPClient:        nearby(time.Duration(patience) * time.Second),
		Retryer:           retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = attempts }),
		Endpoint:          "http://169.254.169.254",
	}
	if mode, _ := metadataSetting(l.settings, "ec2_metadata_service_endpoint_mode"); strings.EqualFold(mode, "ipv6") {
		o.Endpoint = "http://[fd00:ec2::254]"
	}
	if v, _ := metadataSetting(l.settings, "ec2_metadata_service_endpoint"); v != "" {
		o.Endpoint = v
	}
	if l.settings.Bool("ec2_metadata_v1_disabled", "AWS_EC2_METADATA_V1_DISABLED") {
		o.EnableFallback = aws.FalseTernary
	}
	return imds.New(o)
}

// metadataSetting returns a setting of the metadata service, whose variable is named
// after it.
func metadataSetting(s *profile.Settings, name string) (string, bool) {
	return s.Lookup(name, "AWS_"+strings.ToUpper(name))
}

// number is a setting that is a positive number, or else 1.
func (l *loader) number(setting string) int {
	v, _ := metadataSetting(l.settings, setting)
	if n, ok := lenient.Integer(v); ok {
		if n, ok := n.(int64); ok && 0 < n && n <= math.MaxInt32 {
			return int(n)
		}
	}
	return 1
}

// CheckMetadata refuses settings of the metadata service that nobody can understand.
// The AWS CLI does so before it looks at the name of an operation, whether or not it
// will ask the service. Where the profile does not exist it gives up looking. The
// error is an *Error.
func CheckMetadata(s *profile.Settings) error {
	for _, setting := range [...]string{"metadata_service_timeout", "metadata_service_num_attempts"} {
		v, ok := metadataSetting(s, setting)
		if !ok && s.Check() != nil {
			return nil
		}
		if _, number := lenient.Integer(v); ok && !number {
			return &Error{Text: fmt.Sprintf("%s: %q is not an integer", setting, v)}
		}
	}
	mode, ok := metadataSetting(s, "ec2_metadata_service_endpoint_mode")
	if ok && !strings.EqualFold(mode, "ipv4") && !strings.EqualFold(mode, "ipv6") {
		return &Error{Text: fmt.Sprintf("Invalid EC2 Instance Metadata endpoint mode: %s Valid endpoint modes (case-insensitive): ('ipv4', 'ipv6').", mode)}
	}
	return nil
}

// nearby is a client for services of this machine: no proxies, little patience.
func nearby(patience time.Duration) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(3 * patience).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = patience }).
		WithTransportOptions(func(t *http.Transport) { t.Proxy, t.ResponseHeaderTimeout = nil, patience })
}
