package cmd

import (
	"fmt"
	"runtime"
)

const version = "0.1.0"

// cliVersion is the version of the AWS CLI whose behaviour this program has.
const cliVersion = "2.36.7"

// versionLine is what --version prints. Called as aws it names the AWS CLI first,
// where scripts look for its major version.
func (s *session) versionLine() string {
	line := fmt.Sprintf("signer/%s Go/%s %s/%s", version, runtime.Version()[2:], runtime.GOOS, runtime.GOARCH)
	if s.name == "aws" {
		return "aws-cli/" + cliVersion + " " + line
	}
	return line
}
