package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/records"
)

// This file offers the names of what the local engine keeps. It makes no home, asks
// no network, starts no work, and takes what it cannot read for empty. That is why
// it looks into the records themselves: an engine that lists jobs may finish some.

// most is how many names are offered.
const most = 500

// names offers names for the member of an operation.
func (o *offer) names(ctx context.Context, of *operation, member, prefix string) offered {
	o.settings = o.newSettings(o.profile)
	switch member {
	case "platformId":
		return o.platforms(ctx)
	case "profileName":
		return o.profiles(ctx, of.op, prefix, func(p records.Profile) string { return p.Name })
	case "resourceArn":
		return o.profiles(ctx, of.op, "", o.profileARN)
	case "jobId":
		return o.jobs(ctx)
	case "Bucket":
		return o.buckets(ctx, of.op)
	case "Key":
		return o.keys(ctx, of, prefix)
	case "CertificateArn":
		return o.certificates(ctx)
	}
	return these()
}

// platforms offers those of the local engine, wherever the work is done.
func (o *offer) platforms(ctx context.Context) offered {
	e, done, err := o.openLocal(ctx)
	if err != nil {
		return these()
	}
	defer done()
	answer, err := engine.Do(ctx, e, api.Signer.Operation("ListSigningPlatforms"), document.New())
	if err != nil {
		return these()
	}
	rows, _ := answer.Get("platforms")
	list, _ := rows.(document.List)
	var words []string
	for _, row := range list {
		if row, ok := row.(*document.Object); ok {
			words = append(words, textOf(row, "platformId")+"\t"+textOf(row, "displayName"))
		}
	}
	return these(words...)
}

// profiles offers the profiles that the operation can be about, by name or ARN.
func (o *offer) profiles(ctx context.Context, op *api.Operation, prefix string, word func(records.Profile) string) offered {
	if op.Name == "PutSigningProfile" {
		return these() // it wants a new name
	}
	store, in := o.records(ctx)
	if store == nil {
		return these()
	}
	defer store.Close()
	q := records.ProfileQuery{Partition: in, After: before(prefix), Limit: most}
	if op.Name == "StartSigningJob" || op.Name == "SignPayload" {
		q.Statuses = []string{records.Active}
	}
	found, err := store.Profiles(ctx, q)
	if err != nil {
		return these()
	}
	words := make([]string, len(found))
	for i, p := range found {
		words[i] = fmt.Sprintf("%s\t%s, %s", word(p), p.Platform, p.Status)
	}
	return these(words...)
}

// before is a word that sorts before all that begin with the prefix, and behind
// nearly everything else that sorts before them.
func before(prefix string) string {
	if prefix == "" {
		return ""
	}
	last := len(prefix) - 1
	return prefix[:last] + string(prefix[last]-1) + "\x7f"
}

func (o *offer) profileARN(p records.Profile) string {
	return fmt.Sprintf("arn:%s:signer:%s:%s:/signing-profiles/%s", api.Partition(p.Region), p.Region, p.Account, p.Name)
}

// jobs offers the newest jobs, in the order of their age.
func (o *offer) jobs(ctx context.Context) offered {
	store, in := o.records(ctx)
	if store == nil {
		return these()
	}
	defer store.Close()
	found, err := store.Jobs(ctx, records.JobQuery{Partition: in, Limit: most})
	if err != nil {
		return these()
	}
	words := make([]string, len(found))
	for i, j := range found {
		at := j.CreatedAt.In(o.env.Now().Location()).Format(time.DateTime)
		words[i] = fmt.Sprintf("%s\t%s, %s, %s", j.ID, at, j.Profile, j.Status)
	}
	return offered{words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder}
}

// records opens the records of the local engine for who asks. Without any, or where
// AWS does the work, it returns nil.
func (o *offer) records(ctx context.Context) (*records.Store, records.Partition) {
	at, err := o.place()
	in := records.Partition{Account: at.account, Region: at.region}
	if err != nil || o.isRemote("AWS_ENDPOINT_URL_SIGNER") {
		return nil, in
	}
	store, err := o.openRecords(ctx, at.home, true)
	if err != nil {
		return nil, in
	}
	return store, in
}

// localStore is the local engine's buckets, or nil where S3 has them.
func (o *offer) localStore(ctx context.Context) bucket.Store {
	home, err := o.homeDirectory()
	if err != nil || o.isRemote("AWS_ENDPOINT_URL_S3") {
		return nil
	}
	store, err := o.openBuckets(ctx, home, o.env.Now)
	if err != nil {
		return nil
	}
	return store
}

func (o *offer) buckets(ctx context.Context, op *api.Operation) offered {
	store := o.localStore(ctx)
	if store == nil || op.Name == "CreateBucket" {
		return these()
	}
	found, err := store.ListBuckets(ctx)
	if err != nil {
		return these()
	}
	words := make([]string, len(found))
	for i, b := range found {
		words[i] = b.Name
	}
	return these(words...)
}

// keys offers the keys in the bucket that the command line names, up to the next
// slash as with files.
func (o *offer) keys(ctx context.Context, of *operation, prefix string) offered {
	store, in := o.localStore(ctx), of.given["Bucket"]
	if store == nil || in == nil {
		return these()
	}
	page, err := store.ListObjects(ctx, in.words[0], bucket.ListOptions{Prefix: prefix, Delimiter: "/", MaxKeys: most})
	if err != nil {
		return these()
	}
	words := page.Prefixes
	for _, k := range page.Objects {
		words = append(words, k.Key)
	}
	how := cobra.ShellCompDirectiveNoFileComp
	if len(page.Prefixes) > 0 {
		how |= cobra.ShellCompDirectiveNoSpace
	}
	return offered{words, how}
}

func (o *offer) certificates(ctx context.Context) offered {
	at, err := o.place()
	if err != nil {
		return these()
	}
	store, err := o.openKeys()
	if err != nil {
		return these()
	}
	found, err := store.Certificates(ctx)
	if err != nil {
		return these()
	}
	var words []string
	for _, c := range found {
		if strings.HasPrefix(c.ARN, fmt.Sprintf("arn:%s:acm:%s:%s:", api.Partition(at.region), at.region, at.account)) {
			words = append(words, c.ARN+"\t"+c.Certificate.Subject.CommonName)
		}
	}
	return these(words...)
}
