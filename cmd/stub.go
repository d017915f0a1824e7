package cmd

import (
	"io"

	"github.com/spf13/cobra"
)

func (s *session) help(c *cobra.Command) error {
	return s.paged(func(w io.Writer) error {
		_, err := io.WriteString(w, s.helpPage(c).text(s.env.Width))
		return err
	})
}
