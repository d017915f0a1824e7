package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signer"
	"github.com/aws/aws-sdk-go-v2/service/signer/types"

	"signer/pkg/bucket"

	"signer/.ci/bench/measure"
)

// measureJobs signs the same jobs with more and more servers.
func (b *bench) measureJobs() {
	b.build()
	fmt.Printf("%-34s %12s %12s\n", "jobs a second", "acknowledged", "signed")
	for _, tc := range []struct {
		name     string
		servers  int
		database string
	}{{"1 server, records in its home", 1, ""}, {"1 server on PostgreSQL", 1, b.database}, {"2 servers on PostgreSQL", 2, b.database}, {"3 servers on PostgreSQL", 3, b.database}} {
		acknowledged, signed := b.sign(tc.servers, tc.database)
		fmt.Printf("%-34s %12.0f %12.0f\n", tc.name, acknowledged, signed)
	}
}

// sign starts jobs with many clients at once, and waits until all are signed.
func (b *bench) sign(servers int, database string) (acknowledged, signed float64) {
	home, err := os.MkdirTemp(b.dir, "home-")
	measure.Check(err)
	h := &house{b: b, home: home, env: append(os.Environ(), "SIGNER_HOME="+home, "SIGNER_DATABASE_URL="+database, "AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=eu-west-1")}
	version := h.furnish()
	for range servers {
		defer h.serve()()
	}
	c := h.client()
	account := fmt.Sprint("p", time.Now().UnixNano())
	_, err = c.PutSigningProfile(context.Background(), &signer.PutSigningProfileInput{ProfileName: &account, PlatformId: aws.String("AWSLambda-SHA384-ECDSA")})
	measure.Check(err)
	began := time.Now()
	h.start(c, account, version)
	all := time.Since(began)
	for h.inProgress(c) {
		time.Sleep(2 * time.Millisecond)
	}
	return float64(b.jobs) / all.Seconds(), float64(b.jobs) / time.Since(began).Seconds()
}

// house is a home and the servers that use it.
type house struct {
	b         *bench
	home      string
	env       []string
	addresses []string
	key       aws.Credentials
}

// furnish makes buckets, an archive of a few kilobytes and an access key.
func (h *house) furnish() (version string) {
	ctx := context.Background()
	buckets := bucket.Open(bucket.Config{Dir: filepath.Join(h.home, "buckets")})
	measure.Check(buckets.CreateBucket(ctx, "source", bucket.CreateOptions{}))
	measure.Check(buckets.PutVersioning(ctx, "source", bucket.Enabled))
	measure.Check(buckets.CreateBucket(ctx, "destination", bucket.CreateOptions{}))
	body := bytes.NewReader(measure.Archive(strings.Repeat("exports.handler = () => 42\n", 1000)))
	stored, err := buckets.Put(ctx, "source", "app.zip", body, bucket.PutOptions{})
	measure.Check(err)
	c := exec.Command(h.b.signer, "iam", "create-access-key", "--user-name", fmt.Sprint("u", time.Now().UnixNano()), "--query", "AccessKey.[AccessKeyId,SecretAccessKey]", "--output", "text")
	c.Env, c.Stderr = h.env, os.Stderr
	out, err := c.Output()
	measure.Check(err)
	h.key.AccessKeyID, h.key.SecretAccessKey, _ = strings.Cut(strings.TrimSpace(string(out)), "\t")
	return stored.VersionID
}

// serve starts a server.
func (h *house) serve() (stop func()) {
	c := exec.Command(h.b.signer, "serve", "--addr", "127.0.0.1:0", "--log-format", "json")
	c.Env = h.env
	out, err := c.StderrPipe()
	measure.Check(err)
	measure.Check(c.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var line struct{ Msg, URL string }
		json.Unmarshal(lines.Bytes(), &line)
		if line.Msg == "serving" {
			h.addresses = append(h.addresses, strings.TrimPrefix(line.URL, "http://"))
			break
		}
	}
	go func() {
		for lines.Scan() { // the rest
		}
	}()
	return func() { c.Process.Kill(); c.Wait() }
}

// client spreads its connections over the servers.
func (h *house) client() *signer.Client {
	var n atomic.Int64
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, h.addresses[int(n.Add(1))%len(h.addresses)])
	}}
	return signer.New(signer.Options{Region: "eu-west-1", BaseEndpoint: aws.String("http://signer.test"), HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return h.key, nil })})
}

// start starts the jobs, 32 at once.
func (h *house) start(c *signer.Client, profile, version string) {
	var group sync.WaitGroup
	left := atomic.Int64{}
	left.Store(int64(h.b.jobs))
	for range 32 {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				_, err := c.StartSigningJob(context.Background(), &signer.StartSigningJobInput{
					ProfileName: &profile,
					Source:      &types.Source{S3: &types.S3Source{BucketName: aws.String("source"), Key: aws.String("app.zip"), Version: &version}},
					Destination: &types.Destination{S3: &types.S3Destination{BucketName: aws.String("destination")}}})
				measure.Check(err)
			}
		})
	}
	group.Wait()
}

func (h *house) inProgress(c *signer.Client) bool {
	out, err := c.ListSigningJobs(context.Background(), &signer.ListSigningJobsInput{Status: types.SigningStatusInProgress, MaxResults: aws.Int32(1)})
	measure.Check(err)
	return len(out.Jobs) > 0
}
