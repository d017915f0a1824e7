//go:build awskms

package cmd

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"signer/pkg/keys"
	"signer/pkg/keys/awskms"
	"signer/pkg/remote"
)

// openKMS returns the keys in AWS KMS.
func (s *session) openKMS(uri string) (keys.Elsewhere, error) {
	return awskms.Open(awskms.Config{URI: uri, Client: func(ctx context.Context, region string) (awskms.API, error) {
		c := s.remoteConfig("kms")
		c.Endpoint = "" // which is AWS Signer's
		if region != "" {
			c.Region = &region
		}
		config, err := remote.Load(ctx, c)
		if err != nil {
			return nil, err
		}
		return kms.NewFromConfig(config), nil
	}})
}
