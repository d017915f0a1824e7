package remote_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/remote"
)

const noRegion = `NoRegion: You must specify a region. You can also configure your region by running "aws configure".`

// What is wrong is found in the AWS CLI's order and told in its words.
func TestOpenRefuses(t *testing.T) {
	gone := "gone"
	minus := -1
	for _, tc := range []struct {
		name  string
		world world
		c     remote.Config
		want  string
	}{
		{name: "nothing", world: usual().without("AWS_REGION", "AWS_ACCESS_KEY_ID"), want: noRegion},
		{"the flag's region before the profile", usual("AWS_PROFILE", "gone"), remote.Config{Region: aws.String("a_b")}, "Provided region_name 'a_b' doesn't match a supported format."},
		{"the environment's region before the profile", usual("AWS_PROFILE", "gone", "AWS_REGION", "a_b"), remote.Config{}, "Provided region_name 'a_b' doesn't match a supported format."},
		{"profile before no region", usual("AWS_PROFILE", "gone").without("AWS_REGION"), remote.Config{}, "not ours: The config profile (gone) could not be found"},
		{"checksums in other words", usual("AWS_REQUEST_CHECKSUM_CALCULATION", "x", "AWS_MAX_ATTEMPTS", "0"), remote.Config{}, "Unsupported configuration value for request_checksum_calculation. Expected one of ('when_supported', 'when_required') but got x."},
		{"no region before checksums", usual("AWS_RESPONSE_CHECKSUM_VALIDATION", "").without("AWS_REGION"), remote.Config{}, noRegion},
		{"checksums in capitals", usual("AWS_RESPONSE_CHECKSUM_VALIDATION", "WHEN_REQUIRED"), remote.Config{}, ""},
		{"accounts in hosts, in other words", usual("AWS_ACCOUNT_ID_ENDPOINT_MODE", "x", "AWS_MAX_ATTEMPTS", "0"), remote.Config{}, "The configured value 'x' for 'account_id_endpoint_mode' is invalid. Valid values are: ('preferred', 'disabled', 'required')."},
		{"accounts in hosts, of nobody", usual("AWS_ACCOUNT_ID_ENDPOINT_MODE", "x"), remote.Config{NoSignRequest: true}, ""},
		{"a token's session that is not there, before no region", usual().without("AWS_REGION").with("cfg", "[default]\nsso_session = s\n"), remote.Config{NoSignRequest: true},
			`The profile "default" is configured to use the SSO token provider but the "s" sso_session configuration does not exist.`},
		{"a token's session with too little", usual().with("cfg", "[default]\nsso_session = s\n[sso-session s]\nsso_region = r\n"), remote.Config{},
			`The profile "default" is configured to use the SSO token provider but is missing the following configuration: ['sso_start_url'].`},
		{"a token's session", usual().with("cfg", "[default]\nsso_session = s\n[sso-session s]\nsso_region = r\nsso_start_url = u\n"), remote.Config{}, ""},
		{"credentials until nobody knows when", usual("AWS_CREDENTIAL_EXPIRATION", "soon"), remote.Config{}, `AWS_CREDENTIAL_EXPIRATION is no time with a zone, such as 2030-01-31T12:00:00Z: "soon"`},
		{"profile by flag", world{profile: &gone}, remote.Config{}, "not ours: The config profile (gone) could not be found"},
		{"broken file", usual().with("cfg", "[default\n"), remote.Config{}, "not ours: Unable to parse config file: cfg"},
		{"region's form before credentials", usual("AWS_REGION", "us_east").without("AWS_SECRET_ACCESS_KEY"), remote.Config{}, "Provided region_name 'us_east' doesn't match a supported format."},
		{"credentials before no region", usual().without("AWS_REGION", "AWS_SECRET_ACCESS_KEY"), remote.Config{}, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"},
		{"no region before retries", usual("AWS_RETRY_MODE", "bogus").without("AWS_REGION"), remote.Config{}, noRegion},
		{"attempts before mode", usual("AWS_MAX_ATTEMPTS", "0", "AWS_RETRY_MODE", "bogus"), remote.Config{}, `Value provided to "max_attempts": 0 must be an integer greater than or equal to one.`},
		{"attempts in words", usual("AWS_MAX_ATTEMPTS", "two"), remote.Config{}, `Value provided to "max_attempts": "two" is not an integer.`},
		{"attempts in the file", usual().with("cfg", "[default]\nmax_attempts = -3\n"), remote.Config{}, `Value provided to "max_attempts": -3 must be an integer greater than or equal to one.`},
		{"mode before endpoint", usual("AWS_RETRY_MODE", "legacy"), remote.Config{Endpoint: "http://"}, `Invalid value provided to "mode": "legacy" must be one of: "standard" or "adaptive"`},
		{"endpoint without a host", usual(), remote.Config{Endpoint: "http://"}, "Invalid endpoint: http://"},
		{"endpoint without a scheme", usual(), remote.Config{Endpoint: "localhost:1"}, "Invalid endpoint: localhost:1"},
		{"endpoint with an odd host", usual("AWS_ENDPOINT_URL", "http://a_b"), remote.Config{}, "Invalid endpoint: http://a_b"},
		{"endpoint of no region", usual("AWS_REGION", ""), remote.Config{}, "Invalid endpoint: https://signer..amazonaws.com"},
		{"services that are not there", usual().with("cfg", "[default]\nservices = nope\n"), remote.Config{}, `The profile is configured to use the services section but the "nope" services configuration does not exist.`},
		{"empty bundle", usual(), remote.Config{CABundle: aws.String(" ")}, "Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or verify) resolved to an empty or whitespace-only string. Provide a valid path to a CA bundle file."},
		{"time runs forward", usual(), remote.Config{ReadTimeout: &minus}, "Attempted to set read timeout to -1, but the timeout cannot be set to a value less than or equal to 0."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.c.Settings = tc.world.settings()
			_, err := remote.Open(t.Context(), tc.c)
			if got := said(err); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// Who has no settings at all lacks a region, and is not in danger.
func TestZeroConfig(t *testing.T) {
	_, err := remote.Open(t.Context(), remote.Config{Region: aws.String("us-east-1"), Endpoint: "http://127.0.0.1:1", Settings: world{}.settings()})
	if err != nil {
		t.Error(err)
	}
}

func TestRegions(t *testing.T) {
	s := serve(t, nil)
	for _, tc := range []struct {
		name  string
		world world
		flag  *string
		want  string
	}{
		{"AWS_REGION", usual("AWS_DEFAULT_REGION", "eu-west-1"), nil, "us-east-1"},
		{"AWS_DEFAULT_REGION", usual("AWS_DEFAULT_REGION", "eu-west-1").without("AWS_REGION"), nil, "eu-west-1"},
		{"the profile's", usual().without("AWS_REGION").with("cfg", "[default]\nregion = eu-west-3\n"), nil, "eu-west-3"},
		{"the flag's", usual(), aws.String("ap-south-1"), "ap-south-1"},
		{"an empty one", usual("AWS_REGION", ""), nil, ""},
		{"an empty flag", usual(), aws.String(""), ""},
		{"one that nobody knows", usual("AWS_REGION", "mars-north-1"), nil, "mars-north-1"},
		{"a FIPS one", usual("AWS_REGION", "fips-us-east-1"), nil, "us-east-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.count()
			if err := call(t, remote.Config{Settings: tc.world.settings(), Region: tc.flag, Endpoint: s.URL}); err != nil {
				t.Fatal(err)
			}
			if got, want := s.asked(), "GET /tags/x AKID/"+tc.want+"/signer"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestEndpoints(t *testing.T) {
	s := serve(t, nil)
	const dead = "http://127.0.0.1:1"
	for _, tc := range []struct {
		name  string
		world world
		flag  string
		want  string
	}{
		{"the flag's", usual("AWS_ENDPOINT_URL", dead), s.URL, "/tags/x"},
		{"a path", usual(), s.URL + "/base/path/", "/base/path/tags/x"},
		{"a path with escapes and a query", usual(), s.URL + "/a%20b c?d=e&f=g h", "/a%20b%20c/tags/x?d=e&f=g%20h"},
		{"the service's", usual("AWS_ENDPOINT_URL", dead, "AWS_ENDPOINT_URL_SIGNER", s.URL), "", "/tags/x"},
		{"everybody's", usual("AWS_ENDPOINT_URL", s.URL), "", "/tags/x"},
		{"the environment's before the file's", usual("AWS_ENDPOINT_URL", s.URL).with("cfg", "[default]\nendpoint_url = "+dead+"\n"), "", "/tags/x"},
		{"the profile's", usual().with("cfg", "[default]\nendpoint_url = "+s.URL+"\n"), "", "/tags/x"},
		{"the profile's services'", usual().with("cfg", "[default]\nendpoint_url = "+dead+"\nservices = s\n[services s]\nsigner =\n  endpoint_url = "+s.URL+"\n"), "", "/tags/x"},
		{"FIPS with an endpoint", usual("AWS_USE_FIPS_ENDPOINT", "true", "AWS_USE_DUALSTACK_ENDPOINT", "true"), s.URL, "/tags/x"},
		{"something like FIPS", usual("AWS_USE_FIPS_ENDPOINT", "maybe"), s.URL, "/tags/x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.count()
			if err := call(t, remote.Config{Settings: tc.world.settings(), Endpoint: tc.flag}); err != nil {
				t.Fatal(err)
			}
			if got, want := s.asked(), "GET "+tc.want+" AKID/us-east-1/signer"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// Neither the endpoint's escapes nor the request's are lost beside the other's.
func TestEscapes(t *testing.T) {
	s := serve(t, nil)
	c, err := remote.Open(t.Context(), remote.Config{Settings: usual().settings(), Endpoint: s.URL + "/a%2Fb c/"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ListTagsForResource(t.Context(), &signer.ListTagsForResourceInput{ResourceArn: aws.String("arn:x/y z")}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.asked(), "GET /a%2Fb%20c/tags/arn%3Ax%2Fy%20z AKID/us-east-1/signer"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The AWS CLI puts a prefix before whatever stands where a host's name should.
func TestPrefixBeforeAddresses(t *testing.T) {
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) })
	for endpoint, want := range map[string]string{"https://10.0.0.1": "data-10.0.0.1:443", "https://localhost:8443": "data-localhost:8443"} {
		proxy.count()
		c, err := remote.Open(t.Context(), remote.Config{Settings: usual("HTTPS_PROXY", proxy.URL, "AWS_MAX_ATTEMPTS", "1").settings(), Endpoint: endpoint, PrefixAddress: true})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(0, 0)
		c.GetRevocationStatus(t.Context(), &signer.GetRevocationStatusInput{CertificateHashes: []string{"h"}, JobArn: aws.String("j"), PlatformId: aws.String("p"), ProfileVersionArn: aws.String("v"), SignatureTimestamp: &now})
		if got := proxy.asked(); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", endpoint, got, want)
		}
	}
}

// AWS's own hosts, as a proxy sees them.
func TestHosts(t *testing.T) {
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) })
	revocation := func(ctx context.Context, c *signer.Client) error {
		now := time.Unix(0, 0)
		_, err := c.GetRevocationStatus(ctx, &signer.GetRevocationStatusInput{CertificateHashes: []string{"h"}, JobArn: aws.String("j"), PlatformId: aws.String("p"), ProfileVersionArn: aws.String("v"), SignatureTimestamp: &now})
		return err
	}
	for _, tc := range []struct {
		world    world
		endpoint string
		call     func(context.Context, *signer.Client) error
		want     string
	}{
		{usual(), "", list, "CONNECT signer.us-east-1.amazonaws.com:443"},
		{usual("AWS_REGION", "cn-north-1"), "", list, "CONNECT signer.cn-north-1.amazonaws.com.cn:443"},
		{usual("AWS_REGION", "us-iso-east-1"), "", list, "CONNECT signer.us-iso-east-1.c2s.ic.gov:443"},
		{usual("AWS_REGION", "eusc-de-east-1"), "", list, "CONNECT signer.eusc-de-east-1.amazonaws.eu:443"},
		{usual("AWS_USE_FIPS_ENDPOINT", "TRUE"), "", list, "CONNECT signer-fips.us-east-1.amazonaws.com:443"},
		{usual("AWS_REGION", "fips-us-east-1"), "", list, "CONNECT signer-fips.us-east-1.amazonaws.com:443"},
		{usual("AWS_USE_DUALSTACK_ENDPOINT", "true"), "", list, "CONNECT signer.us-east-1.api.aws:443"},
		{usual(), "", revocation, "CONNECT data-signer.us-east-1.amazonaws.com:443"},
		{usual(), "https://signer.example.test", revocation, "CONNECT data-signer.example.test:443"},
		{usual("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"), "https://signer.example.test", revocation, "CONNECT signer.example.test:443"},
		{usual().with("cfg", "[default]\ndisable_host_prefix_injection = true\n"), "", revocation, "CONNECT signer.us-east-1.amazonaws.com:443"},
		{usual(), "https://10.0.0.1", revocation, "CONNECT 10.0.0.1:443"},
		{usual(), "https://[::1]:8443", revocation, "CONNECT [::1]:8443"},
		{usual(), "https://localhost", revocation, "CONNECT localhost:443"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			proxy.count()
			tc.world.env["HTTPS_PROXY"], tc.world.env["AWS_MAX_ATTEMPTS"] = proxy.URL, "1"
			c, err := remote.Open(t.Context(), remote.Config{Settings: tc.world.settings(), Endpoint: tc.endpoint})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := said(tc.call(t.Context(), c)), `Failed to connect to proxy URL: "`+proxy.URL+`"`; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got := strings.ReplaceAll(proxy.asked(), "CONNECT //", "CONNECT "); got != tc.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Other services live on the same settings; S3 with an endpoint wants paths.
func TestS3(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<ListBucketResult/>") })
	config, err := remote.Load(t.Context(), remote.Config{Service: "s3", Settings: usual("AWS_ENDPOINT_URL_S3", s.URL, "AWS_ENDPOINT_URL", "http://127.0.0.1:1").settings()})
	if err != nil {
		t.Fatal(err)
	}
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = config.BaseEndpoint != nil })
	if _, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("b")}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.asked(), "GET /b?list-type=2 AKID/us-east-1/s3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestChecksumsOfObjects(t *testing.T) {
	for setting, want := range map[string]string{"when_supported": "AAAAAA==", "when_required": ""} {
		s := serve(t, nil)
		config, err := remote.Load(t.Context(), remote.Config{Service: "s3", Endpoint: s.URL, Settings: usual("AWS_REQUEST_CHECKSUM_CALCULATION", setting).settings()})
		if err != nil {
			t.Fatal(err)
		}
		client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: strings.NewReader("")}); err != nil {
			t.Fatal(err)
		}
		if got := s.header(0, "X-Amz-Checksum-Crc32"); got != want {
			t.Errorf("%s: checksum %s, want %s", setting, got, want)
		}
	}
}

func TestIntroduction(t *testing.T) {
	s := serve(t, nil)
	if err := call(t, remote.Config{Settings: usual("AWS_SDK_UA_APP_ID", "my-app").settings(), Endpoint: s.URL, UserAgent: "signer/1.2"}); err != nil {
		t.Fatal(err)
	}
	if got := s.header(0, "User-Agent"); !strings.HasPrefix(got, "signer/1.2 aws-sdk-go-v2/") || !strings.Contains(got, "app/my-app") {
		t.Errorf("got %s", got)
	}
}
