package records_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signer/pkg/records"
)

func accessKey(account, user, id string) records.AccessKey {
	return records.AccessKey{ID: id, Account: account, User: user, Principal: "arn:" + user, Secret: "sealed " + id, Status: "Active", CreatedAt: noon}
}

func testAccessKeys(t *testing.T, s *records.Store) {
	second := accessKey("1", "maria", "A2")
	second.CreatedAt = noon.Add(-time.Second)
	for _, k := range []records.AccessKey{accessKey("1", "maria", "A1"), second, accessKey("1", "", "A3"), accessKey("2", "maria", "A4")} {
		must(t, s.AddAccessKey(ctx, k, 2))
	}
	refused(t, s.AddAccessKey(ctx, accessKey("1", "maria", "A5"), 2), records.ErrEnough)
	refused(t, s.AddAccessKey(ctx, accessKey("3", "other", "A1"), 2), records.ErrExists)
	got, err := s.AccessKey(ctx, "A1")
	must(t, err)
	same(t, got, accessKey("1", "maria", "A1"))
	all, err := s.AccessKeys(ctx, "1", "maria")
	must(t, err)
	same(t, all, []records.AccessKey{second, accessKey("1", "maria", "A1")})
	_, err = s.AccessKey(ctx, "A5")
	refused(t, err, records.ErrNotFound)
}

func testAccessKeysChange(t *testing.T, s *records.Store) {
	must(t, s.AddAccessKey(ctx, accessKey("1", "maria", "A1"), 2))
	for _, other := range [][2]string{{"2", "maria"}, {"1", "paul"}, {"1", ""}} {
		refused(t, s.SetAccessKeyStatus(ctx, other[0], other[1], "A1", "Inactive"), records.ErrNotFound)
		refused(t, s.DeleteAccessKey(ctx, other[0], other[1], "A1"), records.ErrNotFound)
	}
	must(t, s.SetAccessKeyStatus(ctx, "1", "maria", "A1", "Inactive"))
	got, err := s.AccessKey(ctx, "A1")
	must(t, err)
	same(t, got.Status, "Inactive")
	must(t, s.DeleteAccessKey(ctx, "1", "maria", "A1"))
	refused(t, s.DeleteAccessKey(ctx, "1", "maria", "A1"), records.ErrNotFound)
	all, err := s.AccessKeys(ctx, "1", "maria")
	must(t, err)
	same(t, len(all), 0)
}

// However many make keys at once, a user has no more than may be.
func testAccessKeysAtOnce(t *testing.T, s *records.Store) {
	var wg sync.WaitGroup
	var made atomic.Int64
	for i := range 20 {
		wg.Go(func() {
			if s.AddAccessKey(ctx, accessKey("1", "maria", fmt.Sprint("A", i)), 2) == nil {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	same(t, made.Load(), int64(2))
}
