package cmd

import (
	"context"
	"encoding/pem"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"signer/pkg/keys"
	"signer/pkg/sign"
)

// newExportTrust makes the command that prints the certificates which all
// signatures of the local engine lead to.
func newExportTrust(s *session) *cobra.Command {
	c := &cobra.Command{Use: "export-trust", Short: "Print the root certificates of the local engine, as PEM.",
		Long: "Print the root certificates of the local engine, as PEM. Whoever trusts them can check what the engine signs; " +
			"they are made if there are none yet."}
	c.RunE = func(c *cobra.Command, _ []string) error {
		store, err := s.openKeys()
		if err != nil {
			return err
		}
		roots, err := store.Roots(c.Context())
		if err != nil {
			return err
		}
		for _, root := range roots {
			if err := pem.Encode(s.env.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}); err != nil {
				return err
			}
		}
		return nil
	}
	s.nodes[c] = &node{}
	return c
}

// openKeys returns the keys of the local engine.
func (s *session) openKeys() (*keys.Store, error) {
	home, err := s.homeDirectory()
	if err != nil {
		return nil, err
	}
	return s.keysAt(home, s.env.Now), nil
}

func (s *session) keysAt(home string, now func() time.Time) *keys.Store {
	return keys.Open(keys.Config{Dir: filepath.Join(home, "keys"), Now: now, Rand: s.env.Rand})
}

// signers are the keys of the local engine, as its jobs ask for them.
type signers struct{ *keys.Store }

// Service returns the identity that signs for the service in a region, at a time.
func (k signers) Service(ctx context.Context, region string, at time.Time) (sign.Identity, error) {
	id, err := k.IdentityAt(ctx, region, at)
	return sign.Identity(id), err
}

// Certificate returns the identity that was imported under an ARN.
func (k signers) Certificate(ctx context.Context, arn string) (sign.Identity, error) {
	id, err := k.Imported(ctx, arn)
	return sign.Identity(id), err
}
