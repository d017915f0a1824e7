package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"signer/pkg/api"
	"signer/pkg/bucket"
	"signer/pkg/document"
	"signer/pkg/engine"
	"signer/pkg/faults"
	"signer/pkg/local"
	"signer/pkg/records"
)

// signerService is AWS Signer, done by the local engine or by AWS.
var signerService = &service{Service: api.Signer, open: openSigner}

// services are the others that go with it, under names of their own. Most command
// lines have no use for them, so they are made when their name is met.
var services = []struct {
	name, title string
	open        func() *service
}{
	{"s3api", "Amazon S3", s3Service},
	{"acm", "AWS Certificate Manager", acmService},
	{"iam", "AWS Identity and Access Management", iamService},
}

// extras are the commands that are no operations.
var extras = []func(*session) *cobra.Command{newExportTrust, newVerify, newInspect, newCompletion, newManPages, newDoctor, newPrune, newSign, newServe, newKeys, newBackup, newRestore, newMigrate}

func openSigner(ctx context.Context, s *session, _ []string) (caller, func(), error) {
	e, done, err := s.openEngine(ctx)
	if err != nil {
		return nil, nil, err
	}
	options := func(o *engine.Options) {
		o.Zone, o.WireTimes, o.Now, o.Rand = s.env.Now().Location(), s.timestampFormat() == "wire", s.env.Now, s.env.Rand
	}
	return func(ctx context.Context, op *api.Operation, params *document.Object) (*document.Object, error) {
		defer s.bar.clear()
		return engine.Do(ctx, e, op, params, options)
	}, done, nil
}

// openEngine opens the engine that the user wants. done gives it back.
func (s *session) openEngine(ctx context.Context) (e engine.Engine, done func(), err error) {
	if s.isRemote("AWS_ENDPOINT_URL_SIGNER") {
		return s.openRemote(ctx)
	}
	e, done, err = s.openLocal(ctx)
	if err != nil {
		return nil, nil, err
	}
	if e, err = s.acting(e); err != nil {
		done()
	}
	return e, done, err
}

// openLocal opens the local engine for the caller that the environment names.
func (s *session) openLocal(ctx context.Context) (engine.Engine, func(), error) {
	at, err := s.place()
	if err != nil {
		return nil, nil, err
	}
	c, _, err := s.localConfig(ctx, at)
	if err != nil {
		return nil, nil, err
	}
	s.log("local engine", "home", at.home, "region", at.region, "account", at.account, "principal", at.principal)
	s.bar = newProgress(s.env)
	c.Progress = s.bar.report
	e, err := local.Open(c)
	if err != nil {
		return nil, nil, err
	}
	return e, func() { e.Close() }, nil
}

// localConfig is what the local engine is made of, and the buckets that are in it.
func (s *session) localConfig(ctx context.Context, at place) (c local.Config, objects bucket.Store, err error) {
	now, err := s.localClock()
	if err != nil {
		return c, nil, err
	}
	keys, err := s.localKeys(at.home)
	if err != nil {
		return c, nil, err
	}
	log, err := s.eventLog()
	if err != nil {
		return c, nil, err
	}
	if objects, err = s.openBuckets(ctx, at.home, now); err != nil {
		return c, nil, err
	}
	return local.Config{
		Account:   at.account,
		Region:    at.region,
		Principal: at.principal,
		Records: func(ctx context.Context) (*records.Store, error) {
			return s.openRecords(ctx, at.home, false)
		},
		Objects: faults.Objects{Objects: objects, Plan: s.faults},
		Keys:    keys,
		Now:     now,
		Rand:    s.env.Rand,
		Events:  log,
		Warn:    s.warnOfEvents,
	}, objects, nil
}
