package server_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/google/go-cmp/cmp"

	"signer/pkg/api"
	"signer/pkg/document"
)

// program is a command that sees no settings of AWS's but the given ones.
func program(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("there is no " + name)
	}
	c := exec.Command(path, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.Contains(strings.ToLower(v), "_proxy=") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_PAGER=")
	return c
}

// scenario is the answers of a service in which a job "slow" takes three looks and
// a job "none" is not there, and each listing by twos has two pages.
func scenario() *fake {
	looks := 0
	f := &fake{}
	f.answer = func(name string, in *document.Object) (*document.Object, error) {
		out := sample(api.Signer.Operation(name).Output).(*document.Object)
		if id, _ := in.Get("jobId"); name == "DescribeSigningJob" && id == "none" {
			return nil, &types.ResourceNotFoundException{Message: aws.String("Job with id none does not exist."), Code: aws.String("JobNotFound")}
		} else if id == "slow" {
			looks++
			out.Set("status", map[bool]string{true: "Succeeded", false: "InProgress"}[looks > 2])
		}
		if limit, _ := in.Get("maxResults"); limit == int64(2) && in.Has("nextToken") {
			out.Delete("nextToken")
		}
		return out, nil
	}
	return f
}

// lacking is how the script ends where it does not find what it needs.
const lacking = 77

func TestBoto3(t *testing.T) {
	t.Parallel()
	f := scenario()
	s := serve(t, f)
	calls := document.List{}
	for _, op := range api.Signer.Operations {
		calls = append(calls, document.List{op.Name, pythonic(sample(op.Input))})
	}
	task := document.New(document.Member{Name: "endpoint", Value: s.URL}, document.Member{Name: "key", Value: keyID}, document.Member{Name: "secret", Value: secret},
		document.Member{Name: "region", Value: region}, document.Member{Name: "calls", Value: calls})
	c := program(t, "python3", filepath.Join("testdata", "calls.py"))
	c.Stdin, c.Stderr = strings.NewReader(text(task)), os.Stderr
	out, err := c.Output()
	if c.ProcessState.ExitCode() == lacking {
		t.Skip("python3 has no boto3, or one that is older than SignPayload")
	} else if err != nil {
		t.Fatal(err)
	}
	v, err := document.ParseJSON(string(out))
	if err != nil {
		t.Fatal(err)
	}
	checkBoto3(t, v.(*document.Object), f.taken())
}

func checkBoto3(t *testing.T, result *document.Object, calls []call) {
	answers, _ := result.Get("calls")
	for i, op := range api.Signer.Operations {
		if diff := cmp.Diff(op.Name+text(sample(op.Input)), calls[i].op+text(calls[i].in)); diff != "" {
			t.Errorf("%s: the engine was given: %s", op.Name, diff)
		}
		if diff := cmp.Diff(text(sample(op.Output)), text(answers.(document.List)[i])); diff != "" {
			t.Errorf("%s: the caller got: %s", op.Name, diff)
		}
	}
	for name, want := range map[string]string{
		"proxied":                text(document.List{sample(api.Signer.Operation("GetRevocationStatus").Output)}),
		"list_signing_jobs":      "4",
		"list_signing_profiles":  "4",
		"list_signing_platforms": "4",
		"waited":                 "true",
		"gave up":                `"Waiter SuccessfulSigningJob failed: Waiter encountered a terminal failure state: Matched expected service error code: ResourceNotFoundException"`,
		"no job":                 `["ResourceNotFoundException", "ResourceNotFoundException", "Job with id none does not exist.", "JobNotFound", 404, 36]`,
		"bad name": `["ValidationException", "ValidationException", "1 validation error detected: Value 'a-b' at 'profileName' failed to satisfy constraint: ` +
			`Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}", null, 400, 36]`,
		"stranger": `["ClientError", "UnrecognizedClientException", "The security token included in the request is invalid.", null, 403, 36]`,
		"token":    `["ClientError", "UnrecognizedClientException", "The security token included in the request is invalid.", null, 403, 36]`,
	} {
		if got, _ := result.Get(name); text(got) != want {
			t.Errorf("%s: got %s\nwant %s", name, text(got), want)
		}
	}
}

// pythonic marks bytes, which are not text to boto3.
func pythonic(v document.Value) document.Value {
	out := document.New()
	for name, member := range v.(*document.Object).All() {
		if b, ok := member.([]byte); ok {
			member = document.New(document.Member{Name: "base64", Value: b})
		}
		out.Set(name, member)
	}
	return out
}

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	version, err := program(t, "aws", "--version").CombinedOutput()
	if err != nil || !bytes.HasPrefix(version, []byte("aws-cli/")) {
		t.Skip("aws is not the AWS CLI")
	}
	for _, tc := range []struct {
		args      []string
		out, call string
	}{
		{[]string{"put-signing-profile", "--profile-name", "web", "--platform-id", "AWSLambda-SHA384-ECDSA", "--tags", "team=a,b/c=d", "--query", "profileVersion", "--output", "text"}, "AbCdEf1234\n",
			`PutSigningProfile {"profileName": "web", "platformId": "AWSLambda-SHA384-ECDSA", "tags": {"b/c": "d", "team": "a"}}`},
		{[]string{"describe-signing-job", "--job-id", "none"}, "\nAn error occurred (ResourceNotFoundException) when calling the DescribeSigningJob operation: Job with id none does not exist.\n", `DescribeSigningJob {"jobId": "none"}`},
	} {
		t.Run(tc.args[0], func(t *testing.T) {
			t.Parallel()
			f := scenario()
			out, _ := program(t, "aws", append([]string{"signer", "--endpoint-url", serve(t, f).URL}, tc.args...)...).CombinedOutput()
			if !strings.HasSuffix(string(out), tc.out) {
				t.Errorf("got %q", out)
			}
			if calls := f.taken(); len(calls) != 1 || calls[0].op+" "+text(calls[0].in) != tc.call {
				t.Errorf("the engine was called: %v", calls)
			}
		})
	}
}
