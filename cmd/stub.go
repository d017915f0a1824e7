package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"signer/pkg/engine"
	"signer/pkg/local"
)

func (s *session) keys(home string) local.Keys { return nil }
func (s *session) openRemote(ctx context.Context) (engine.Engine, func(), error) {
	return nil, nil, errors.New("not yet")
}
func (s *session) help(c *cobra.Command) error {
	_, err := s.env.Stdout.Write([]byte(s.helpPage(c).text(s.env.Width)))
	return err
}
