package cmd

import (
	"context"
	"errors"
	"fmt"

	"signer/pkg/keys"
	"signer/pkg/records"
)

// moveKeys copies the keys of the home into the database, and tells how many files they
// are. It comes before all else: secrets in records are sealed with one of them, and where
// there are other keys nothing else is to go.
func (m *migration) moveKeys(ctx context.Context) error {
	if m.to == "" && m.objectsTo != "" { // they have gone before, and have changed there
		return nil
	}
	where, err := records.Config{URL: m.url}.Where()
	if err != nil {
		return err
	}
	files := m.target.KeyFiles()
	n, err := keys.Copy(ctx, keysDir(m.home), databaseKeys{where, func(context.Context, bool) (*records.KeyFiles, error) { return files, nil }})
	if errors.Is(err, keys.ErrOtherKeys) {
		err = fmt.Errorf("%w. Nothing was copied: one of the two places has keys of its own, or they have changed since they were copied. "+
			"If those of the home are the right ones, give an empty database; if not, move its directory keys away", err)
	}
	if err != nil {
		return err
	}
	m.answer.Set("keys", int64(n))
	return nil
}
