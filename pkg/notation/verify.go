package notation

import (
	"context"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

// The attributes that AWS Signer puts into its signatures, and the scheme that it
// signs by.
const (
	attributeVersion = "com.amazonaws.signer.signingProfileVersion"
	attributeJob     = "com.amazonaws.signer.signingJob"
	scheme           = "notary.x509.signingAuthority"
	platform         = "Notation-OCI-SHA384-ECDSA"
)

// VerifySignature judges what notation leaves to the plugin: whether a publisher
// made the signature whom the trust policy names by the ARN of a profile or of its
// version, and whether anything of it was revoked. That the signature is one, and
// its certificates those of a trusted root, notation has found out before.
func (p *Plugin) VerifySignature(ctx context.Context, r *plugin.VerifySignatureRequest) (*plugin.VerifySignatureResponse, error) {
	if err := judgeable(r); err != nil {
		return nil, err
	}
	answer := &plugin.VerifySignatureResponse{
		VerificationResults: map[plugin.Capability]*plugin.VerificationResult{},
		ProcessedAttributes: []any{attributeVersion, attributeJob}, // whatever was asked, or notation refuses them as unknown
	}
	for _, question := range r.TrustPolicy.SignatureVerification {
		ask := p.revocation
		if question == plugin.CapabilityTrustedIdentityVerifier {
			ask = p.publisher
		}
		result, err := ask(ctx, r)
		if err != nil {
			return nil, err
		}
		answer.VerificationResults[question] = result
	}
	return answer, nil
}

// judgeable refuses what cannot be judged here.
func judgeable(r *plugin.VerifySignatureRequest) error {
	if r == nil {
		return plugin.NewValidationError("there is no request")
	}
	if err := r.Validate(); err != nil {
		return err
	}
	if r.ContractVersion != plugin.ContractVersion {
		return plugin.NewUnsupportedContractVersionError(r.ContractVersion)
	}
	for _, question := range r.TrustPolicy.SignatureVerification {
		if question != plugin.CapabilityTrustedIdentityVerifier && question != plugin.CapabilityRevocationCheckVerifier {
			return plugin.NewValidationErrorf("%q is not a supported plugin capability", question)
		}
	}
	signed := &r.Signature.CriticalAttributes
	switch {
	case slices.Contains(r.TrustPolicy.TrustedIdentities, "*"):
		return plugin.NewValidationError(`the trusted identity "*" is not supported: name signing profiles by their ARNs in the trust policy`)
	case signed.AuthenticSigningTime == nil || signed.AuthenticSigningTime.IsZero():
		return plugin.NewValidationError("the signature has no authenticSigningTime")
	case !strings.EqualFold(signed.SigningScheme, scheme):
		return plugin.NewUnsupportedError("signing scheme " + signed.SigningScheme)
	}
	return nil
}

// attribute is one of the ARNs that a signature carries.
func attribute(r *plugin.VerifySignatureRequest, name string) (string, error) {
	text, ok := r.Signature.CriticalAttributes.ExtendedAttributes[name].(string)
	if !ok {
		return "", plugin.NewValidationErrorf("the signature has no attribute %q, which all of AWS Signer's have", name)
	}
	return text, nil
}

// publisher looks for who signed among those whom the policy trusts. AWS's plugin
// makes no difference between small and capital letters.
func (p *Plugin) publisher(_ context.Context, r *plugin.VerifySignatureRequest) (*plugin.VerificationResult, error) {
	version, err := attribute(r, attributeVersion)
	if err != nil {
		return nil, err
	}
	for _, trusted := range r.TrustPolicy.TrustedIdentities {
		if publishes(trusted, version) {
			return &plugin.VerificationResult{Success: true, Reason: `Signature publisher matched "` + trusted + `" trusted identity.`}, nil
		}
	}
	return &plugin.VerificationResult{Reason: "Signature publisher doesn't match any trusted identities."}, nil
}

// publishes tells whether trust in an ARN covers a version of a profile.
func publishes(trusted, version string) bool {
	t, ok := profileARN(trusted)
	if ok && t.version == "" {
		version = version[:max(0, strings.LastIndexByte(version, '/'))]
	}
	return ok && strings.EqualFold(trusted, version)
}

// revocation asks what was revoked. If nobody can tell, the signature does not
// pass.
func (p *Plugin) revocation(ctx context.Context, r *plugin.VerifySignatureRequest) (*plugin.VerificationResult, error) {
	version, err := attribute(r, attributeVersion)
	if err != nil {
		return nil, err
	}
	job, err := attribute(r, attributeJob)
	if err != nil {
		return nil, err
	}
	hashes, err := certificateHashes(r.Signature.CertificateChain)
	if err != nil {
		return nil, plugin.NewValidationErrorf("the signature's certificates cannot be read: %v", err)
	}
	s, done, err := p.Open(ctx, regionOf(job), r.PluginConfig)
	if err != nil {
		return nil, p.Refusal(err)
	}
	defer done()
	out, err := s.GetRevocationStatus(ctx, &signer.GetRevocationStatusInput{
		PlatformId: aws.String(platform), ProfileVersionArn: &version, JobArn: &job, CertificateHashes: hashes,
		SignatureTimestamp: r.Signature.CriticalAttributes.AuthenticSigningTime,
	})
	if err != nil {
		return &plugin.VerificationResult{Reason: "It could not be found out whether the signature is revoked. " + p.Refusal(err).Message}, nil
	}
	return revoked(out.RevokedEntities), nil
}

func regionOf(text string) string {
	a, err := arn.Parse(text)
	if err != nil {
		return "" // the service will say what it thinks of it
	}
	return a.Region
}

// revoked says what of a signature is revoked: resources have ARNs, certificates
// have hashes.
func revoked(entities []string) *plugin.VerificationResult {
	if len(entities) == 0 {
		return &plugin.VerificationResult{Success: true, Reason: "Signature is not revoked."}
	}
	resources := slices.DeleteFunc(slices.Clone(entities), func(e string) bool { return !strings.HasPrefix(e, "arn") })
	var reasons []string
	if len(resources) > 0 {
		reasons = append(reasons, "Resource(s) "+strings.Join(resources, ", ")+" have been revoked.")
	}
	if len(resources) < len(entities) {
		reasons = append(reasons, "Certificate(s) have been revoked.")
	}
	return &plugin.VerificationResult{Reason: strings.Join(reasons, " ")}
}

// certificateHashes names certificates as AWS Signer's revocation service does: by
// the digest of what is signed of a certificate, and that of the one above it. The
// root is its own.
func certificateHashes(chain [][]byte) ([]string, error) {
	sums := make([]string, 0, len(chain)+1)
	for _, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		sum := sha512.Sum384(c.RawTBSCertificate)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	sums = append(sums, sums[len(sums)-1])
	for i := range chain {
		sums[i] += sums[i+1] // which is still alone
	}
	return sums[:len(chain)], nil
}
