package cmd

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"signer/pkg/keys"
	"signer/pkg/records"
)

// openKeys returns the keys of the local engine.
func (s *session) openKeys() (*keys.Store, error) {
	home, err := s.homeDirectory()
	if err != nil {
		return nil, err
	}
	return s.keysAt(home)
}

// keysAt returns the keys of a home, which are where its records are. All that a session
// does has the same, so that what one part has opened is open for all.
func (s *session) keysAt(home string) (*keys.Store, error) {
	if s.keys == nil {
		own, err := s.keysBy(home, s.env.Now)
		if err != nil {
			return nil, err
		}
		s.keys = own
	}
	return s.keys, nil
}

// keysBy returns keys of their own, by another clock.
func (s *session) keysBy(home string, now func() time.Time) (*keys.Store, error) {
	files, err := s.keyFiles(home)
	if err != nil {
		return nil, err
	}
	return keys.Open(keys.Config{Files: files, Passphrase: s.passphrase, Elsewhere: s.elsewhere, Now: now, Rand: s.env.Rand}), nil
}

// keyFiles are the files of the keys of a home.
func (s *session) keyFiles(home string) (keys.Files, error) {
	c, err := s.recordsConfig(home)
	if err != nil || c.URL == "" {
		return keysDir(home), err
	}
	where, err := c.Where()
	if err != nil {
		return nil, &configError{"Configuration", fmt.Sprintf("SIGNER_DATABASE_URL, or databaseUrl in %s: %v.", configFile(home), err)}
	}
	shared := databaseKeys{where, func(ctx context.Context, existing bool) (*records.KeyFiles, error) {
		c := c
		c.Existing = existing
		return s.database.keyFiles(ctx, c)
	}}
	return keys.Unless(shared, keys.LeftIn(keysDir(home)), shared.used), nil
}

func keysDir(home string) *keys.Dir { return keys.InDir(filepath.Join(home, "keys")) }
