package cmd

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"
	"github.com/spf13/cobra"

	"signer/pkg/document"
)

const trustHelp = "Print what others need to trust what the local engine signs: its root certificates, as PEM, which are made if there are none yet. " +
	"With roots of your own it is these, and behind them the roots that they have replaced.\n\n" +
	"With --notation it writes a trust store and a trust policy for notation into a directory, such as ~/.config/notation. The policy trusts the " +
	"active profiles for container images that there are now; it takes the place of one that this command wrote, and of no other.\n\n" +
	"With --publishers it prints the ARNs of the versions of all active profiles whose signatures name them. A list of allowed publishers, such as that of a " +
	"code signing configuration of Lambda, is made of these."

// newExportTrust makes the command that prints what others need to trust what is
// signed.
func newExportTrust(s *session) *cobra.Command {
	var notation string
	var publishers bool
	c := &cobra.Command{Use: "export-trust", Short: "Print the root certificates of the local engine, as PEM.", Long: trustHelp}
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case notation != "" && publishers:
			return usageErrorf("argument --publishers: not allowed with argument --notation")
		case publishers:
			return s.printPublishers(c.Context())
		case s.isRemote("AWS_ENDPOINT_URL_SIGNER"):
			return errors.New("the roots are those of the local engine: with AWS there are only --publishers to ask for")
		case notation != "":
			return s.writeNotation(c.Context(), notation)
		}
		return s.writeRoots(c.Context(), s.env.Stdout)
	}
	c.Flags().SortFlags = false
	addText(c.Flags(), &notation, "notation", "The directory to write a trust store and a trust policy for notation to.")
	addSwitch(c.Flags(), &publishers, "publishers", "Print the ARNs of profile versions that sign, in place of certificates.")
	s.nodes[c] = &node{ours: true}
	return c
}

func (s *session) writeRoots(ctx context.Context, w io.Writer) error {
	store, err := s.openKeys()
	if err != nil {
		return err
	}
	roots, err := store.Roots(ctx)
	if err != nil {
		return err
	}
	for _, root := range roots {
		if err := pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}); err != nil {
			return err
		}
	}
	return nil
}

const notationPlatform = "Notation-OCI-SHA384-ECDSA"

// activeProfiles are the active profiles for the given platforms.
func (s *session) activeProfiles(ctx context.Context, platforms ...string) ([]types.SigningProfile, error) {
	e, done, err := s.openEngine(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var all []types.SigningProfile
	pages := signer.NewListSigningProfilesPaginator(e, &signer.ListSigningProfilesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, &operationError{"ListSigningProfiles", err}
		}
		all = append(all, page.Profiles...)
	}
	return slices.DeleteFunc(all, func(p types.SigningProfile) bool {
		return p.Status != types.SigningProfileStatusActive || !slices.Contains(platforms, aws.ToString(p.PlatformId))
	}), nil
}

func (s *session) printPublishers(ctx context.Context) error {
	profiles, err := s.activeProfiles(ctx, lambdaPlatform, notationPlatform)
	if err != nil {
		return err
	}
	all := document.List{}
	for _, p := range profiles {
		all = append(all, aws.ToString(p.ProfileVersionArn))
	}
	return s.print("ExportTrust", document.New(member{Name: "publishers", Value: all}))
}

// trustName is the name of the trust store and of the trust policy.
const trustName = "signer-local"

// trustPolicy is a trust policy document of Notary Project's, as far as it is
// written here (specification of trust stores and policies, version 1.0).
type trustPolicy struct {
	Version  string        `json:"version"`
	Policies []trustedName `json:"trustPolicies"`
}

type trustedName struct {
	Name         string            `json:"name"`
	Scopes       []string          `json:"registryScopes"`
	Verification map[string]string `json:"signatureVerification"`
	Stores       []string          `json:"trustStores"`
	Identities   []string          `json:"trustedIdentities"`
}

// writeNotation writes a trust store with the roots, and a policy that trusts the
// profiles for images.
func (s *session) writeNotation(ctx context.Context, dir string) error {
	profiles, err := s.activeProfiles(ctx, notationPlatform)
	if err != nil {
		return err
	}
	if len(profiles) == 0 {
		return fmt.Errorf("there is no active profile for %s, and a policy that trusts nobody is none: make one with put-signing-profile", notationPlatform)
	}
	policy := trustedName{Name: trustName, Scopes: []string{"*"}, Verification: map[string]string{"level": "strict"}, Stores: []string{"signingAuthority:" + trustName}}
	for _, p := range profiles {
		policy.Identities = append(policy.Identities, aws.ToString(p.Arn))
	}
	store := filepath.Join(dir, "truststore", "x509", "signingAuthority", trustName)
	file := filepath.Join(dir, "trustpolicy.json")
	if err := s.mayWritePolicy(file); err != nil {
		return err
	}
	if err := s.env.MakeDir(store); err != nil {
		return err
	}
	if err := s.env.Save(filepath.Join(store, "root.pem"), func(w io.Writer) error { return s.writeRoots(ctx, w) }); err != nil {
		return err
	}
	err = s.env.Save(file, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "    ")
		return e.Encode(trustPolicy{"1.0", []trustedName{policy}})
	})
	if err != nil {
		return err
	}
	return s.print("ExportTrust", document.New(
		member{Name: "trustStore", Value: store}, member{Name: "trustPolicy", Value: file}, member{Name: "trustedIdentities", Value: texts(policy.Identities)}))
}

// mayWritePolicy refuses to replace a policy that is somebody else's.
func (s *session) mayWritePolicy(file string) error {
	text, err := s.env.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var there trustPolicy
	if json.Unmarshal(text, &there) == nil && len(there.Policies) == 1 && there.Policies[0].Name == trustName {
		return nil
	}
	return fmt.Errorf("%s is there already, and has policies of others: choose another directory, and add its policy to them", strings.TrimSpace(file))
}
