package cmd

import (
	"errors"

	"github.com/spf13/pflag"
)

// globals are the options that every command takes.
type globals struct {
	debug           bool
	endpointURL     *string
	noVerifySSL     bool
	noPaginate      bool
	output          string
	queryText       *string // nil: not given
	profile         *string
	region          *string
	color           string
	noSignRequest   bool
	caBundle        *string
	readTimeout     *string
	connectTimeout  *string
	binaryFormat    string
	noPager         bool
	autoPrompt      bool
	noAutoPrompt    bool
	errorFormatFlag string

	engine string // ours: local or aws
	home   string // ours: where the local engine keeps its state
}

// add defines the options, in the order in which the AWS CLI does: ambiguous
// prefixes are explained in it.
func (g *globals) add(f *pflag.FlagSet) {
	f.SortFlags = false
	addSwitch(f, &g.debug, "debug", "Log what happens to standard error.")
	addGiven(f, &g.endpointURL, "endpoint-url", "Send requests to this URL.")
	addSwitch(f, &g.noVerifySSL, "no-verify-ssl", "Accept any certificate of the service.")
	addSwitch(f, &g.noPaginate, "no-paginate", "Ask for one page only.")
	addText(f, &g.output, "output", "How to print answers.", "json", "text", "table", "yaml", "yaml-stream", "off")
	addGiven(f, &g.queryText, "query", "A JMESPath expression that picks what is printed.")
	addGiven(f, &g.profile, "profile", "The profile of the configuration to use.")
	addGiven(f, &g.region, "region", "The region to work in.")
	showVersion := &value{arity: none, kind: "boolean", set: func([]string) error { return errVersion }}
	showVersion.add(f, "version", "Print the version.")
	addText(f, &g.color, "color", "Whether tables are coloured.", "on", "off", "auto")
	addSwitch(f, &g.noSignRequest, "no-sign-request", "Send requests without a signature; no credentials are needed.")
	addGiven(f, &g.caBundle, "ca-bundle", "A file of certificates to trust in place of the system's.")
	addGiven(f, &g.readTimeout, "cli-read-timeout", "Seconds to wait for an answer; 0 is for ever.")
	addGiven(f, &g.connectTimeout, "cli-connect-timeout", "Seconds to wait for a connection; 0 is for ever.")
	addText(f, &g.binaryFormat, "cli-binary-format", "How bytes are written in parameters.", "base64", "raw-in-base64-out")
	addSwitch(f, &g.noPager, "no-cli-pager", "Do not show output through a pager.")
	addSwitch(f, &g.autoPrompt, "cli-auto-prompt", "Ask for what is missing.")
	addSwitch(f, &g.noAutoPrompt, "no-cli-auto-prompt", "Do not ask for what is missing.")
	addText(f, &g.errorFormatFlag, "cli-error-format", "How to print errors.", errorFormats...)
	addText(f, &g.engine, "engine", "Who does the work: this program, or AWS.", "local", "aws")
	addText(f, &g.home, "home", "The directory where the local engine keeps its state.")
	for _, name := range []string{"engine", "home"} {
		f.Lookup(name).Value.(*value).exact = true // AWS's own abbreviations keep their meaning
	}
}

var errorFormats = []string{"legacy", "json", "yaml", "text", "table", "enhanced"}

// errVersion ends a command line at --version, whatever else stands there.
var errVersion = errors.New("version")
