package cmd_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"

	"signer/pkg/keys/keystest"
)

// awsCLI is the AWS CLI's second version, pointed at a server.
type awsCLI struct {
	program, url, dir string
	key               aws.Credentials
	driver            *awsDriver // nil: each command is a process
}

// awsDriver runs commands in one process of Python, which takes a tenth of the time.
type awsDriver struct {
	mu      sync.Mutex
	tasks   *json.Encoder
	answers *json.Decoder
}

// newAWSCLI finds the program, which may lie behind another one of its name.
func newAWSCLI(t *testing.T, url string, key aws.Credentials) *awsCLI {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		program := filepath.Join(dir, "aws")
		if out, err := exec.Command(program, "--version").Output(); err == nil && strings.HasPrefix(string(out), "aws-cli/2.") && strings.Contains(string(out), " Python/") { // or it is ours
			return &awsCLI{program, url, t.TempDir(), key, newAWSDriver(t, program)}
		}
	}
	t.Skip("there is no AWS CLI of version 2")
	return nil
}

// newAWSDriver starts the interpreter that the program is a script for, if it is one.
func newAWSDriver(t *testing.T, program string) *awsDriver {
	text, err := os.ReadFile(program)
	must(t, err)
	line, _, _ := strings.Cut(string(text[:min(len(text), 200)]), "\n")
	python, ok := strings.CutPrefix(line, "#!")
	if !ok || strings.ContainsAny(python, " \t") || exec.Command(python, "-c", "import awscli.clidriver").Run() != nil {
		return nil
	}
	c := exec.Command(python, filepath.Join("testdata", "drive_awscli.py"))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	must(t, err)
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	t.Cleanup(func() {
		in.Close()
		if err := c.Wait(); err != nil {
			t.Errorf("the AWS CLI ended with %v", err)
		}
	})
	return &awsDriver{tasks: json.NewEncoder(in), answers: json.NewDecoder(out)}
}

// says runs a command and returns what it says, on either stream, and whether it
// succeeded. In words, @ stands for the directory of the test's files.
func (a *awsCLI) says(words string) (string, bool) {
	args := append([]string{"--endpoint-url", a.url, "--output", "text"}, strings.Fields(strings.ReplaceAll(words, "@", a.dir))...)
	env := map[string]string{"HOME": a.dir, "AWS_REGION": serveRegion, "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": a.key.AccessKeyID, "AWS_SECRET_ACCESS_KEY": a.key.SecretAccessKey}
	if a.driver != nil {
		return a.driver.says(args, env)
	}
	c := exec.Command(a.program, args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range env {
		c.Env = append(c.Env, name+"="+value)
	}
	out, err := c.CombinedOutput()
	return strings.TrimSpace(string(out)), err == nil
}

func (d *awsDriver) says(words []string, env map[string]string) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.tasks.Encode(map[string]any{"words": words, "env": env}); err != nil {
		return err.Error(), false
	}
	var answer struct {
		Status int
		Said   string
	}
	if err := d.answers.Decode(&answer); err != nil {
		return err.Error(), false
	}
	return strings.TrimSpace(answer.Said), answer.Status == 0
}

// run is says for what has to succeed.
func (a *awsCLI) run(t *testing.T, words string) string {
	t.Helper()
	out, ok := a.says(words)
	if !ok {
		t.Fatalf("aws %s: %s", words, out)
	}
	return out
}

// step is a command, and a pattern for all that it says; "!" before that is a command
// that fails.
type step struct{ words, want string }

// together runs commands that do not need each other, at once if they are processes.
func (a *awsCLI) together(t *testing.T, steps ...step) {
	t.Helper()
	var wg sync.WaitGroup
	for _, s := range steps {
		wg.Go(func() {
			out, ok := a.says(s.words)
			want, fails := strings.CutPrefix(s.want, "!")
			if ok == fails || !regexp.MustCompile("^(?s:"+want+")$").MatchString(out) {
				t.Errorf("aws %s:\ngot  %s\nwant %s", s.words, out, s.want)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// The AWS CLI does the whole of it, from a bucket to a signature that is revoked, with
// nothing but another endpoint.
func TestServeAWSCLI(t *testing.T) {
	h := newServeHome(t)
	s := h.start(t)
	key := h.key(t, "maria")
	a := newAWSCLI(t, s.url, key)
	must(t, os.WriteFile(filepath.Join(a.dir, "app.zip"), archive(t), 0o600))
	device := keystest.Bundle(t, keystest.Key(t))
	must(t, os.WriteFile(filepath.Join(a.dir, "device.pem"), device.Certificate, 0o600))
	must(t, os.WriteFile(filepath.Join(a.dir, "device.key"), device.PrivateKey, 0o600))

	a.together(t,
		step{"s3api create-bucket --bucket uploads --create-bucket-configuration LocationConstraint=" + serveRegion, ".*"},
		step{"s3 mb s3://signed", "make_bucket: signed"},
		step{"signer put-signing-profile --profile-name web --platform-id AWSLambda-SHA384-ECDSA --tags team=one --query arn", "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/web"})
	certificate := a.run(t, "acm import-certificate --certificate fileb://@/device.pem --private-key fileb://@/device.key --query CertificateArn")
	a.together(t,
		step{"s3api put-bucket-versioning --bucket uploads --versioning-configuration Status=Enabled", ""},
		step{"signer put-signing-profile --profile-name device --platform-id AWSIoTDeviceManagement-SHA256-ECDSA --signing-material certificateArn=" + certificate + " --query profileVersion", "[a-zA-Z0-9]{10}"},
		step{"signer add-profile-permission --profile-name web --action signer:StartSigningJob --principal 444455556666 --statement-id one --query revisionId", "[-0-9a-f]{36}"})

	version := a.run(t, "s3api put-object --bucket uploads --key app.zip --body @/app.zip --query VersionId")
	start := " --source s3={bucketName=uploads,key=app.zip,version=" + version + "} --destination s3={bucketName=signed,prefix=signed-} --query jobId"
	job := a.run(t, "signer start-signing-job --profile-name web"+start)
	other := a.run(t, "signer start-signing-job --profile-name device"+start)
	ended(t, s.client(t, key), job, other) // or the waiter sleeps for twenty seconds
	a.together(t,
		step{"signer wait successful-signing-job --job-id " + job, ""},
		step{"signer describe-signing-job --job-id " + other + " --query [status,requestedBy,signedObject.s3.key]", `Succeeded\s+arn:aws:iam::111122223333:user/maria\s+signed-` + other},
		step{"signer list-signing-jobs --status Succeeded --page-size 1 --query length(jobs)", `1\s+1`},
		step{"s3 cp s3://signed/signed-" + job + ".zip @/signed.zip", ".*download.*"},
		step{"s3api get-object --bucket signed --key signed-" + other + " @/signed.json --query ContentLength", "[0-9]+"})

	if out := h.run(t, "verify", filepath.Join(a.dir, "signed.zip"), filepath.Join(a.dir, "signed.json"), "--query", "files[].signatureStatus", "--output", "text"); out != "VALID\tVALID" {
		t.Errorf("the signed files are %s", out)
	}
	a.together(t,
		step{"signer revoke-signature --job-id " + job + " --reason bug", ""},
		step{"signer remove-profile-permission --profile-name web --statement-id one --revision-id " + a.run(t, "signer list-profile-permissions --profile-name web --query revisionId") + " --query revisionId", "[-0-9a-f]{36}"},
		step{"signer cancel-signing-profile --profile-name device", ""})
	a.together(t,
		step{"signer describe-signing-job --job-id " + job + " --query revocationRecord.[reason,revokedBy]", `bug\s+arn:aws:iam::111122223333:user/maria`},
		step{"signer list-profile-permissions --profile-name web", `!.*\(ResourceNotFoundException\).*`},
		step{"signer start-signing-job --profile-name device" + start, `!.*\(ValidationException\).*not active.*`})
	if out, err := h.command("verify", filepath.Join(a.dir, "signed.zip"), "--query", "files[].signatureStatus", "--output", "text").Output(); strings.TrimSpace(string(out)) != "REVOKED" {
		t.Errorf("the revoked file is %s, %v", out, err)
	}
	a.keys(t)
}

// keys has the AWS CLI make an access key, use it and take it away.
func (a *awsCLI) keys(t *testing.T) {
	made := strings.Fields(a.run(t, "iam create-access-key --user-name paul --query AccessKey.[AccessKeyId,SecretAccessKey]"))
	paul := *a
	paul.key = aws.Credentials{AccessKeyID: made[0], SecretAccessKey: made[1]}
	paul.run(t, "signer get-signing-profile --profile-name web")
	a.run(t, "iam update-access-key --user-name paul --access-key-id "+made[0]+" --status Inactive")
	paul.together(t, step{"signer list-signing-jobs", `!.*\(UnrecognizedClientException\).*`}, step{"s3 ls", `!.*\(InvalidAccessKeyId\).*`})
	a.together(t,
		step{"iam delete-access-key --user-name paul --access-key-id " + made[0], ""},
		step{"iam list-access-keys --query AccessKeyMetadata[].UserName", "maria"})
}

// ended waits until jobs have ended.
func ended(t *testing.T, c *signer.Client, ids ...string) {
	t.Helper()
	w := signer.NewSuccessfulSigningJobWaiter(c, func(o *signer.SuccessfulSigningJobWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 20*time.Millisecond
	})
	for _, id := range ids {
		must(t, w.Wait(context.WithoutCancel(t.Context()), &signer.DescribeSigningJobInput{JobId: &id}, patience))
	}
}
