package transfer_test

import (
	"testing"
	"time"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/bucket/s3store/s3test"
)

// targets are the stores that are copied to.
func targets() map[string]func(testing.TB) bucket.Store {
	own := func(t testing.TB) *s3store.Store { return storeOn(s3test.Own(t), t.TempDir()) }
	versity := func(t testing.TB) *s3store.Store { return storeOn(s3test.Versity{}.Start(t), t.TempDir()) }
	return map[string]func(testing.TB) bucket.Store{
		"directory":        func(t testing.TB) bucket.Store { d, _ := dirIn(t); return d },
		"own":              func(t testing.TB) bucket.Store { return own(t) },
		"own, inside":      func(t testing.TB) bucket.Store { return inside(t, own(t)) },
		"versitygw":        func(t testing.TB) bucket.Store { return versity(t) },
		"versitygw inside": func(t testing.TB) bucket.Store { return inside(t, versity(t)) },
	}
}

func storeOn(s s3test.Server, temp string) *s3store.Store {
	return s3store.New(s3store.Config{Client: s.Client(), TempDir: temp, Once: true})
}

// inside keeps all buckets in one.
func inside(t testing.TB, s *s3store.Store) bucket.Store {
	s3test.Make(t, s, "everything")
	return within(s)
}

func within(s *s3store.Store) bucket.Store {
	return s3store.Inside(s, "everything", "of/a home/", time.Now)
}
