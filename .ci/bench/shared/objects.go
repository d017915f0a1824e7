package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"

	"signer/.ci/bench/measure"
)

// measureObjects puts and gets objects in a directory and on the object store.
func (b *bench) measureObjects() {
	client := s3.New(s3.Options{BaseEndpoint: &b.store, UsePathStyle: true, Region: os.Getenv("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		})})
	ctx, name := context.Background(), fmt.Sprint("bench-", time.Now().UnixNano())
	remote := s3store.New(s3store.Config{Client: client, TempDir: b.dir})
	one := s3store.Inside(remote, name+"-one", "", time.Now)
	measure.Check(remote.CreateBucket(ctx, name+"-one", bucket.CreateOptions{}))
	measure.Check(remote.PutVersioning(ctx, name+"-one", bucket.Enabled))
	fmt.Printf("%-22s %20s %20s %20s\n", "ms to put and to get", "1 KB", "1 MB", "250 MB")
	for _, tc := range []struct {
		name  string
		store bucket.Store
	}{{"directory", bucket.Open(bucket.Config{Dir: filepath.Join(b.dir, "buckets")})}, {"S3", remote}, {"S3, inside one bucket", one}} {
		measure.Check(tc.store.CreateBucket(ctx, name, bucket.CreateOptions{}))
		measure.Check(tc.store.PutVersioning(ctx, name, bucket.Enabled))
		fmt.Printf("%-22s", tc.name)
		for _, of := range []struct{ size, runs int }{{1 << 10, 100}, {1 << 20, 30}, {250 << 20, 3}} {
			put, get := carry(ctx, tc.store, name, of.size, of.runs)
			fmt.Printf(" %9.1f %9.1f ", put, get)
		}
		fmt.Println()
	}
}

// carry puts an object and gets it, some times, and returns the medians.
func carry(ctx context.Context, store bucket.Store, name string, size, runs int) (put, get float64) {
	body := make([]byte, size)
	_, err := rand.Read(body)
	measure.Check(err)
	var puts, gets []time.Duration
	for range runs {
		began := time.Now()
		stored, err := store.Put(ctx, name, "object", bytes.NewReader(body), bucket.PutOptions{})
		measure.Check(err)
		puts = append(puts, time.Since(began))
		began = time.Now()
		o, err := store.Get(ctx, name, "object", stored.VersionID)
		measure.Check(err)
		_, err = io.Copy(io.Discard, o)
		measure.Check(errors.Join(err, o.Close()))
		gets = append(gets, time.Since(began))
	}
	return measure.Milliseconds(measure.Median(puts)), measure.Milliseconds(measure.Median(gets))
}
