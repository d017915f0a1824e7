package cmd

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"signer/pkg/api"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/keys"
)

// acmService is AWS Certificate Manager under the AWS CLI's name for it, as far as
// the local engine has it.
func acmService() *service { return &service{Service: api.ACM(), open: openACM} }

func openACM(_ context.Context, s *session, _ []string) (caller, func(), error) {
	if s.isRemote("AWS_ENDPOINT_URL_ACM") {
		return nil, nil, errors.New("certificates are kept by the local engine only: use the AWS CLI for those in AWS Certificate Manager, or --engine local")
	}
	store, err := s.openKeys()
	if err != nil {
		return nil, nil, err
	}
	at, err := s.place()
	if err != nil {
		return nil, nil, err
	}
	c := &certificates{store: store, now: s.env.Now, named: true, place: keys.Place{Partition: api.Partition(at.region), Region: at.region, Account: at.account}}
	call := func(ctx context.Context, op *api.Operation, params *document.Object) (*document.Object, error) {
		answer, err := c.call(ctx, op, params)
		return s.retimed(op, answer), err
	}
	return call, func() {}, nil
}

// certificates answers as ACM does, out of a store of keys and for one caller.
type certificates struct {
	store *keys.Store
	now   func() time.Time
	place keys.Place // the caller's
	named bool       // whether the caller may name keys that are elsewhere: who has the home may
}

// call carries an operation out. The certificates of others are not there.
func (c *certificates) call(ctx context.Context, op *api.Operation, params *document.Object) (*document.Object, error) {
	if arn := textOf(params, "CertificateArn"); othersARN(arn, c.place) {
		return nil, acmError("ResourceNotFoundException", fmt.Sprintf("Could not find certificate %s in account %s.", arn, c.place.Account))
	}
	return acmCalls[op.Name](c, ctx, params)
}

// othersARN tells whether an ARN is that of a certificate of another account or
// region.
func othersARN(arn string, at keys.Place) bool {
	parts := strings.Split(arn, ":")
	return len(parts) > 5 && parts[2] == "acm" && (parts[3] != at.Region || parts[4] != at.Account)
}

var acmCalls = map[string]func(*certificates, context.Context, *document.Object) (*document.Object, error){
	"AddTagsToCertificate":      (*certificates).addTags,
	"DeleteCertificate":         (*certificates).remove,
	"DescribeCertificate":       (*certificates).describe,
	"GetCertificate":            (*certificates).pem,
	"ImportCertificate":         (*certificates).importBundle,
	"ListCertificates":          (*certificates).listPage,
	"ListTagsForCertificate":    (*certificates).listTags,
	"RemoveTagsFromCertificate": (*certificates).removeTags,
}

func acmError(code, message string) error {
	return &engine.APIError{Code: code, Message: message, Status: http.StatusBadRequest, Members: document.New()}
}

func textOf(params *document.Object, name string) string {
	v, _ := params.Get(name)
	text, _ := v.(string)
	return text
}

func bytesOf(params *document.Object, name string) []byte {
	v, _ := params.Get(name)
	b, _ := v.([]byte)
	return b
}

// importBundle imports a certificate, under a new ARN or in the place of another.
func (c *certificates) importBundle(ctx context.Context, params *document.Object) (*document.Object, error) {
	tags, err := tagsOf(params)
	if err != nil {
		return nil, err
	}
	bundle := keys.Bundle{Certificate: bytesOf(params, "Certificate"), PrivateKey: bytesOf(params, "PrivateKey"), Chain: bytesOf(params, "CertificateChain"), Tags: tags}
	if name, ok := nameOfKey(string(bundle.PrivateKey)); ok && c.named {
		bundle.KeyName, bundle.PrivateKey = name, nil
	}
	var done *keys.Certificate
	if params.Has("CertificateArn") {
		done, err = c.store.Reimport(ctx, textOf(params, "CertificateArn"), bundle)
	} else {
		done, err = c.store.Import(ctx, c.place, bundle)
	}
	if err != nil {
		return nil, err
	}
	return document.New(document.Member{Name: "CertificateArn", Value: done.ARN}), nil
}

func (c *certificates) describe(ctx context.Context, params *document.Object) (*document.Object, error) {
	found, err := c.store.Certificate(ctx, textOf(params, "CertificateArn"))
	if err != nil {
		return nil, err
	}
	return document.New(document.Member{Name: "Certificate", Value: certificateDetail(found, c.now())}), nil
}

// pem answers with a certificate and those above it.
func (c *certificates) pem(ctx context.Context, params *document.Object) (*document.Object, error) {
	found, err := c.store.Certificate(ctx, textOf(params, "CertificateArn"))
	if err != nil {
		return nil, err
	}
	return present(
		member{Name: "Certificate", Value: inPEM(found.Certificate)},
		member{Name: "CertificateChain", Value: inPEM(found.Chain...)},
	), nil
}

func (c *certificates) remove(ctx context.Context, params *document.Object) (*document.Object, error) {
	return document.New(), c.store.Delete(ctx, textOf(params, "CertificateArn"))
}

// listPage answers a page of the account's certificates in the region. The token of
// the next is the last ARN of the page.
func (c *certificates) listPage(ctx context.Context, params *document.Object) (*document.Object, error) {
	all, err := c.sorted(ctx, params)
	if err != nil {
		return nil, err
	}
	if all, err = afterToken(all, textOf(params, "NextToken")); err != nil {
		return nil, err
	}
	limit, ok := params.Get("MaxItems")
	size, _ := limit.(int64)
	page := document.New()
	if ok && size < int64(len(all)) {
		all = all[:size]
		page.Set("NextToken", base64.StdEncoding.EncodeToString([]byte(all[size-1].ARN)))
	}
	summaries := document.List{}
	for _, one := range all {
		summaries = append(summaries, certificateSummary(one, c.now()))
	}
	page.Set("CertificateSummaryList", summaries)
	return page, nil
}

// afterToken returns the certificates that follow the one that a token names.
func afterToken(all []*keys.Certificate, token string) ([]*keys.Certificate, error) {
	if token == "" {
		return all, nil
	}
	arn, err := base64.StdEncoding.DecodeString(token)
	for i, one := range all {
		if err == nil && one.ARN == string(arn) {
			return all[i+1:], nil
		}
	}
	return nil, acmError("ValidationException", "The value of NextToken is not one that a listing ended with, or its certificate is gone: start again without it.")
}
