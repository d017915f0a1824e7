package cmd

import "github.com/spf13/cobra"

// alias returns what the user's alias file makes of a name.
func (s *session) alias(group *cobra.Command, name string) ([]string, bool) { return nil, false }
