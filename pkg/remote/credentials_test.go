package remote_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"signer/pkg/remote"
)

const noCredentials = `NoCredentials: Unable to locate credentials. You can configure credentials by running "aws login".`

// amazon answers as the services do that give credentials, and as AWS Signer.
func amazon(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	switch {
	case strings.HasPrefix(r.URL.Path, "/tags/"):
		io.WriteString(w, "{}")
	case r.URL.Path == "/creds" || strings.HasPrefix(r.URL.Path, "/latest/meta-data/iam/security-credentials/r"):
		fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":"MACHINE","SecretAccessKey":"s","Token":"T-%s","Expiration":"2099-01-01T00:00:00Z"}`, r.Header.Get("Authorization"))
	case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
		io.WriteString(w, "role")
	case r.URL.Path == "/latest/api/token":
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "600")
		io.WriteString(w, "imds")
	case r.URL.Path == "/latest/dynamic/instance-identity/document":
		io.WriteString(w, `{"region": "us-west-1"}`)
	case r.URL.Path == "/federation/credentials":
		fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s","sessionToken":"%s/%s/%s","expiration":4070908800000}}`,
			r.Header.Get("X-Amz-Sso_bearer_token"), r.URL.Query().Get("account_id"), r.URL.Query().Get("role_name"))
	default: // STS: the token tells what was asked for
		asked := url.Values{}
		for _, name := range []string{"ExternalId", "DurationSeconds", "SerialNumber", "TokenCode", "WebIdentityToken"} {
			if v := r.Form.Get(name); v != "" {
				asked.Set(name, v)
			}
		}
		action, arn := r.Form.Get("Action"), r.Form.Get("RoleArn")
		fmt.Fprintf(w, `<%sResponse><%[1]sResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
			action, strings.ToUpper(arn[strings.LastIndexByte(arn, '/')+1:]), strings.ReplaceAll(asked.Encode(), "&", ","))
	}
}

const expired = "Credentials were refreshed, but the refreshed credentials are still expired."

const lastLine = "GET /tags/x "

func TestCredentials(t *testing.T) {
	s := serve(t, nil) // AWS Signer alone; amazon for the rest
	aside := serve(t, amazon)
	bare := func(env ...string) world {
		return usual(append(env, "AWS_ENDPOINT_URL", aside.URL)...).without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	}
	dev := "dev"
	named := func(w world) world { w.profile = &dev; return w }
	for _, tc := range []struct {
		name  string
		world world
		want  string // key/region/service and token, or what is said
	}{
		{"environment", usual(), "AKID/us-east-1/signer"},
		{"environment with a token", usual("AWS_SESSION_TOKEN", "TOK"), "AKID/us-east-1/signer TOK"},
		{"environment with an old token", usual("AWS_SESSION_TOKEN", "TOK", "AWS_SECURITY_TOKEN", "OLD"), "AKID/us-east-1/signer OLD"},
		{"environment with half", usual().without("AWS_SECRET_ACCESS_KEY"), "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"},
		{"environment with the other half", usual().without("AWS_ACCESS_KEY_ID"), noCredentials},
		{"AWS_PROFILE does not go before the environment", usual("AWS_PROFILE", "dev").with("cfg", "[profile dev]\naws_access_key_id = CFG\naws_secret_access_key = s\n"), "AKID/us-east-1/signer"},
		{"--profile does", named(usual().with("cfg", "[profile dev]\nregion = eu-west-1\naws_access_key_id = CFG\naws_secret_access_key = s\naws_session_token = T\n")), "CFG/us-east-1/signer T"},
		{"credentials file before config file", bare().with("cfg", "[default]\naws_access_key_id = CFG\naws_secret_access_key = s\n").with("creds", "[default]\naws_access_key_id = CREDS\naws_secret_access_key = s\n"), "CREDS/us-east-1/signer"},
		{"half in the credentials file", bare().with("creds", "[default]\naws_access_key_id = CREDS\n"), "Partial credentials found in shared-credentials-file, missing: aws_secret_access_key"},
		{"half in the config file", bare().with("cfg", "[default]\naws_access_key_id = CFG\n"), "Partial credentials found in config-file, missing: aws_secret_access_key"},
		{"none", bare(), noCredentials},

		{"process", bare().with("cfg", `[default]`+"\n"+`credential_process = sh -c "echo '{\"Version\":1,\"AccessKeyId\":\"PROC\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"T\",\"Expiration\":\"2099-01-01T00:00:00Z\"}'"`+"\n"), "PROC/us-east-1/signer T"},
		{"process before keys of the config file", bare().with("cfg", `[default]`+"\naws_access_key_id = CFG\naws_secret_access_key = s\n"+`credential_process = echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s"}'`+"\n"), "PROC/us-east-1/signer"},
		{"process that fails", bare().with("cfg", "[default]\ncredential_process = sh -c 'echo no >&2; exit 1'\n"), "Error when retrieving credentials from custom-process: no\n"},
		{"process of another version", bare().with("cfg", "[default]\ncredential_process = echo '{\"Version\":2}'\n"), "Error when retrieving credentials from custom-process: Unsupported version '2' for credential process provider, supported versions: 1"},
		{"process without a version", bare().with("cfg", "[default]\ncredential_process = echo '{}'\n"), "Error when retrieving credentials from custom-process: Unsupported version '<Version key not provided>' for credential process provider, supported versions: 1"},
		{"process without a key", bare().with("cfg", "[default]\ncredential_process = echo '{\"Version\":1}'\n"), "Error when retrieving credentials from custom-process: Missing required key in response: 'AccessKeyId'"},
		{"process that prints a secret", bare().with("cfg", "[default]\ncredential_process = echo SECRET\n"), "Expecting value: line 1 column 1 (char 0)"},
		{"process that prints a list", bare().with("cfg", "[default]\ncredential_process = echo []\n"), "Error when retrieving credentials from custom-process: what it printed is no object"},
		{"process that only fails", bare().with("cfg", "[default]\ncredential_process = false\n"), "Error when retrieving credentials from custom-process: "},
		{"process with half a quote", bare().with("cfg", "[default]\ncredential_process = echo 'a\n"), "No closing quotation"},
		{"process whose credentials have expired", bare().with("cfg", `[default]`+"\n"+`credential_process = echo '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s","Expiration":"2001-01-01T00:00:00Z"}'`+"\n"), expired},
		{"process whose credentials end nobody knows when", bare().with("cfg", `[default]`+"\n"+`credential_process = echo '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s","Expiration":"soon"}'`+"\n"), "Unknown string format: soon"},

		{"role", bare().with("cfg", "[default]\nrole_arn = arn:aws:iam::1:role/web\nsource_profile = base\nexternal_id = E\nduration_seconds = 900\n[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"), "WEB/us-east-1/signer DurationSeconds=900,ExternalId=E"},
		{"role with a device", bare().with("cfg", "[default]\nrole_arn = arn:aws:iam::1:role/web\nsource_profile = default\nmfa_serial = M\naws_access_key_id = BASE\naws_secret_access_key = s\n"), "WEB/us-east-1/signer DurationSeconds=3600,SerialNumber=M,TokenCode=123456"},
		{"role of the environment", named(usual("AWS_ENDPOINT_URL_STS", aside.URL).with("cfg", "[profile dev]\nrole_arn = arn:aws:iam::1:role/web\ncredential_source = Environment\n")), "WEB/us-east-1/signer DurationSeconds=3600"},
		{"role of a role", named(bare().with("cfg", "[profile dev]\nrole_arn = arn:aws:iam::1:role/web\nsource_profile = mid\n[profile mid]\nrole_arn = arn:aws:iam::1:role/mid\nsource_profile = base\n[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n")), "WEB/us-east-1/signer DurationSeconds=3600"},
		{"role without a source", bare().with("cfg", "[default]\nrole_arn = r\n"), "Partial credentials found in assume-role, missing: source_profile or credential_source"},
		{"role with two sources", bare().with("cfg", "[default]\nrole_arn = r\nsource_profile = a\ncredential_source = Environment\n"), `The profile "default" contains both source_profile and credential_source.`},
		{"role of nobody", bare().with("cfg", "[default]\nrole_arn = r\nsource_profile = a\n"), `The source_profile "a" referenced in the profile "default" does not exist.`},
		{"role of an empty profile", bare().with("cfg", "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nregion = x\n"), `The source profile "a" must have credentials.`},
		{"role of itself", bare().with("cfg", "[default]\nrole_arn = r\nsource_profile = default\n"), "Infinite loop in credential configuration detected. Attempting to load from profile default which has already been visited. Visited profiles: ['default']"},
		{"roles in a circle", bare().with("cfg", "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = r\nsource_profile = default\n"), "Infinite loop in credential configuration detected. Attempting to load from profile default which has already been visited. Visited profiles: ['default', 'a']"},
		{"role of an odd place", bare().with("cfg", "[default]\nrole_arn = r\ncredential_source = Moon\n"), `The credential source "Moon" referenced in profile "default" is not valid.`},
		{"role of an empty place", bare().with("cfg", "[default]\nrole_arn = r\ncredential_source = EcsContainer\n"), "Error when retrieving credentials from EcsContainer: No credentials found in credential_source referenced in profile default"},

		{"web identity", bare("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod", "AWS_WEB_IDENTITY_TOKEN_FILE", "jwt").with("jwt", "TOKEN"), "POD/us-east-1/signer WebIdentityToken=TOKEN"},
		{"web identity of a profile", named(bare("AWS_ROLE_ARN", "x", "AWS_WEB_IDENTITY_TOKEN_FILE", "none").with("jwt", "TOKEN").with("cfg", "[profile dev]\nrole_arn = arn:aws:iam::1:role/pod\nweb_identity_token_file = jwt\n")), "POD/us-east-1/signer WebIdentityToken=TOKEN"},
		{"web identity without a token", bare("AWS_ROLE_ARN", "x", "AWS_WEB_IDENTITY_TOKEN_FILE", "nope"), "The web identity token cannot be read: file does not exist"},
		{"web identity without a role", bare("AWS_WEB_IDENTITY_TOKEN_FILE", "nope"), "The provided profile or the current environment is configured to assume role with web identity but has no role ARN configured. Ensure that the profile has the role_arnconfiguration set or the AWS_ROLE_ARN env var is set."},

		{"container", bare("AWS_CONTAINER_CREDENTIALS_FULL_URI", aside.URL+"/creds", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "ctok"), "MACHINE/us-east-1/signer T-ctok"},
		{"container with a token in a file", bare("AWS_CONTAINER_CREDENTIALS_FULL_URI", aside.URL+"/creds", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "tok").with("tok", "ftok"), "MACHINE/us-east-1/signer T-ftok"},
		{"container with a token of two lines", bare("AWS_CONTAINER_CREDENTIALS_FULL_URI", aside.URL+"/creds", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "tok").with("tok", "ftok\n"), "Auth token value is not a legal header value"},
		{"container nowhere", bare("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""), "Unsupported host 'None'.  Can only retrieve metadata from a loopback address or one of these hosts: 169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost"},
		{"container far away", bare("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/creds"), "Unsupported host 'example.com'.  Can only retrieve metadata from a loopback address or one of these hosts: 169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost"},
		{"machine", bare("AWS_EC2_METADATA_DISABLED", "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT", aside.URL), "MACHINE/us-east-1/signer T-"},
		{"machine's region", usual("AWS_EC2_METADATA_DISABLED", "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT", aside.URL).without("AWS_REGION"), "AKID/us-west-1/signer"},
		{"no such machine", bare("AWS_EC2_METADATA_DISABLED", "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"), noCredentials},

		{"SSO with a session that is not there", bare().with("cfg", "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"), `The specified sso-session does not exist: "s"`},
		{"SSO with too little", bare().with("cfg", "[default]\nsso_account_id = 1\nsso_region = x\n"), `The profile "default" is configured to use SSO but is missing required configuration: sso_role_name, sso_start_url`},
		{"SSO that disagrees", bare().with("cfg", "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\nsso_region = a\n[sso-session s]\nsso_region = b\n"), "The value for sso_region is inconsistent between profile (a) and sso-session (b)."},
		{"SSO without a token", bare("HOME", "/nowhere").with("cfg", "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = b\nsso_start_url = u\n"), "Error loading SSO Token: Token for s does not exist"},
		{"login without a token", bare("HOME", "/nowhere").with("cfg", "[default]\nlogin_session = arn\n"), "Error loading login session token: Unable to load a existing login session for session arn, Please reauthenticate with 'aws login'."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.count()
			err := call(t, remote.Config{Settings: tc.world.settings(), Endpoint: s.URL, MFA: func(string) (string, error) { return "123456", nil }})
			if err != nil {
				if got := said(err); got != tc.want {
					t.Errorf("got  %s\nwant %s", got, tc.want)
				}
				return
			}
			if got := strings.TrimPrefix(s.asked(), lastLine); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestSSO(t *testing.T) {
	home := t.TempDir()
	s := serve(t, nil)
	aside := serve(t, amazon)
	save := func(key string, expires time.Time) {
		file := filepath.Join(home, ".aws/sso/cache", fmt.Sprintf("%x.json", sha1.Sum([]byte(key))))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, fmt.Appendf(nil, `{"accessToken": "tok-%s", "expiresAt": "%s"}`, key, expires.UTC().Format(time.RFC3339)), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(time.Hour)
	save("s", later)
	save("https://start", later)
	save("old", time.Unix(0, 0))
	for _, tc := range []struct{ name, config, want string }{
		{"session", "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = eu-west-1\nsso_start_url = u\n", "SSO/us-east-1/signer tok-s/1/r"},
		{"no session", "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\nsso_start_url = https://start\n", "SSO/us-east-1/signer tok-https://start/1/r"},
		{"expired", "[default]\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\nsso_start_url = old\n", "The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the corresponding profile."},
		{"expired session", "[default]\nsso_session = old\nsso_account_id = 1\nsso_role_name = r\n[sso-session old]\nsso_region = eu-west-1\nsso_start_url = u\n", "Error when retrieving token from sso: Token has expired and refresh failed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.count()
			w := usual("HOME", home, "AWS_ENDPOINT_URL", aside.URL).without("AWS_ACCESS_KEY_ID").with("cfg", tc.config)
			err := call(t, remote.Config{Settings: w.settings(), Endpoint: s.URL})
			if got := said(err) + strings.TrimPrefix(s.asked(), lastLine); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	home := t.TempDir()
	s := serve(t, nil)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	token, err := json.Marshal(map[string]any{
		"accessToken":  map[string]any{"accessKeyId": "LOGIN", "secretAccessKey": "s", "sessionToken": "T", "accountId": "1", "expiresAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)},
		"refreshToken": "r", "clientId": "c", "tokenType": "t", "identityToken": "i", "dpopKey": string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, fmt.Sprintf("%x.json", sha256.Sum256([]byte("arn"))))
	if err := os.WriteFile(file, token, 0o600); err != nil {
		t.Fatal(err)
	}
	w := usual("AWS_LOGIN_CACHE_DIRECTORY", home).without("AWS_ACCESS_KEY_ID").with("cfg", "[default]\nlogin_session = arn\n")
	if err := call(t, remote.Config{Settings: w.settings(), Endpoint: s.URL}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.asked(), lastLine+"LOGIN/us-east-1/signer T"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What cannot get credentials is not tried again with every attempt.
func TestRefusedRoleIsFinal(t *testing.T) {
	s := serve(t, nil)
	aside := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(403)
		io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
	})
	w := usual("AWS_ENDPOINT_URL", aside.URL).without("AWS_ACCESS_KEY_ID").
		with("cfg", "[default]\nrole_arn = arn:aws:iam::1:role/web\nsource_profile = base\n[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n")
	err := call(t, remote.Config{Settings: w.settings(), Endpoint: s.URL})
	if err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("got %v", err)
	}
	if n, m := aside.count(), s.count(); n != 1 || m != 0 {
		t.Errorf("%d requests for the role, %d with it", n, m)
	}
}

func TestRoleWithNobodyToAsk(t *testing.T) {
	s := serve(t, nil)
	w := usual().without("AWS_ACCESS_KEY_ID").
		with("cfg", "[default]\nrole_arn = arn:aws:iam::1:role/web\nsource_profile = default\nmfa_serial = M\naws_access_key_id = BASE\naws_secret_access_key = s\n")
	if got, want := said(call(t, remote.Config{Settings: w.settings(), Endpoint: s.URL})), "The role needs a code of the device M, and there is nobody to ask for it."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNoSignRequest(t *testing.T) {
	s := serve(t, nil)
	w := usual().without("AWS_SECRET_ACCESS_KEY") // half a key is no trouble, since nobody looks
	if err := call(t, remote.Config{Settings: w.settings(), Endpoint: s.URL, NoSignRequest: true}); err != nil {
		t.Fatal(err)
	}
	if got := s.header(0, "Authorization"); got != "" {
		t.Errorf("signed with %s", got)
	}
}

// Nothing is asked, run or read for credentials that are fetched later.
func TestOpenIsCheap(t *testing.T) {
	aside := serve(t, amazon)
	w := usual("AWS_ENDPOINT_URL", aside.URL, "AWS_ROLE_ARN", "arn:aws:iam::1:role/pod", "AWS_WEB_IDENTITY_TOKEN_FILE", "none").without("AWS_ACCESS_KEY_ID")
	if _, err := remote.Open(t.Context(), remote.Config{Settings: w.settings(), Region: aws.String("x")}); err != nil {
		t.Error(err)
	}
	if n := aside.count(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// Credentials of the environment that have an end are no more used after it.
func TestEnvironmentExpires(t *testing.T) {
	for until, want := range map[string]string{
		"2024-05-06T07:08:09Z":      "Credentials were refreshed, but the refreshed credentials are still expired.",
		"2024-05-06T09:08:10+02:00": "",
		"2024-05-06 07:08:10+0000":  "",
	} {
		now := func() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC) }
		config, err := remote.Load(t.Context(), remote.Config{Settings: usual("AWS_CREDENTIAL_EXPIRATION", until).settings(), Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.Credentials.Retrieve(t.Context()); said(err) != want {
			t.Errorf("%s: %v", until, err)
		}
	}
}

// What a container is answered must be whole; nothing that is answered is a panic.
func TestContainerAnswers(t *testing.T) {
	s := serve(t, nil)
	const begun = "Error when retrieving credentials from container-role: "
	for _, tc := range []struct{ answer, want string }{
		{`{"AccessKeyId":"C","SecretAccessKey":"s","Token":"","Expiration":"2099-01-01T00:00:00Z"}`, ""},
		{`{"AccessKeyId":"C","SecretAccessKey":"s","Token":null,"Expiration":"Thu, 01 Jan 2099 00:00:00 GMT"}`, ""},
		{`{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":"2001-01-01T00:00:00Z"}`, expired},
		{`{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00"}`, `The Expiration of credentials must name a zone, as 2030-01-31T12:00:00Z does: "2099-01-01T00:00:00"`},
		{`{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":"soon"}`, "Unknown string format: soon"},
		{`{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":null}`, "The Expiration of credentials must be text."},
		{`{"AccessKeyId":5,"SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}`, begun + "AccessKeyId is no text"},
		{`{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t"}`, begun + "the answer has no Expiration"},
		{`{}`, begun + "the answer has no AccessKeyId"},
		{`null`, begun + "the answer is no object"},
		{`[]`, begun + "the answer is no object"},
	} {
		aside := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, tc.answer) })
		settings := usual("AWS_CONTAINER_CREDENTIALS_FULL_URI", aside.URL).without("AWS_ACCESS_KEY_ID").settings()
		got := ""
		if err := call(t, remote.Config{Settings: settings, Endpoint: s.URL}); err != nil {
			got = said(err)
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.answer, got, tc.want)
		}
	}
}

// A container is asked three times before it is said to have failed.
func TestContainerFailures(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"Received non 200 response 503 from container metadata: busy":    func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503); io.WriteString(w, "busy") },
		"Unable to parse JSON returned from container metadata services": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "busy") },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			aside := serve(t, answer)
			err := call(t, remote.Config{Settings: usual("AWS_CONTAINER_CREDENTIALS_FULL_URI", aside.URL).without("AWS_ACCESS_KEY_ID").settings(), Endpoint: "http://127.0.0.1:1"})
			if got, want := said(err), "Error when retrieving credentials from container-role: Error retrieving metadata: "+want; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if n := aside.count(); n != 3 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestCheckMetadata(t *testing.T) {
	for _, tc := range []struct {
		name  string
		world world
		want  string
	}{
		{"nothing", usual(), ""},
		{"numbers", usual("AWS_METADATA_SERVICE_TIMEOUT", " 5 ", "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "-1"), ""},
		{"a word", usual("AWS_METADATA_SERVICE_TIMEOUT", "x"), `metadata_service_timeout: "x" is not an integer`},
		{"a fraction", usual("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1.5"), `metadata_service_num_attempts: "1.5" is not an integer`},
		{"nothing in a variable", usual("AWS_METADATA_SERVICE_NUM_ATTEMPTS", ""), `metadata_service_num_attempts: "" is not an integer`},
		{"a word in the file", usual().with("cfg", "[default]\nmetadata_service_timeout = x\n"), `metadata_service_timeout: "x" is not an integer`},
		{"a mode in capitals", usual("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"), ""},
		{"another mode", usual("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "x"), "Invalid EC2 Instance Metadata endpoint mode: x Valid endpoint modes (case-insensitive): ('ipv4', 'ipv6')."},
		{"a mode, and no profile", usual("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "x", "AWS_PROFILE", "gone"), ""},
		{"a word, and no profile", usual("AWS_METADATA_SERVICE_TIMEOUT", "x", "AWS_PROFILE", "gone"), `metadata_service_timeout: "x" is not an integer`},
	} {
		got := ""
		if err := remote.CheckMetadata(tc.world.settings()); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}
