package local

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/records"
	"signer/pkg/sign"
)

// PutSigningProfile makes a signing profile. In spite of its name it changes
// none: a name is taken for ever, and canceling does not free it.
func (e *Engine) PutSigningProfile(ctx context.Context, in *signer.PutSigningProfileInput, _ ...func(*signer.Options)) (*signer.PutSigningProfileOutput, error) {
	if err := check("PutSigningProfile", in); err != nil {
		return nil, err
	}
	p, err := e.newProfile(ctx, in)
	if err != nil {
		return nil, err
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	err = store.AddProfile(ctx, p)
	if errors.Is(err, records.ErrExists) {
		return nil, invalid(codeProfileAlreadyExists, "Profile with name %s already exists", p.Name)
	}
	if err != nil {
		return nil, err
	}
	return &signer.PutSigningProfileOutput{
		Arn:               aws.String(profileARN(p.Partition, p.Name)),
		ProfileVersion:    aws.String(p.Version),
		ProfileVersionArn: aws.String(profileVersionARN(p.Partition, p.Name, p.Version)),
	}, nil
}

// newProfile makes a record of what was asked for, if the platform takes it.
func (e *Engine) newProfile(ctx context.Context, in *signer.PutSigningProfileInput) (records.Profile, error) {
	p := records.Profile{
		Partition:  e.caller,
		Name:       aws.ToString(in.ProfileName),
		Platform:   aws.ToString(in.PlatformId),
		Parameters: in.SigningParameters,
		Overrides:  overridesFrom(in.Overrides),
		Tags:       in.Tags,
		Status:     records.Active,
		CreatedAt:  e.clock(),
		CreatedBy:  e.principal,
	}
	platform, err := platformOf(p.Platform)
	if err != nil {
		return p, err
	}
	if p.Certificate, err = e.material(ctx, platform, in.SigningMaterial); err != nil {
		return p, err
	}
	if p.Validity, err = validityFrom(platform, in.SignatureValidityPeriod, p.CreatedAt); err != nil {
		return p, err
	}
	if err := platform.takes(p); err != nil {
		return p, err
	}
	p.Version, err = newVersion(e.random)
	return p, err
}

// material returns the ARN of the certificate that a profile signs with, which
// must be the account's. The platforms that sign with the service's own take no
// notice of one.
func (e *Engine) material(ctx context.Context, p *platform, m *types.SigningMaterial) (string, error) {
	if !p.imported {
		return "", nil
	}
	if m == nil || aws.ToString(m.CertificateArn) == "" {
		return "", invalid(unknownCode, "signing material cannot be null.")
	}
	arn := *m.CertificateArn
	if parts := strings.Split(arn, ":"); len(parts) < 5 || parts[4] != e.caller.Account {
		return "", absentCertificate(arn)
	}
	_, err := e.certificate(ctx, arn)
	return arn, err
}

// validityFrom is how long signatures are to be valid, where they expire; where
// they do not it is kept for its owner to see.
func validityFrom(p *platform, v *types.SignatureValidityPeriod, now time.Time) (records.Validity, error) {
	if v == nil {
		if p.lasting {
			return longest, nil
		}
		return records.Validity{}, nil
	}
	if v.Value < 1 || v.Type == "" {
		return records.Validity{}, invalid(unknownCode, "Signature validity period must have a type and a value of at least 1")
	}
	validity := records.Validity{Value: v.Value, Unit: string(v.Type)}
	const ages = 10_000 // more of any unit than is allowed, and fewer than a calendar can count
	if p.lasting && (v.Value > ages || expiry(now, validity).After(expiry(now, longest))) {
		return records.Validity{}, invalid(unknownCode, "Signature validity period cannot exceed 135 months")
	}
	return validity, nil
}

// takes checks parameters and overrides of a profile against its platform.
func (p *platform) takes(profile records.Profile) error {
	o := profile.Overrides
	switch {
	case !p.imported && len(profile.Parameters) > 0:
		return invalid(unknownCode, "Signing parameters should not be present when using %s platform", p.id)
	case o.Encryption != "" && !slices.Contains(p.encryption, types.EncryptionAlgorithm(o.Encryption)):
		return invalid(unknownCode, "Encryption algorithm %s is not supported by platform %s", o.Encryption, p.id)
	case o.Hash != "" && o.Hash != string(p.hash):
		return invalid(unknownCode, "Hash algorithm %s is not supported by platform %s", o.Hash, p.id)
	case o.Format != "" && o.Format != string(p.format):
		return invalid(unknownCode, "Image format %s is not supported by platform %s", o.Format, p.id)
	}
	return nil
}

// newVersion makes the version of a profile: ten letters and digits.
func newVersion(random io.Reader) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	version := make([]byte, 0, 10)
	for b := make([]byte, 16); len(version) < cap(version); {
		if _, err := io.ReadFull(random, b); err != nil {
			return "", err
		}
		for _, c := range b {
			if c %= 64; int(c) < len(alphabet) && len(version) < cap(version) {
				version = append(version, alphabet[c])
			}
		}
	}
	return string(version), nil
}

// GetSigningProfile describes a profile, whatever its status.
func (e *Engine) GetSigningProfile(ctx context.Context, in *signer.GetSigningProfileInput, _ ...func(*signer.Options)) (*signer.GetSigningProfileOutput, error) {
	if err := check("GetSigningProfile", in); err != nil {
		return nil, err
	}
	p, err := e.profileFor(ctx, in.ProfileOwner, *in.ProfileName, "GetSigningProfile")
	if err != nil {
		return nil, absentProfile(err, *in.ProfileName)
	}
	row := profileRow(p)
	return &signer.GetSigningProfileOutput{
		ProfileName: row.ProfileName, ProfileVersion: row.ProfileVersion, ProfileVersionArn: row.ProfileVersionArn, Arn: row.Arn,
		PlatformId: row.PlatformId, PlatformDisplayName: row.PlatformDisplayName, SignatureValidityPeriod: row.SignatureValidityPeriod,
		SigningMaterial: row.SigningMaterial, SigningParameters: row.SigningParameters, Overrides: overrides(p.Overrides),
		Status: row.Status, StatusReason: optional(p.Reason), RevocationRecord: profileRevocation(p.Revocation), Tags: row.Tags,
	}, nil
}

// profile returns a profile of the caller's account.
func (e *Engine) profile(ctx context.Context, name string) (records.Profile, error) {
	store, err := e.memory(ctx)
	if err != nil {
		return records.Profile{}, err
	}
	p, err := store.Profile(ctx, e.caller, name)
	return p, absentProfile(err, name)
}

func absentProfile(err error, name string) error {
	if errors.Is(err, records.ErrNotFound) {
		return notFound(codeProfileNotFound, "Signing Profile with name %s does not exist.", name)
	}
	return err
}

func absentVersion(version, profile string) error {
	return notFound(codeProfileVersionNotFound, "Version %s does not exist for SigningProfile %s.", version, profile)
}

// ListSigningProfiles lists profiles by name: the active ones, or those of the
// statuses that are asked for.
func (e *Engine) ListSigningProfiles(ctx context.Context, in *signer.ListSigningProfilesInput, _ ...func(*signer.Options)) (*signer.ListSigningProfilesOutput, error) {
	if err := check("ListSigningProfiles", in); err != nil {
		return nil, err
	}
	q := records.ProfileQuery{Partition: e.caller, Statuses: statuses(in), Platform: aws.ToString(in.PlatformId), Limit: limit(in.MaxResults) + 1}
	from, err := place(in.NextToken, "profiles", 1)
	if err != nil {
		return nil, err
	}
	if from != nil {
		q.After = from[0]
	}
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	found, err := store.Profiles(ctx, q)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, q.Limit-1, func(last records.Profile) string { return nextToken("profiles", last.Name) })
	rows := make([]types.SigningProfile, len(found))
	for i, p := range found {
		rows[i] = profileRow(p)
	}
	return &signer.ListSigningProfilesOutput{Profiles: rows, NextToken: next}, nil
}

// statuses are those that a list is asked for. AWS does not say whether
// includeCanceled includes what is revoked; such profiles can be seen, it says.
func statuses(in *signer.ListSigningProfilesInput) []string {
	switch {
	case len(in.Statuses) > 0:
		all := make([]string, len(in.Statuses))
		for i, s := range in.Statuses {
			all[i] = string(s)
		}
		return all
	case in.IncludeCanceled:
		return nil
	}
	return []string{records.Active}
}

// CancelSigningProfile ends the use of a profile for good. Its signatures stay
// valid. To cancel it again changes nothing.
func (e *Engine) CancelSigningProfile(ctx context.Context, in *signer.CancelSigningProfileInput, _ ...func(*signer.Options)) (*signer.CancelSigningProfileOutput, error) {
	if err := check("CancelSigningProfile", in); err != nil {
		return nil, err
	}
	name := aws.ToString(in.ProfileName)
	store, err := e.memory(ctx)
	if err != nil {
		return nil, err
	}
	revision, err := newID(e.random)
	if err != nil {
		return nil, err
	}
	p, err := store.CancelProfile(ctx, e.caller, name, e.clock(), revision)
	if err != nil {
		return nil, absentProfile(err, name)
	}
	if p.Status == records.Revoked {
		return nil, invalid(unknownCode, "Signing Profile %s cannot be canceled because it has been revoked. A revoked profile cannot be canceled.", name)
	}
	return &signer.CancelSigningProfileOutput{}, nil
}

// profileRow is a profile as the service lists it. Where it signs with a key of
// its own it shows material without a certificate.
func profileRow(p records.Profile) types.SigningProfile {
	row := types.SigningProfile{
		ProfileName:         aws.String(p.Name),
		ProfileVersion:      aws.String(p.Version),
		ProfileVersionArn:   aws.String(profileVersionARN(p.Partition, p.Name, p.Version)),
		SigningMaterial:     &types.SigningMaterial{CertificateArn: optional(p.Certificate)},
		PlatformId:          aws.String(p.Platform),
		PlatformDisplayName: aws.String(displayName(p.Platform)),
		SigningParameters:   p.Parameters,
		Status:              types.SigningProfileStatus(p.Status),
		Arn:                 aws.String(profileARN(p.Partition, p.Name)),
		Tags:                p.Tags,
	}
	if p.Validity.Value != 0 {
		row.SignatureValidityPeriod = &types.SignatureValidityPeriod{Value: p.Validity.Value, Type: types.ValidityType(p.Validity.Unit)}
	}
	if row.Tags == nil {
		row.Tags = map[string]string{}
	}
	return row
}

func profileRevocation(r records.ProfileRevocation) *types.SigningProfileRevocationRecord {
	if r.At.IsZero() {
		return nil
	}
	return &types.SigningProfileRevocationRecord{
		RevocationEffectiveFrom: seconds(r.Effective), RevokedAt: seconds(r.At), RevokedBy: optional(r.By),
	}
}

func overridesFrom(o *types.SigningPlatformOverrides) records.Overrides {
	if o == nil {
		return records.Overrides{}
	}
	from := records.Overrides{Format: string(o.SigningImageFormat)}
	if c := o.SigningConfiguration; c != nil {
		from.Encryption, from.Hash = string(c.EncryptionAlgorithm), string(c.HashAlgorithm)
	}
	return from
}

func overrides(o records.Overrides) *types.SigningPlatformOverrides {
	if o == (records.Overrides{}) {
		return nil
	}
	to := &types.SigningPlatformOverrides{SigningImageFormat: types.ImageFormat(o.Format)}
	if o.Encryption != "" || o.Hash != "" {
		to.SigningConfiguration = &types.SigningConfigurationOverrides{
			EncryptionAlgorithm: types.EncryptionAlgorithm(o.Encryption), HashAlgorithm: types.HashAlgorithm(o.Hash),
		}
	}
	return to
}

// displayName of a platform; that of one that is no more is its id.
func displayName(id string) string {
	if p, err := platformOf(id); err == nil {
		return p.name
	}
	return id
}

// seconds is a time as the service sends it, without a fraction, or nil for none.
func seconds(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Truncate(time.Second)
	return &t
}

// certificate returns what signs under the ARN of an imported certificate.
func (e *Engine) certificate(ctx context.Context, arn string) (sign.Identity, error) {
	id, err := e.keys.Certificate(ctx, arn)
	if err != nil && ofService(err) != nil {
		return sign.Identity{}, absentCertificate(arn)
	}
	return id, err
}

func absentCertificate(arn string) error {
	return invalid(unknownCode, "The certificate %s could not be found.", arn)
}
