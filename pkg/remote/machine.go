package remote

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// container: the credentials that a container is given by what runs it.
func (l *loader) container(ctx context.Context) (aws.CredentialsProvider, error) {
	address, ok := l.containerAddress()
	if !ok {
		return nil, nil
	}
	if err := checkContainer(address); err != nil {
		return nil, err
	}
	provider := endpointcreds.New(address, func(o *endpointcreds.Options) {
		o.HTTPClient = nearby(2 * time.Second)
		o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(l.containerToken)
	})
	return now(ctx, func(ctx context.Context) (aws.Credentials, error) {
		found, err := provider.Retrieve(ctx)
		if err != nil {
			return found, retrievalError("container-role", fmt.Errorf("Error retrieving metadata: %w", err))
		}
		return found, nil
	})
}

// The address that containers of ECS find their credentials at.
const containers = "169.254.170.2"

func (l *loader) containerAddress() (string, bool) {
	if v, ok := l.settings.Env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); ok {
		return "http://" + containers + v, true
	}
	return l.settings.Env("AWS_CONTAINER_CREDENTIALS_FULL_URI")
}

// checkContainer refuses an address to which a token must not be sent in the clear.
func checkContainer(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return &Error{Text: "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL.", Err: err}
	}
	allowed := []string{containers, "169.254.170.23", "fd00:ec2::23", "localhost"}
	host := u.Hostname()
	if u.Scheme == "https" || slices.Contains(allowed, host) || net.ParseIP(host).IsLoopback() {
		return nil
	}
	return &Error{Text: fmt.Sprintf("Unsupported host '%s'.  Can only retrieve metadata from a loopback address or one of these hosts: %s", host, strings.Join(allowed, ", "))}
}

func (l *loader) containerToken() (string, error) {
	if file, ok := l.settings.Env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); ok {
		token, err := l.settings.ReadFile(file)
		return string(token), err
	}
	token, _ := l.settings.Env("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	return token, nil
}

// machineRole: the role of a machine of EC2. On any other machine there is none.
func (l *loader) machineRole(ctx context.Context) (aws.CredentialsProvider, error) {
	client := l.metadata()
	if client == nil {
		return nil, nil
	}
	provider := ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client })
	found, err := now(ctx, provider.Retrieve)
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
	attempts := l.number(1, "metadata_service_num_attempts", "AWS_METADATA_SERVICE_NUM_ATTEMPTS")
	patience := l.number(1, "metadata_service_timeout", "AWS_METADATA_SERVICE_TIMEOUT")
	o := imds.Options{
		ClientEnableState: imds.ClientEnabled,
		HTTPClient:        nearby(time.Duration(patience) * time.Second),
		Retryer:           retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = attempts }),
		Endpoint:          "http://169.254.169.254",
	}
	if mode, _ := l.settings.Lookup("ec2_metadata_service_endpoint_mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"); strings.EqualFold(mode, "ipv6") {
		o.Endpoint = "http://[fd00:ec2::254]"
	}
	if v, _ := l.settings.Lookup("ec2_metadata_service_endpoint", "AWS_EC2_METADATA_SERVICE_ENDPOINT"); v != "" {
		o.Endpoint = v
	}
	if l.settings.Bool("ec2_metadata_v1_disabled", "AWS_EC2_METADATA_V1_DISABLED") {
		o.EnableFallback = aws.FalseTernary
	}
	return imds.New(o)
}

// number is a setting that is a positive number, or what it is otherwise.
func (l *loader) number(otherwise int, setting, env string) int {
	v, _ := l.settings.Lookup(setting, env)
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// nearby is a client for services of this machine: no proxies, little patience.
func nearby(patience time.Duration) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTimeout(3 * patience).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = patience }).
		WithTransportOptions(func(t *http.Transport) { t.Proxy, t.ResponseHeaderTimeout = nil, patience })
}
