package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signer/pkg/doctor"
	"signer/pkg/document"
	"signer/pkg/keys"
	"signer/pkg/records"
)

const doctorHelp = "Examine the home of the local engine, and change nothing. It looks at who can read and write its files; at " +
	"the buckets: that every version has the digests with which it came; at the database of records; at every job: that its signed object is there and verifies, and that nobody who worked on it has died; " +
	"at profiles: that their certificates are there; at keys and certificates; at what processes that died have left; and at the room on the disk.\n\n" +
	"The answer lists problems and notes, each with what it is about, what was found and what to do. The home is sound if there " +
	"are no problems: notes are what is as it may be, such as an object that was deleted on purpose. The exit status is 0 " +
	"if it is sound and 255 if it is not."

// newDoctor makes the command that examines a home.
func newDoctor(s *session) *cobra.Command {
	var quick bool
	c := &cobra.Command{Use: "doctor", Short: "Examine the home of the local engine, and say what is wrong.", Long: doctorHelp,
		RunE: func(c *cobra.Command, _ []string) error { return s.examine(c.Context(), quick) }}
	addSwitch(c.Flags(), &quick, "quick", "Do not read objects: only see whether they are there.")
	s.nodes[c] = &node{}
	return c
}

func (s *session) examine(ctx context.Context, quick bool) error {
	home, err := s.homeDirectory()
	if err != nil {
		return err
	}
	shared, err := s.sharing(home)
	if err != nil {
		return err
	}
	c := doctor.Config{Home: home, Now: s.env.Now(), Quick: quick, Database: shared.DatabaseURL}
	if shared.DatabaseURL != "" {
		looking, done, err := lookAtKeys(ctx, home, shared.DatabaseURL)
		if err != nil {
			return err
		}
		defer done()
		c.KeyFiles = looking
	}
	if shared.ObjectStore != "" {
		if c.Store, err = s.openBuckets(ctx, home, s.env.Now); err != nil {
			return err
		}
	}
	found, err := doctor.Examine(ctx, c)
	if err != nil {
		return err
	}
	if err := s.print("Doctor", doctorAnswer(home, found)); err != nil {
		return err
	}
	if !found.Sound() {
		return fmt.Errorf("%s is not sound: problems found: %d", home, len(found.Problems))
	}
	return nil
}

// lookAtKeys returns the keys in a database, which is only looked at.
func lookAtKeys(ctx context.Context, home, url string) (files keys.Files, done func(), err error) {
	c := records.Config{URL: url}
	where, err := c.Where()
	if err != nil {
		return nil, nil, err
	}
	done = func() {}
	var all *records.KeyFiles
	store, unopened := records.OpenToRead(ctx, c) // which the examination tells
	if unopened == nil {
		all, done = store.KeyFiles(), func() { store.Close() }
	}
	shared := databaseKeys{where, func(context.Context, bool) (*records.KeyFiles, error) { return all, unopened }}
	return keys.Unless(shared, keys.LeftIn(keysDir(home)), shared.used), done, nil
}

func doctorAnswer(home string, r *doctor.Report) *document.Object {
	return document.New(
		document.Member{Name: "home", Value: home},
		document.Member{Name: "sound", Value: r.Sound()},
		document.Member{Name: "problems", Value: findings(r.Problems)},
		document.Member{Name: "notes", Value: findings(r.Notes)},
		document.Member{Name: "examined", Value: document.New(
			document.Member{Name: "files", Value: int64(r.Files)},
			document.Member{Name: "jobs", Value: int64(r.Jobs)},
			document.Member{Name: "objects", Value: int64(r.Objects)},
			document.Member{Name: "keys", Value: int64(r.Keys)},
		)},
	)
}

func findings(all []doctor.Finding) document.List {
	list := document.List{}
	for _, f := range all {
		o := document.New(document.Member{Name: "subject", Value: f.Subject}, document.Member{Name: "found", Value: f.Found})
		if f.Advice != "" {
			o.Set("advice", f.Advice)
		}
		list = append(list, o)
	}
	return list
}
