package records

import (
	"context"
	"errors"
	"time"
)

// AccessKey is what a user of a server signs requests with.
type AccessKey struct {
	ID        string // one of all accounts
	Account   string
	User      string // "" is the account's root
	Principal string // the user's ARN
	Secret    string // as its owner seals it: the records know no way to open it
	Status    string
	CreatedAt time.Time
}

const accessKeyColumns = `id, account, user_name, principal, secret, status, created_at`

func (k *AccessKey) columns() []any {
	return []any{&k.ID, &k.Account, &k.User, &k.Principal, &k.Secret, &k.Status, (*instant)(&k.CreatedAt)}
}

func accessKeyFrom(r row) (k AccessKey, err error) {
	err = r.Scan(k.columns()...)
	return k, err
}

// AddAccessKey records a new key, unless its user has that many already: then it
// returns ErrEnough. It returns ErrExists if the id is taken.
func (s *Store) AddAccessKey(ctx context.Context, k AccessKey, most int) error {
	var c conditions
	values := k.columns()
	insert := c.place(`INSERT INTO access_keys (`+accessKeyColumns+`) SELECT `+marks(len(values)), values...)
	room := c.place(` WHERE (SELECT COUNT(*) FROM access_keys WHERE account = ? AND user_name = ?) < ?`, k.Account, k.User, most)
	added, err := s.strictly(ctx, insert+room+` ON CONFLICT (id) DO NOTHING`, c.args...)
	added, err = unlessDone(added, err, func() (bool, error) {
		there, err := s.AccessKey(ctx, k.ID)
		return err == nil && there.Secret == k.Secret, except(err, ErrNotFound)
	})
	if err == nil && added == 0 {
		if _, missing := s.AccessKey(ctx, k.ID); missing == nil {
			err = ErrExists
		}
	}
	return s.unchanged("add access key "+k.ID, added, err, ErrEnough)
}

// AccessKey returns the key with an id, or ErrNotFound.
func (s *Store) AccessKey(ctx context.Context, id string) (AccessKey, error) {
	k, err := one(ctx, s.calm(), accessKeyFrom, `SELECT `+accessKeyColumns+` FROM access_keys WHERE id = $1`, id)
	return k, s.missing("access key "+id, err)
}

// AccessKeys returns the keys of a user, oldest first.
func (s *Store) AccessKeys(ctx context.Context, account, user string) ([]AccessKey, error) {
	keys, err := gather(ctx, s.calm(), accessKeyFrom, `SELECT `+accessKeyColumns+` FROM access_keys
		WHERE account = $1 AND user_name = $2 ORDER BY created_at, id`, []any{account, user})
	return keys, s.failed("list access keys", err)
}

// SetAccessKeyStatus changes the status of a user's key, or returns ErrNotFound.
func (s *Store) SetAccessKeyStatus(ctx context.Context, account, user, id, status string) error {
	changed, err := s.write(ctx, `UPDATE access_keys SET status = $1 WHERE id = $2 AND account = $3 AND user_name = $4`, status, id, account, user)
	return s.unchanged("change access key "+id, changed, err, ErrNotFound)
}

// DeleteAccessKey forgets a user's key, or returns ErrNotFound.
func (s *Store) DeleteAccessKey(ctx context.Context, account, user, id string) error {
	changed, err := s.write(ctx, `DELETE FROM access_keys WHERE id = $1 AND account = $2 AND user_name = $3`, id, account, user)
	changed, err = unlessDone(changed, err, func() (bool, error) {
		_, err := s.AccessKey(ctx, id)
		return errors.Is(err, ErrNotFound), except(err, ErrNotFound)
	})
	return s.unchanged("delete access key "+id, changed, err, ErrNotFound)
}
