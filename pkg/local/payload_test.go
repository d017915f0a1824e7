package local_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/notaryproject/notation-core-go/signature/jws"
	nx509 "github.com/notaryproject/notation-core-go/x509"
)

// Notary Project's own library takes what is answered, and finds the root that
// users trust at its end.
func TestPayloadByNotation(t *testing.T) {
	h := newHome(t)
	c := h.Config()
	c.Now = func() time.Time { return time.Now().AddDate(0, 0, -2) } // when there was no root
	e := h.engine(t)
	_, err := e.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: aws.String("images"), PlatformId: aws.String("Notation-OCI-SHA384-ECDSA"),
		SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 1, Type: "DAYS"}})
	must(t, err)
	in := &signer.SignPayloadInput{ProfileName: aws.String("images"), Payload: []byte(`{"targetArtifact":{}}`),
		PayloadFormat: aws.String("application/vnd.cncf.notary.payload.v1+json")}
	out, err := e.SignPayload(ctx, in)
	must(t, err)
	if out.Metadata == nil || len(out.Metadata) > 0 {
		t.Errorf("metadata %v", out.Metadata)
	}
	envelope, err := jws.ParseEnvelope(out.Signature)
	must(t, err)
	content, err := envelope.Verify()
	must(t, err)
	signed := content.SignerInfo.SignedAttributes
	must(t, nx509.ValidateCodeSigningCertChain(content.SignerInfo.CertificateChain, &signed.SigningTime))
	if d := signed.Expiry.Sub(signed.SigningTime); d != 24*time.Hour || time.Since(signed.SigningTime) > time.Minute {
		t.Errorf("signed at %v, expires at %v", signed.SigningTime, signed.Expiry)
	}
	roots, err := h.Keys.Roots(ctx)
	must(t, err)
	if chain := content.SignerInfo.CertificateChain; !chain[len(chain)-1].Equal(roots[0]) {
		t.Error("the chain ends in another root")
	}

	// What nobody can sign leaves no job.
	if _, err := open(t, c).SignPayload(ctx, in); err == nil {
		t.Error("it was signed before there was a root")
	}
	if n := len(h.jobs(t, e)); n != 1 {
		t.Errorf("%d jobs", n)
	}
}
