package notation

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

// jws is the one type of envelope that AWS Signer makes.
const jws = "application/jose+json"

// GenerateEnvelope has a payload signed by the profile whose ARN is the key's id.
// It is signed as it is; for how long it counts the profile says.
func (p *Plugin) GenerateEnvelope(ctx context.Context, r *plugin.GenerateEnvelopeRequest) (*plugin.GenerateEnvelopeResponse, error) {
	if err := signable(r); err != nil {
		return nil, err
	}
	profile, ok := profileARN(r.KeyID)
	if !ok || profile.version != "" {
		return nil, plugin.NewValidationErrorf("%s is not the ARN of a signing profile, as in arn:aws:signer:REGION:ACCOUNT:/signing-profiles/NAME. "+
			"A version cannot be chosen: it is always the newest that signs", r.KeyID)
	}
	s, done, err := p.Open(ctx, profile.Region, r.PluginConfig)
	if err != nil {
		return nil, p.Refusal(err)
	}
	defer done()
	out, err := s.SignPayload(ctx, &signer.SignPayloadInput{
		Payload: r.Payload, PayloadFormat: &r.PayloadType, ProfileName: &profile.name, ProfileOwner: &profile.AccountID,
	})
	if err != nil {
		return nil, p.Refusal(err)
	}
	return &plugin.GenerateEnvelopeResponse{SignatureEnvelope: out.Signature, SignatureEnvelopeType: jws, Annotations: out.Metadata}, nil
}

// signable refuses what AWS Signer cannot do.
func signable(r *plugin.GenerateEnvelopeRequest) error {
	if r == nil {
		return plugin.NewValidationError("there is no request")
	}
	if err := r.Validate(); err != nil {
		return err
	}
	switch {
	case r.ContractVersion != plugin.ContractVersion:
		return plugin.NewUnsupportedContractVersionError(r.ContractVersion)
	case r.ExpiryDurationInSeconds != 0:
		return plugin.NewValidationError("--expiry is not supported: for how long a signature counts its signing profile says")
	case r.SignatureEnvelopeType != jws:
		return plugin.NewValidationErrorf("signature format %q is not supported: AWS Signer makes %s", r.SignatureEnvelopeType, jws)
	}
	return nil
}

// profile is an ARN of a signing profile, or of a version of one.
type profile struct {
	arn.ARN
	name, version string
}

// profileARN takes an ARN of a profile apart.
func profileARN(text string) (profile, bool) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "signer" {
		return profile{}, false
	}
	rest, ok := strings.CutPrefix(a.Resource, "/signing-profiles/")
	name, version, versioned := strings.Cut(rest, "/")
	return profile{a, name, version}, ok && name != "" && (version != "") == versioned && !strings.Contains(version, "/")
}
