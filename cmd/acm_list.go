package cmd

import (
	"context"
	"slices"
	"strings"

	"signer/pkg/document"
	"signer/pkg/keys"
)

// sorted returns the certificates that a listing asks for, in its order; the oldest
// first if it does not say. Unlike in ACM all kinds of keys are listed unless it
// says otherwise.
func (c *certificates) sorted(ctx context.Context, params *document.Object) ([]*keys.Certificate, error) {
	by, order := textOf(params, "SortBy"), textOf(params, "SortOrder")
	if (by == "") != (order == "") {
		return nil, acmError("ValidationException", "SortBy and SortOrder must be given together.")
	}
	all, err := c.store.Certificates(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(one *keys.Certificate) bool { return !c.here(one) || !c.asked(one, params) })
	if order == "DESCENDING" {
		slices.Reverse(all)
	}
	return all, nil
}

// here tells whether a certificate belongs to the caller's account and region.
func (c *certificates) here(one *keys.Certificate) bool {
	return strings.HasPrefix(one.ARN, "arn:"+c.place.Partition+":acm:"+c.place.Region+":"+c.place.Account+":")
}

// asked tells whether a certificate passes the filters of a listing.
func (c *certificates) asked(one *keys.Certificate, params *document.Object) bool {
	if !among(params, "CertificateStatuses", statusOfCertificate(one, c.now())) {
		return false
	}
	v, _ := params.Get("Includes")
	filters, _ := v.(*document.Object)
	return among(filters, "keyTypes", one.KeyAlgorithm) &&
		among(filters, "keyUsage", keyUsages(one.Certificate)...) &&
		among(filters, "extendedKeyUsage", extendedUsageNames(one.Certificate)...) &&
		textOf(filters, "exportOption") != "ENABLED" && !filters.Has("managedBy")
}

// among tells whether a list of the parameters names one of the values. Where there
// is no list all will do.
func among(params *document.Object, name string, values ...string) bool {
	v, ok := params.Get(name)
	list, _ := v.(document.List)
	if !ok || len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(list, func(wanted document.Value) bool {
		text, _ := wanted.(string)
		return slices.Contains(values, text)
	})
}
