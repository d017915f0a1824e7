package enginetest

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
)

// put makes a profile and returns its version.
func (w *World) put(t *testing.T, in *signer.PutSigningProfileInput) string {
	t.Helper()
	out, err := w.Engine.PutSigningProfile(ctx, in)
	must(t, err)
	return *out.ProfileVersion
}

// lambdaProfile makes a profile for Lambda.
func (w *World) lambdaProfile(t *testing.T, name string) string {
	t.Helper()
	return w.put(t, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(lambda)})
}

// imported makes a profile that signs with the user's own certificate.
func (w *World) imported(t *testing.T, name, platform, certificate string) string {
	t.Helper()
	return w.put(t, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: &platform,
		SigningMaterial: &types.SigningMaterial{CertificateArn: &certificate}})
}

func (w *World) cancel(t *testing.T, name string) {
	t.Helper()
	_, err := w.Engine.CancelSigningProfile(ctx, &signer.CancelSigningProfileInput{ProfileName: &name})
	must(t, err)
}

var profileTests = map[string]func(*testing.T, *World){
	"Put": func(t *testing.T, w *World) {
		name := w.name("web")
		out, err := w.Engine.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(lambda)})
		must(t, err)
		if !regexp.MustCompile(`^[a-zA-Z0-9]{10}$`).MatchString(*out.ProfileVersion) {
			t.Errorf("version %s", *out.ProfileVersion)
		}
		same(t, *out.Arn, w.arn("signing-profiles/"+name))
		same(t, *out.ProfileVersionArn, *out.Arn+"/"+*out.ProfileVersion)
	},
	"PutCreatesOnly": func(t *testing.T, w *World) {
		name := w.name("web")
		taken := "Profile with name " + name + " already exists"
		w.lambdaProfile(t, name)
		in := &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(lambda)}
		_, err := w.Engine.PutSigningProfile(ctx, in)
		refused(t, err, "ValidationException", "ProfileAlreadyExists", taken)
		w.cancel(t, name)
		_, err = w.Engine.PutSigningProfile(ctx, in)
		refused(t, err, "ValidationException", "ProfileAlreadyExists", taken)
	},
	"PutRefuses": testPutRefuses,
	"PutAtOnce": func(t *testing.T, w *World) {
		name := w.name("web")
		errs := make([]error, 6)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = w.Engine.PutSigningProfile(ctx, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(lambda)})
			})
		}
		all.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			refused(t, err, "ValidationException", "ProfileAlreadyExists", "Profile with name "+name+" already exists")
		}
		same(t, made, 1)
	},
	"GetOfLambda": func(t *testing.T, w *World) {
		name := w.name("web")
		version := w.put(t, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(lambda), Tags: map[string]string{"team": "a"}})
		got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name})
		must(t, err)
		arn := w.arn("signing-profiles/" + name)
		same(t, got, &signer.GetSigningProfileOutput{
			ProfileName: &name, ProfileVersion: &version, Arn: &arn, ProfileVersionArn: aws.String(arn + "/" + version),
			PlatformId: aws.String(lambda), PlatformDisplayName: aws.String("AWS Lambda"), SigningMaterial: &types.SigningMaterial{},
			SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 135, Type: "MONTHS"}, // nobody asked for one
			Status:                  "Active", Tags: map[string]string{"team": "a"},
		})
	},
	"GetOfImported": func(t *testing.T, w *World) {
		name := w.name("device")
		w.put(t, &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: aws.String(freeRTOS), SigningMaterial: &types.SigningMaterial{CertificateArn: &w.RSACertificate},
			SigningParameters: map[string]string{"certname": "/a b"},
			Overrides:         &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{EncryptionAlgorithm: "RSA"}, SigningImageFormat: "JSONEmbedded"}})
		got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name, ProfileOwner: &w.Account})
		must(t, err)
		same(t, got.SigningMaterial.CertificateArn, &w.RSACertificate)
		same(t, got.SigningParameters, map[string]string{"certname": "/a b"})
		same(t, got.Overrides, &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{EncryptionAlgorithm: "RSA"}, SigningImageFormat: "JSONEmbedded"})
	},
	"Unknown": func(t *testing.T, w *World) {
		name := w.name("nobody")
		text := "Signing Profile with name " + name + " does not exist."
		_, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name})
		refused(t, err, "ResourceNotFoundException", "ProfileNotFound", text)
		_, err = w.Engine.CancelSigningProfile(ctx, &signer.CancelSigningProfileInput{ProfileName: &name})
		refused(t, err, "ResourceNotFoundException", "ProfileNotFound", text)
	},
	"CancelTwice": func(t *testing.T, w *World) {
		name := w.name("web")
		w.lambdaProfile(t, name)
		w.cancel(t, name)
		w.cancel(t, name)
		got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name})
		must(t, err)
		same(t, got.Status, types.SigningProfileStatusCanceled)
	},
	"OfAnotherAccount": func(t *testing.T, w *World) {
		_, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: aws.String("web"), ProfileOwner: aws.String("999988887777")})
		resource := strings.Replace(w.arn("signing-profiles/web"), w.Account, "999988887777", 1)
		refused(t, err, "AccessDeniedException", "", "User: "+w.Principal+" is not authorized to perform: signer:GetSigningProfile on resource: "+resource)
	},
	"List":     testProfileList,
	"Rows":     testProfileRows,
	"PutTakes": testPutTakes,
}

func testPutRefuses(t *testing.T, w *World) {
	material := func(arn string) *types.SigningMaterial { return &types.SigningMaterial{CertificateArn: &arn} }
	validity := func(n int32, unit types.ValidityType) *types.SignatureValidityPeriod {
		return &types.SignatureValidityPeriod{Value: n, Type: unit}
	}
	for _, tc := range []struct {
		in                signer.PutSigningProfileInput
		class, code, text string // no text: AWS's is not known
	}{
		{signer.PutSigningProfileInput{ProfileName: aws.String("a-b")}, "ValidationException", "",
			invalid("a-b", "profileName", "satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}")},
		{signer.PutSigningProfileInput{ProfileName: aws.String("abc-d")}, "ValidationException", "", // which begins well
			invalid("abc-d", "profileName", "satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}")},
		{signer.PutSigningProfileInput{ProfileName: aws.String("abc\n")}, "ValidationException", "",
			invalid("abc\n", "profileName", "satisfy regular expression pattern: ^[a-zA-Z0-9_]{2,}")},
		{signer.PutSigningProfileInput{ProfileName: aws.String(strings.Repeat("a", 65))}, "ValidationException", "",
			invalid(strings.Repeat("a", 65), "profileName", "have length less than or equal to 64")},
		{signer.PutSigningProfileInput{PlatformId: aws.String("Nothing")}, "ResourceNotFoundException", "PlatformNotFound", "Platform with id Nothing does not exist."},
		{signer.PutSigningProfileInput{PlatformId: aws.String(iot)}, "ValidationException", "", "signing material cannot be null."},
		{signer.PutSigningProfileInput{PlatformId: aws.String(ti)}, "ValidationException", "", "signing material cannot be null."},
		{signer.PutSigningProfileInput{PlatformId: aws.String(freeRTOS)}, "ValidationException", "", "signing material cannot be null."},
		{signer.PutSigningProfileInput{PlatformId: aws.String(iot), SigningMaterial: material(w.Certificate + "0")}, "ValidationException", "", ""},
		{signer.PutSigningProfileInput{SigningParameters: map[string]string{"a": "b"}}, "ValidationException", "",
			"Signing parameters should not be present when using AWSLambda-SHA384-ECDSA platform"},
		{signer.PutSigningProfileInput{PlatformId: aws.String(notation), SigningParameters: map[string]string{"a": "b"}}, "ValidationException", "",
			"Signing parameters should not be present when using Notation-OCI-SHA384-ECDSA platform"},
		{signer.PutSigningProfileInput{SignatureValidityPeriod: validity(4200, "DAYS")}, "ValidationException", "", "Signature validity period cannot exceed 135 months"},
		{signer.PutSigningProfileInput{SignatureValidityPeriod: validity(0, "DAYS")}, "ValidationException", "", ""},
		{signer.PutSigningProfileInput{SignatureValidityPeriod: validity(136, "MONTHS")}, "ValidationException", "", "Signature validity period cannot exceed 135 months"},
		{signer.PutSigningProfileInput{SignatureValidityPeriod: validity(12, "YEARS")}, "ValidationException", "", "Signature validity period cannot exceed 135 months"},
		{signer.PutSigningProfileInput{SignatureValidityPeriod: validity(1<<31-1, "DAYS")}, "ValidationException", "", "Signature validity period cannot exceed 135 months"},
		{signer.PutSigningProfileInput{SignatureValidityPeriod: validity(1, "WEEKS")}, "ValidationException", "",
			invalid("WEEKS", "signatureValidityPeriod.type", "satisfy enum value set: [DAYS, MONTHS, YEARS]")},
		{signer.PutSigningProfileInput{Overrides: &types.SigningPlatformOverrides{SigningImageFormat: "JSONEmbedded"}}, "ValidationException", "", ""},
		{signer.PutSigningProfileInput{Overrides: &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{EncryptionAlgorithm: "RSA"}}}, "ValidationException", "", ""},
		{signer.PutSigningProfileInput{Overrides: &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{HashAlgorithm: "SHA1"}}}, "ValidationException", "", ""},
		{signer.PutSigningProfileInput{Tags: map[string]string{"aws:x": "y"}}, "ValidationException", "", ""},
	} {
		if tc.in.ProfileName == nil {
			tc.in.ProfileName = aws.String(w.name("refused"))
		}
		if tc.in.PlatformId == nil {
			tc.in.PlatformId = aws.String(lambda)
		}
		_, err := w.Engine.PutSigningProfile(ctx, &tc.in)
		if tc.text == "" {
			refusedAs[*types.ValidationException](t, err)
			continue
		}
		refused(t, err, tc.class, tc.code, tc.text)
	}
	w.lambdaProfile(t, w.name("refused")) // nothing of all that was kept
}

func testProfileList(t *testing.T, w *World) {
	var lambdas []string
	for i := range 5 {
		name := fmt.Sprint(w.name("p"), i)
		w.lambdaProfile(t, name)
		lambdas = append(lambdas, name)
	}
	device := w.name("device")
	w.imported(t, device, iot, w.Certificate)
	w.cancel(t, lambdas[1])
	for _, tc := range []struct {
		in   signer.ListSigningProfilesInput
		want []string
	}{
		{signer.ListSigningProfilesInput{}, []string{device, lambdas[0], lambdas[2], lambdas[3], lambdas[4]}},
		{signer.ListSigningProfilesInput{PlatformId: aws.String(iot)}, []string{device}},
		{signer.ListSigningProfilesInput{IncludeCanceled: true}, append([]string{device}, lambdas...)},
		{signer.ListSigningProfilesInput{Statuses: []types.SigningProfileStatus{"Canceled", "Revoked"}}, []string{lambdas[1]}},
	} {
		same(t, profilePages(t, w, tc.in), tc.want)
		tc.in.MaxResults = aws.Int32(2)
		same(t, profilePages(t, w, tc.in), tc.want)
	}
	_, err := w.Engine.ListSigningProfiles(ctx, &signer.ListSigningProfilesInput{NextToken: aws.String("nonsense")})
	refusedToken(t, err)
	refusedPages(t, func(size *int32) error {
		_, err := w.Engine.ListSigningProfiles(ctx, &signer.ListSigningProfilesInput{MaxResults: size})
		return err
	})
}

// testProfileRows compares rows of the list, to the last member.
func testProfileRows(t *testing.T, w *World) {
	web, device, leaked := w.name("web"), w.name("device"), w.name("leaked")
	versions := map[string]string{web: w.lambdaProfile(t, web), leaked: w.lambdaProfile(t, leaked)}
	versions[device] = w.put(t, &signer.PutSigningProfileInput{ProfileName: &device, PlatformId: aws.String(iot), Tags: map[string]string{"a": "b"},
		SigningMaterial: &types.SigningMaterial{CertificateArn: &w.Certificate}, SigningParameters: map[string]string{"certname": "x"}})
	must(t, w.revoke(leaked, versions[leaked], time.Now().Add(-time.Minute)))
	row := func(name, platform, display string, status types.SigningProfileStatus) types.SigningProfile {
		arn := w.arn("signing-profiles/" + name)
		return types.SigningProfile{
			ProfileName: &name, ProfileVersion: aws.String(versions[name]), ProfileVersionArn: aws.String(arn + "/" + versions[name]), Arn: &arn,
			SigningMaterial: &types.SigningMaterial{}, SignatureValidityPeriod: &types.SignatureValidityPeriod{Value: 135, Type: "MONTHS"},
			PlatformId: &platform, PlatformDisplayName: &display, Status: status, Tags: map[string]string{},
		}
	}
	want := map[string]types.SigningProfile{
		web:    row(web, lambda, "AWS Lambda", "Active"),
		device: row(device, iot, "AWS IoT Device Management SHA256-ECDSA ", "Active"),
		leaked: row(leaked, lambda, "AWS Lambda", "Revoked"),
	}
	d := want[device]
	d.SigningMaterial, d.SignatureValidityPeriod = &types.SigningMaterial{CertificateArn: &w.Certificate}, nil
	d.SigningParameters, d.Tags = map[string]string{"certname": "x"}, map[string]string{"a": "b"}
	want[device] = d
	got := map[string]types.SigningProfile{}
	for pages := signer.NewListSigningProfilesPaginator(w.Engine, &signer.ListSigningProfilesInput{IncludeCanceled: true}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, p := range page.Profiles {
			if _, ours := want[*p.ProfileName]; ours {
				got[*p.ProfileName] = p
			}
		}
	}
	same(t, got, want)
}

// testPutTakes puts what is just within bounds, and gets it back as it was given.
func testPutTakes(t *testing.T, w *World) {
	validity := func(n int32, unit types.ValidityType) *types.SignatureValidityPeriod {
		return &types.SignatureValidityPeriod{Value: n, Type: unit}
	}
	encryption := func(e types.EncryptionAlgorithm) *types.SigningPlatformOverrides {
		return &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{EncryptionAlgorithm: e}}
	}
	for i, tc := range []struct {
		platform string
		validity *types.SignatureValidityPeriod
		override *types.SigningPlatformOverrides
	}{
		{lambda, validity(1, "DAYS"), nil},
		{lambda, validity(4100, "DAYS"), encryption("ECDSA")},
		{notation, validity(135, "MONTHS"), nil},
		{notation, validity(11, "YEARS"), &types.SigningPlatformOverrides{SigningImageFormat: "JSONDetached"}},
		{iot, nil, &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{HashAlgorithm: "SHA256"}}},
		{freeRTOS, nil, encryption("ECDSA")},
		{ti, nil, &types.SigningPlatformOverrides{SigningConfiguration: &types.SigningConfigurationOverrides{EncryptionAlgorithm: "RSA", HashAlgorithm: "SHA1"}}},
	} {
		name := fmt.Sprint(w.name("p"), i)
		in := &signer.PutSigningProfileInput{ProfileName: &name, PlatformId: &tc.platform, SignatureValidityPeriod: tc.validity, Overrides: tc.override,
			SigningMaterial: &types.SigningMaterial{CertificateArn: &w.Certificate}} // of which Lambda and Notation take no notice
		if tc.platform == ti {
			in.SigningMaterial.CertificateArn = &w.RSACertificate
		}
		w.put(t, in)
		got, err := w.Engine.GetSigningProfile(ctx, &signer.GetSigningProfileInput{ProfileName: &name})
		must(t, err)
		same(t, got.SignatureValidityPeriod, tc.validity)
		same(t, got.Overrides, tc.override)
		if own := got.SigningMaterial.CertificateArn == nil; own != (tc.platform == lambda || tc.platform == notation) {
			t.Errorf("%s shows %+v", tc.platform, got.SigningMaterial)
		}
	}
	longest := strings.Repeat("a", 64-len(w.Suffix))
	w.lambdaProfile(t, w.name(longest))
}

// profilePages returns the names that belong to this world, from all pages.
func profilePages(t *testing.T, w *World, in signer.ListSigningProfilesInput) (names []string) {
	t.Helper()
	for pages := signer.NewListSigningProfilesPaginator(w.Engine, &in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, p := range page.Profiles {
			if strings.Contains(*p.ProfileName, w.Suffix) {
				names = append(names, *p.ProfileName)
			}
			if p.Tags == nil || p.SigningMaterial == nil {
				t.Errorf("%s has no tags or no material, not even empty ones", *p.ProfileName)
			}
		}
	}
	return names
}
