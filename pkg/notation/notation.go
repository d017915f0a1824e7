// Package notation is AWS Signer as a plugin of Notary Project's notation: what
// notation asks of the program com.amazonaws.signer.notation.plugin, answered by
// any engine.
//
// What it is asked and answers is Notary Project's plugin contract 1.0
// (specifications/plugin-extensibility.md), in the types of its framework; which
// calls it makes for that, what it accepts and in which words it judges
// signatures is AWS's plugin's (github.com/aws/aws-signer-notation-plugin, 1.0).
//
// It finds no engine, reads no configuration, and looks at no image and no trust
// store: that is notation's work. What notation does not know by itself is which
// publisher AWS's attributes name, and what AWS has revoked.
package notation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

// Name is the plugin's name, which signatures of AWS Signer ask for. The program
// must be called as Program.
const (
	Name    = "com.amazonaws.signer.notation.plugin"
	Program = plugin.BinaryPrefix + Name
)

// The names of the settings that AWS's plugin has, in what notation passes on to
// it from --plugin-config.
const (
	ConfigRegion   = "aws-region"
	ConfigProfile  = "aws-profile"
	ConfigEndpoint = "aws-signer-endpoint-url"
)

// Signer is the part of an engine that is needed here.
type Signer interface {
	SignPayload(context.Context, *signer.SignPayloadInput, ...func(*signer.Options)) (*signer.SignPayloadOutput, error)
	GetRevocationStatus(context.Context, *signer.GetRevocationStatusInput, ...func(*signer.Options)) (*signer.GetRevocationStatusOutput, error)
}

// Plugin answers notation. It may be used from several goroutines at once, if what
// Open returns may.
type Plugin struct {
	// Version is told to notation, which wants a semantic version.
	Version string

	// Open finds who signs, for the region that an ARN names and the settings that
	// the user gave notation for its plugin. done is called when a request is
	// answered. It is called only for requests that need somebody.
	Open func(ctx context.Context, region string, settings map[string]string) (s Signer, done func(), err error)

	// Words says what an error means that is not a service's. Nil is its own text.
	Words func(error) string
}

var _ plugin.Plugin = (*Plugin)(nil) // programs that embed notation-go can take it as it is

// most is how much of a request is read. Notation's own requests have some
// kilobytes.
const most = 8 << 20

// Run carries out a command of the contract: its request is read from in, its
// answer written to out, both JSON. The error is a *plugin.Error, whose text is
// what the contract wants on standard error.
func (p *Plugin) Run(ctx context.Context, command string, in io.Reader, out io.Writer) error {
	answer, err := p.answer(ctx, plugin.Command(command), json.NewDecoder(io.LimitReader(in, most)))
	if err != nil {
		return p.Refusal(err)
	}
	if err := json.NewEncoder(out).Encode(answer); err != nil {
		return p.Refusal(err)
	}
	return nil
}

func (p *Plugin) answer(ctx context.Context, command plugin.Command, in *json.Decoder) (any, error) {
	switch command {
	case plugin.CommandGetMetadata:
		return call(ctx, in, p.GetMetadata)
	case plugin.CommandGenerateEnvelope:
		return call(ctx, in, p.GenerateEnvelope)
	case plugin.CommandVerifySignature:
		return call(ctx, in, p.VerifySignature)
	case plugin.CommandDescribeKey:
		return call(ctx, in, p.DescribeKey)
	case plugin.CommandGenerateSignature:
		return call(ctx, in, p.GenerateSignature)
	}
	return nil, plugin.NewValidationErrorf("%q is no command of notation's plugins: this program is one, and notation calls it (%s)", command, strings.Join(commands(), ", "))
}

func commands() []string {
	return []string{string(plugin.CommandGetMetadata), string(plugin.CommandGenerateEnvelope), string(plugin.CommandVerifySignature)}
}

// call reads a request and answers it.
func call[Request, Answer any](ctx context.Context, in *json.Decoder, do func(context.Context, *Request) (*Answer, error)) (any, error) {
	var request Request
	if err := in.Decode(&request); err != nil {
		return nil, plugin.NewJSONParsingError(fmt.Sprintf("the request is not the JSON that was expected: %v", err))
	}
	return do(ctx, &request)
}

// GetMetadata says what the plugin is and can do.
func (p *Plugin) GetMetadata(context.Context, *plugin.GetMetadataRequest) (*plugin.GetMetadataResponse, error) {
	return &plugin.GetMetadataResponse{
		Name:                      Name,
		Description:               "AWS Signer, on this machine or with AWS",
		Version:                   p.Version,
		URL:                       "https://docs.aws.amazon.com/signer",
		SupportedContractVersions: []string{plugin.ContractVersion},
		Capabilities:              []plugin.Capability{plugin.CapabilityEnvelopeGenerator, plugin.CapabilityTrustedIdentityVerifier, plugin.CapabilityRevocationCheckVerifier},
	}, nil
}

// DescribeKey is refused: AWS Signer makes whole envelopes.
func (p *Plugin) DescribeKey(context.Context, *plugin.DescribeKeyRequest) (*plugin.DescribeKeyResponse, error) {
	return nil, plugin.NewUnsupportedError("DescribeKey operation")
}

// GenerateSignature is refused: AWS Signer makes whole envelopes.
func (p *Plugin) GenerateSignature(context.Context, *plugin.GenerateSignatureRequest) (*plugin.GenerateSignatureResponse, error) {
	return nil, plugin.NewUnsupportedError("GenerateSignature operation")
}
