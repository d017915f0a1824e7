package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"signer/pkg/records"
)

// This file knows where the local engine keeps what it keeps: in its home, unless
// the environment or a file in the home says that several machines share it.

// sharing is the home's config.yaml.
type sharing struct {
	DatabaseURL string `yaml:"databaseUrl"`
}

func configFile(home string) string { return filepath.Join(home, "config.yaml") }

// sharing says what of a home is shared: the environment goes before the file.
func (s *session) sharing(home string) (c sharing, err error) {
	if c, err = s.readSharing(configFile(home)); err != nil {
		return c, err
	}
	if v, ok := s.env.LookupEnv("SIGNER_DATABASE_URL"); ok {
		c.DatabaseURL = v
	}
	return c, nil
}

func (s *session) readSharing(name string) (c sharing, err error) {
	text, err := s.env.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, &configError{"Configuration", err.Error()}
	}
	from := yaml.NewDecoder(bytes.NewReader(text))
	from.KnownFields(true)
	if err := from.Decode(&c); err != nil && !errors.Is(err, io.EOF) { // an error may quote a password
		return c, &configError{"Configuration", fmt.Sprintf("%s cannot be understood: it may have the text databaseUrl, and nothing else.", name)}
	}
	return c, nil
}

// openRecords opens the records of a home, wherever they are. If they have to exist
// and do not, it returns fs.ErrNotExist.
func (s *session) openRecords(ctx context.Context, home string, existing bool) (*records.Store, error) {
	c, err := s.recordsConfig(home)
	if err != nil {
		return nil, err
	}
	c.Existing = existing
	return records.Open(ctx, c)
}

func (s *session) recordsConfig(home string) (records.Config, error) {
	shared, err := s.sharing(home)
	return records.Config{Path: recordsFile(home), URL: shared.DatabaseURL}, err
}
