package remote

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// endpoint returns the URL of the service, or nil where the SDK knows it from the
// region.
func (l *loader) endpoint() (*string, error) {
	found, err := l.configuredEndpoint(l.Service)
	if l.Endpoint != "" {
		found, err = l.Endpoint, nil
	}
	switch {
	case err != nil:
		return nil, err
	case found == "" && *l.region == "":
		found = fmt.Sprintf("https://%s..amazonaws.com", l.Service) // no host has this name, which the check below says
	case found == "":
		return nil, nil
	}
	if !isEndpoint(found) {
		return nil, &Error{Text: "Invalid endpoint: " + found}
	}
	found = escape(found)
	return &found, nil
}

// configuredEndpoint is what the environment or the files say of a service's URL,
// or "".
func (l *loader) configuredEndpoint(service string) (string, error) {
	if l.settings.Bool("ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
		return "", nil
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + strings.ToUpper(service), "AWS_ENDPOINT_URL"} {
		if v, _ := l.settings.Env(name); v != "" {
			return v, nil
		}
	}
	if name, ok := l.settings.Value("services"); ok {
		group := l.settings.Services(name)
		if len(group.All()) == 0 {
			return "", &Error{Text: fmt.Sprintf(`The profile is configured to use the services section but the "%s" services configuration does not exist.`, name)}
		}
		if v := group.Block(service)["endpoint_url"]; v != "" {
			return v, nil
		}
	}
	v, _ := l.settings.Value("endpoint_url")
	return v, nil
}

// isEndpoint tells whether a URL names a host by a name or an address that can be.
func isEndpoint(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return isHostName(host) || strings.Contains(host, ":") && net.ParseIP(host) != nil
}

func isHostName(host string) bool {
	const inside = "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, inside) != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return len(host) <= 255
}

// prefixesHost tells whether an operation's prefix may be put before the host. The
// AWS CLI does so also with an endpoint of the user's, unless it is told not to. We
// need not where no such host can be: data-127.0.0.1 and data-localhost lead nowhere.
func (l *loader) prefixesHost(endpoint *string) bool {
	if l.settings.Bool("disable_host_prefix_injection", "AWS_DISABLE_HOST_PREFIX_INJECTION") {
		return false
	}
	if endpoint == nil || l.PrefixAddress {
		return true
	}
	u, err := url.Parse(*endpoint)
	return err == nil && net.ParseIP(u.Hostname()) == nil && u.Hostname() != "localhost"
}

// plainHost keeps prefixes away from the host.
func plainHost(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("PlainHost",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// keepEndpoint sends what the SDK forgets of an endpoint: its query, and the
// escapes in its path.
func keepEndpoint(endpoint string) func(*middleware.Stack) error {
	base, err := url.Parse(endpoint)
	return func(stack *middleware.Stack) error {
		if err != nil || base.RawQuery == "" && base.EscapedPath() == base.Path {
			return err
		}
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("KeepEndpoint",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				if request, ok := in.Request.(*smithyhttp.Request); ok {
					addBase(request.URL, base)
				}
				return next.HandleFinalize(ctx, in)
			}), "ResolveEndpointV2", middleware.After)
	}
}

func addBase(u, base *url.URL) {
	if rest, ok := strings.CutPrefix(u.RawPath, base.Path); ok {
		u.RawPath = base.EscapedPath() + rest
	}
	u.RawQuery = smithyhttp.JoinRawQuery(base.RawQuery, u.RawQuery)
}

// escape escapes what cannot stand in a request, such as blanks, and leaves the
// rest of a URL alone.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// variant is which of AWS's own endpoints is wanted; the SDK asks it.
type variant struct{ fips, dualStack bool }

func (l *loader) variant() variant {
	return variant{
		fips:      l.fips || l.settings.Bool("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"),
		dualStack: l.settings.Bool("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"),
	}
}

// GetUseFIPSEndpoint answers the SDK.
func (v variant) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return aws.FIPSEndpointStateEnabled, v.fips, nil
}

// GetUseDualStackEndpoint answers the SDK.
func (v variant) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return aws.DualStackEndpointStateEnabled, v.dualStack, nil
}
