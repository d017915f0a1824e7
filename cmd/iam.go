package cmd

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/keys"
	"signer/pkg/records"
)

// iamService is AWS Identity and Access Management under the AWS CLI's name for it,
// as far as those need it who may call "signer serve".
func iamService() *service { return &service{Service: api.IAM(), open: openIAM} }

func openIAM(ctx context.Context, s *session, _ []string) (caller, func(), error) {
	if s.isRemote("AWS_ENDPOINT_URL_IAM") {
		return nil, nil, errors.New("access keys are kept by the local engine only: use the AWS CLI for those in AWS Identity and Access Management, or --engine local")
	}
	at, err := s.place()
	if err != nil {
		return nil, nil, err
	}
	own, err := s.keysAt(at.home)
	if err != nil {
		return nil, nil, err
	}
	store, err := s.openRecords(ctx, at.home, false)
	if err != nil {
		return nil, nil, err
	}
	a := accessKeys{records: store, keys: own, now: s.env.Now, rand: s.env.Rand,
		partition: api.Partition(at.region), account: at.account, principal: at.principal}
	call := func(ctx context.Context, op *api.Operation, params *document.Object) (*document.Object, error) {
		if found := op.Input.Violations(params); len(found) > 0 {
			return nil, iamError(http.StatusBadRequest, "ValidationError", "%v", found)
		}
		answer, err := a.call(ctx, op, params)
		return s.retimed(op, answer), err
	}
	return call, func() { store.Close() }, nil
}

// retimed brings the times of an answer of the local engine's own services into the
// form that the user wants. It returns the answer.
func (s *session) retimed(op *api.Operation, answer *document.Object) *document.Object {
	if answer != nil {
		retime(op.Output, nil, answer, func(_ *api.Member, t time.Time) document.Value { return s.instant(t) })
	}
	return answer
}

// accessKeys answers as IAM does, out of the records and for one caller. There are no
// users to be made: whatever name is given is one's.
type accessKeys struct {
	records *records.Store
	keys    *keys.Store
	now     func() time.Time
	rand    io.Reader // nil: crypto/rand.Reader

	partition, account, principal string // of the caller
}

// The statuses of an access key.
const (
	keyActive   = "Active"
	keyInactive = "Inactive"
)

// mostAccessKeys is how many a user may have.
const mostAccessKeys = 2

// call carries an operation out.
func (a *accessKeys) call(ctx context.Context, op *api.Operation, params *document.Object) (*document.Object, error) {
	user, err := a.user(params)
	if err != nil {
		return nil, err
	}
	return iamCalls[op.Name](a, ctx, user, params)
}

var iamCalls = map[string]func(a *accessKeys, ctx context.Context, user string, params *document.Object) (*document.Object, error){
	"CreateAccessKey": (*accessKeys).create,
	"DeleteAccessKey": (*accessKeys).remove,
	"ListAccessKeys":  (*accessKeys).list,
	"UpdateAccessKey": (*accessKeys).update,
}

func iamError(status int, code, format string, args ...any) error {
	return &engine.APIError{Code: code, Message: fmt.Sprintf(format, args...), Status: status, Members: document.New()}
}

// user is the user that an operation is about: the one that is named, or who calls;
// "" is the account's root.
func (a *accessKeys) user(params *document.Object) (string, error) {
	if params.Has("UserName") {
		return textOf(params, "UserName"), nil
	}
	resource := a.principal[strings.LastIndexByte(a.principal, ':')+1:]
	if resource == "root" {
		return "", nil
	}
	path, ok := strings.CutPrefix(resource, "user/")
	if !ok {
		return "", iamError(http.StatusBadRequest, "ValidationError", "Must specify userName when calling with non-User credentials")
	}
	return path[strings.LastIndexByte(path, '/')+1:], nil
}

// arn is a user's.
func (a *accessKeys) arn(user string) string {
	resource := "root"
	if user != "" {
		resource = "user/" + user
	}
	return fmt.Sprintf("arn:%s:iam::%s:%s", a.partition, a.account, resource)
}

func (a *accessKeys) create(ctx context.Context, user string, _ *document.Object) (*document.Object, error) {
	id, secret, err := a.draw()
	if err != nil {
		return nil, err
	}
	sealed, err := a.keys.Seal(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	k := records.AccessKey{ID: id, Account: a.account, User: user, Principal: a.arn(user), Secret: sealed, Status: keyActive, CreatedAt: a.now().UTC()}
	err = a.records.AddAccessKey(ctx, k, mostAccessKeys)
	if errors.Is(err, records.ErrEnough) {
		return nil, iamError(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: %d", mostAccessKeys)
	}
	if err != nil {
		return nil, err
	}
	return document.New(member{Name: "AccessKey", Value: shownKey(k, string(secret))}), nil
}

// shownKey tells what IAM tells of a key; its secret once, when it is made.
func shownKey(k records.AccessKey, secret string) *document.Object {
	return present(
		member{Name: "UserName", Value: k.User},
		member{Name: "AccessKeyId", Value: k.ID},
		member{Name: "Status", Value: k.Status},
		member{Name: "SecretAccessKey", Value: secret},
		member{Name: "CreateDate", Value: k.CreatedAt.Truncate(time.Second)},
	)
}

// draw makes up an id and a secret of the form that AWS's have.
func (a *accessKeys) draw() (id string, secret keys.Secret, err error) {
	random := a.rand
	if random == nil {
		random = rand.Reader
	}
	b := make([]byte, 10+30)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", nil, fmt.Errorf("draw an access key: %w", err)
	}
	return "AKIA" + base32.StdEncoding.EncodeToString(b[:10]), keys.Secret(base64.StdEncoding.EncodeToString(b[10:])), nil
}

// list answers a page. The marker of the next is the last id of the page.
func (a *accessKeys) list(ctx context.Context, user string, params *document.Object) (*document.Object, error) {
	all, err := a.records.AccessKeys(ctx, a.account, user)
	if err != nil {
		return nil, err
	}
	page := document.New()
	rows, marker := document.List{}, textOf(params, "Marker")
	limit, limited := params.Get("MaxItems")
	truncated := false
	for _, k := range all {
		switch {
		case marker != "": // not there yet
			if k.ID == marker {
				marker = ""
			}
		case limited && int64(len(rows)) == limit:
			truncated = true
		default:
			rows = append(rows, shownKey(k, ""))
		}
	}
	if marker != "" {
		return nil, iamError(http.StatusBadRequest, "ValidationError", "The Marker is not one that a listing ended with, or its key is gone: start again without it.")
	}
	page.Set("AccessKeyMetadata", rows)
	page.Set("IsTruncated", truncated)
	if truncated {
		last, _ := rows[len(rows)-1].(*document.Object).Get("AccessKeyId")
		page.Set("Marker", last)
	}
	return page, nil
}

func (a *accessKeys) remove(ctx context.Context, user string, params *document.Object) (*document.Object, error) {
	id := textOf(params, "AccessKeyId")
	return document.New(), absentKey(id, a.records.DeleteAccessKey(ctx, a.account, user, id))
}

func (a *accessKeys) update(ctx context.Context, user string, params *document.Object) (*document.Object, error) {
	id, status := textOf(params, "AccessKeyId"), textOf(params, "Status")
	if status != keyActive && status != keyInactive {
		return nil, iamError(http.StatusBadRequest, "InvalidInput", "The status of an access key can be set to Active or Inactive, not to %s.", status)
	}
	return document.New(), absentKey(id, a.records.SetAccessKeyStatus(ctx, a.account, user, id, status))
}

// absentKey words the absence of a key.
func absentKey(id string, err error) error {
	if errors.Is(err, records.ErrNotFound) {
		return iamError(http.StatusNotFound, "NoSuchEntity", "The Access Key with id %s cannot be found.", id)
	}
	return err
}
