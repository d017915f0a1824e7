// Package remote is the AWS engine: from flags, environment and configuration
// files to an SDK client that talks to AWS.
//
// Which profile, region, credentials, endpoint, retries, certificates and proxies
// count, in which order what is wrong is found, and the words for it are the AWS
// CLI's (botocore's rules). How credentials are fetched, requests signed and tried
// again is the SDK's. The SDK's own configuration chain is not used: it reads the
// process environment by itself, refuses settings that the AWS CLI takes
// (AWS_USE_FIPS_ENDPOINT=maybe) and takes others that it refuses.
//
// Nothing happens when the package is linked, and no more when a client is opened
// than the chosen source of credentials needs.
package remote

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/smithy-go/middleware"

	"signer/pkg/profile"
)

// Config says which client is wanted. The zero Config is one of a machine that
// knows no settings: it lacks a region.
type Config struct {
	Settings *profile.Settings // files and environment; nil has none
	Service  string            // whose endpoint settings count: signer, or s3 ...; empty is signer

	Region        *string // --region; nil when not given
	Endpoint      string  // --endpoint-url
	CABundle      *string // --ca-bundle; nil when not given
	NoSignRequest bool
	PrefixAddress bool // put prefixes of hosts before addresses, too, as the AWS CLI does
	NoVerifySSL   bool

	ConnectTimeout *int // seconds, 0 for no limit; nil is 60
	ReadTimeout    *int // likewise, for each wait for the other side

	// MFA asks the user for the code of the device with this serial number, when
	// a role needs one. Nil: there is nobody to ask.
	MFA func(serial string) (code string, err error)

	UserAgent string           // name/version, told to services
	Debug     io.Writer        // gets requests and responses, without secrets; nil: nobody does
	Now       func() time.Time // nil is time.Now
	Jitter    func() float64   // a part of a delay, in [0, 1); nil is random
}

// Error is a setting that is wrong or missing, or a connection that failed. Its
// text is the AWS CLI's.
type Error struct {
	Code string // NoRegion or NoCredentials; empty for all others
	Text string
	Err  error // what caused it, or nil

	transient bool
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// RetryableError tells the SDK's retryer: a connection may succeed another time, a
// setting stays wrong.
func (e *Error) RetryableError() bool { return e.transient }

// Open returns a client for AWS Signer; see Load.
func Open(ctx context.Context, c Config) (*signer.Client, error) {
	c.Service = "signer"
	config, err := Load(ctx, c)
	if err != nil {
		return nil, err
	}
	return signer.NewFromConfig(config), nil
}

// Load returns what an SDK client of any service is made from, with
// s3.NewFromConfig for example, so that nobody pays for an SDK package that he
// does not use. A client of S3 with an endpoint of its own (BaseEndpoint is set)
// wants UsePathStyle: few such endpoints have a name for every bucket.
//
// It asks the network only if credentials come from a process, a container or
// this machine's role, or if nothing but this machine can tell the region. The
// credentials of roles and of SSO are fetched when the first request is signed,
// and it is then, too, that missing credentials are an error.
//
// The error is an *Error, or one of package profile's.
func Load(ctx context.Context, c Config) (aws.Config, error) {
	l := newLoader(c)
	if name, ok := l.givenRegion(); ok { // needs no profile, so that it is looked at first
		if err := CheckRegion(name); err != nil {
			return aws.Config{}, err
		}
	}
	if err := l.settings.Check(); err != nil {
		return aws.Config{}, err
	}
	if err := l.findRegion(ctx); err != nil {
		return aws.Config{}, err
	}
	credentials, err := l.credentials(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	if err := l.checkToken(); err != nil {
		return aws.Config{}, err
	}
	if l.region == nil {
		return aws.Config{}, &Error{Code: "NoRegion", Text: `You must specify a region. You can also configure your region by running "aws configure".`}
	}
	if err := l.checkChecksums(); err != nil {
		return aws.Config{}, err
	}
	if err := l.checkAccountMode(); err != nil {
		return aws.Config{}, err
	}
	retryer, err := l.retryer()
	if err != nil {
		return aws.Config{}, err
	}
	endpoint, err := l.endpoint()
	if err != nil {
		return aws.Config{}, err
	}
	if err := l.checkClient(); err != nil {
		return aws.Config{}, err
	}
	return l.config(credentials, retryer, endpoint), nil
}

// loader is a Config on its way to a client.
type loader struct {
	Config
	settings *profile.Settings
	region   *string // nil: nobody knows
	fips     bool    // the region's name asked for it
	nested   *httpClient
}

func newLoader(c Config) *loader {
	l := &loader{Config: c, settings: c.Settings}
	if l.settings == nil {
		l.settings = profile.New(profile.Config{})
	}
	if l.Service == "" {
		l.Service = "signer"
	}
	if l.Now == nil {
		l.Now = time.Now
	}
	if l.Jitter == nil {
		l.Jitter = rand.Float64
	}
	l.nested = l.newClient(nil) // answers to these requests are secret
	return l
}

func (l *loader) config(credentials aws.CredentialsProvider, retryer func() aws.Retryer, endpoint *string) aws.Config {
	id, _ := l.settings.Lookup("sdk_ua_app_id", "AWS_SDK_UA_APP_ID")
	c := aws.Config{
		Region:       *l.region,
		Credentials:  credentials,
		Retryer:      retryer,
		BaseEndpoint: endpoint,
		HTTPClient:   l.newClient(l.Debug),
		AppID:        id,
		APIOptions:   []func(*middleware.Stack) error{l.countAttempts, l.admitLast, l.introduce},
	}
	if !l.prefixesHost(endpoint) {
		c.APIOptions = append(c.APIOptions, plainHost)
	}
	if endpoint != nil {
		c.APIOptions = append(c.APIOptions, keepEndpoint(*endpoint))
	} else {
		c.ConfigSources = []any{l.variant()}
	}
	l.setChecksums(&c)
	return c
}

// checkChecksums refuses words that the two settings of checksums do not know.
func (l *loader) checkChecksums() error {
	for _, setting := range [...]string{"request_checksum_calculation", "response_checksum_validation"} {
		v, ok := l.settings.Lookup(setting, "AWS_"+strings.ToUpper(setting))
		if ok && !strings.EqualFold(v, "when_supported") && !strings.EqualFold(v, "when_required") {
			return &Error{Text: fmt.Sprintf("Unsupported configuration value for %s. Expected one of ('when_supported', 'when_required') but got %s.", setting, v)}
		}
	}
	return nil
}

// checkAccountMode refuses a word that the setting does not know, which says whether
// hosts are to have the account in their names. Those of AWS Signer never have.
func (l *loader) checkAccountMode() error {
	v, ok := l.settings.Lookup("account_id_endpoint_mode", "AWS_ACCOUNT_ID_ENDPOINT_MODE")
	if !ok || l.NoSignRequest || slices.Contains([]string{"preferred", "disabled", "required"}, strings.ToLower(v)) {
		return nil
	}
	return &Error{Text: fmt.Sprintf("The configured value '%s' for 'account_id_endpoint_mode' is invalid. Valid values are: ('preferred', 'disabled', 'required').", v)}
}

// setChecksums says when bodies are guarded by checksums, as those of objects are.
func (l *loader) setChecksums(c *aws.Config) {
	c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
	if v, _ := l.settings.Lookup("request_checksum_calculation", "AWS_REQUEST_CHECKSUM_CALCULATION"); strings.EqualFold(v, "when_required") {
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}
	c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	if v, _ := l.settings.Lookup("response_checksum_validation", "AWS_RESPONSE_CHECKSUM_VALIDATION"); strings.EqualFold(v, "when_required") {
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}
}
