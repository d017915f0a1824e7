package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signer/cmd"
)

// Whole command lines, where what counts is what is found first and what the AWS
// CLI knows by then. What it says was seen by running it.

// line runs words as aws against a server that answers with a status and a body,
// and returns what is printed, without usage, and the exit code.
func line(t *testing.T, vars map[string]string, words []string, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, text, _ := strings.Cut(body, " ")
		code, _ := strconv.Atoi(status)
		w.WriteHeader(code)
		w.Write([]byte(text))
	}))
	defer s.Close()
	all := map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": s.URL,
		"AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "HOME": t.TempDir(), "AWS_PAGER": ""}
	for name, v := range vars {
		all[name] = v
	}
	var out bytes.Buffer
	env := cmd.OS()
	env.Args = append([]string{"aws", "signer"}, words...)
	env.Stdout, env.Stderr = &out, &out
	env.LookupEnv = func(name string) (string, bool) { v, ok := all[name]; return v, ok }
	code := cmd.Main(context.Background(), env)
	text, rest, _ := strings.Cut(out.String(), "\nusage: ")
	if _, unknown, ok := strings.Cut(rest, "help\n\n\n"); ok {
		text = unknown
	}
	return strings.TrimSpace(fmt.Sprintf("%s\n[%d]", strings.TrimSpace(text), code))
}

func TestLines(t *testing.T) {
	const (
		invalid = "aws: [ERROR]: An error occurred (ParamValidation): "
		warning = "warning: Non-positive values for --max-items may result in undefined behavior.\n"
		empty   = "200 {}"
	)
	for _, tc := range []struct {
		words string
		vars  map[string]string
		body  string
		want  string
	}{
		// A profile counts once the global options were judged, and an empty one never.
		{"list-signing-jobs --profile gone --color blue", nil, empty, invalid + "argument --color: Found invalid choice 'blue'\n[252]"},
		{"list-signing-jobs --profile gone --query a[", nil, empty, invalid + "Bad value for --query a[: Invalid jmespath expression: Incomplete expression:\n\"a[\"\n   ^\n[252]"},
		{"get-signing-profile --profile gone", nil, empty, "aws: [ERROR]: the following arguments are required: --profile-name\n[252]"},
		{"get-signing-profile --profile=", nil, empty, invalid + "the following arguments are required: --profile-name\n[252]"},
		{"get-signing-profile --profile-name pp --profile=", nil, `200 {"profileName": "pp"}`, "{\n    \"profileName\": \"pp\"\n}\n[0]"},
		{"get-signing-profile --profile-name pp --profile gone", map[string]string{"AWS_REGION": "x y"}, empty, "aws: [ERROR]: Provided region_name 'x y' doesn't match a supported format.\n[255]"},

		// Until the global options are read nobody knows in which format errors are wanted.
		{"list-signing-jobs --cli-error-format text --color blue", nil, empty, invalid + "argument --color: Found invalid choice 'blue'\n[252]"},
		{"list-signing-job --cli-error-format text --no-paginate", nil, empty, "ParamValidation\targument operation: Found invalid choice 'list-signing-job'\n\nMaybe you meant:\n\n  * list-signing-jobs\n  * start-signing-job\n[252]"},
		{"get-signing-profile --profile-name pp --cli-error-format json", nil, `403 {"message": null}`, "{\n    \"Message\": null,\n    \"Code\": \"403\"\n}\n[254]"},
		{"get-signing-profile --profile-name pp --cli-error-format yaml", nil, `403 {"code": ""}`, "Code: ''\nMessage: ''\n[254]"},
		{"get-signing-profile --profile-name pp", nil, `403 {"message": "no"}`, "aws: [ERROR]: An error occurred (403) when calling the GetSigningProfile operation (reached max retries: 0): no\n[254]"},

		// Only the AWS CLI's own commands are meant by what is mistyped under its name.
		{"sig", nil, empty, invalid + "argument operation: Found invalid choice 'sig'\n[252]"},
		{"wait help x", nil, empty, invalid + "argument subcommand: Found invalid choice 'help'\n[252]"},

		// Pages.
		{"list-signing-jobs --next-token t --max-items -1", nil, empty, invalid + "Cannot specify --no-paginate along with pagination arguments: --max-items\n[252]"},
		{"list-signing-jobs --max-items -1 --cli-input-json {", nil, empty, warning + "\n" + invalid + "Error parsing parameter 'cli-input-json': Invalid JSON received.\n[252]"},
		{`list-signing-jobs --max-items 1 --cli-input-json {"nextToken":"x"}`, nil, empty,
			invalid + "Parameter validation failed:\nUnknown parameter in input: \"PaginationConfig\", must be one of: status, platformId, requestedBy, maxResults, nextToken, isRevoked, signatureExpiresBefore, signatureExpiresAfter, jobInvoker\n[252]"},
		{"list-signing-jobs --page-size 1_0 --max-items ١", nil, `200 {"jobs": [{"jobId": "a"}]}`, "{\n    \"jobs\": [\n        {\n            \"jobId\": \"a\"\n        }\n    ]\n}\n[0]"},
		{"list-signing-jobs --starting-token MQ==", nil, empty, "aws: [ERROR]: Bad starting token: MQ==\n[255]"},
		{"list-signing-jobs --starting-token a___b --output yaml-stream", nil, empty, "- jobs: null\n[0]"},
		{"list-signing-jobs --starting-token W10= --output off --query nope()", nil, empty, "[0]"},

		// A sample of its own accord leaves the words behind it alone.
		{"list-signing-jobs --generate-cli-skeleton --foo", nil, empty, "aws: [ERROR]: Unknown options: --foo\n[252]"},

		// A query sees {} where nothing is answered.
		{"cancel-signing-profile --profile-name pp", nil, empty, "[0]"},
		{"cancel-signing-profile --profile-name pp --query a", nil, `200 {"a": 1}`, "null\n[0]"},
		{"cancel-signing-profile --profile-name pp --query a --output text", nil, empty, "None\n[0]"},
		{"cancel-signing-profile --profile-name pp --query nope()", nil, empty, "aws: [ERROR]: Unknown function: nope()\n[255]"},
	} {
		t.Run(tc.words, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, line(t, tc.vars, strings.Fields(tc.words), tc.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
