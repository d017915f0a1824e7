package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gopkg.in/yaml.v3"

	"signer/pkg/bucket"
	"signer/pkg/bucket/s3store"
	"signer/pkg/keys"
	"signer/pkg/records"
	"signer/pkg/remote"
)

// This file knows where the local engine keeps what it keeps: in its home, unless
// the environment or a file in the home says that several machines share it.

// sharing is the home's config.yaml.
type sharing struct {
	DatabaseURL string `yaml:"databaseUrl"`
	ObjectStore string `yaml:"objectStore"`
}

func configFile(home string) string  { return filepath.Join(home, "config.yaml") }
func recordsFile(home string) string { return filepath.Join(home, "records.db") }

// bucketsIn are the buckets that are in a home.
func (s *session) bucketsIn(home string, now func() time.Time) *bucket.Dir {
	return bucket.Open(bucket.Config{Dir: filepath.Join(home, "buckets"), Now: now, Rand: s.env.Rand})
}

// sharing says what of a home is shared: the environment goes before the file, which is
// read once.
func (s *session) sharing(home string) (c sharing, err error) {
	if s.shared != nil {
		return *s.shared, nil
	}
	if c, err = s.readSharing(configFile(home)); err != nil {
		return c, err
	}
	if v, ok := s.env.LookupEnv("SIGNER_DATABASE_URL"); ok {
		c.DatabaseURL = v
	}
	if v, ok := s.env.LookupEnv("SIGNER_OBJECT_STORE"); ok {
		c.ObjectStore = v
	}
	s.shared = &c
	return c, nil
}

func (s *session) readSharing(name string) (c sharing, err error) {
	text, err := s.env.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, &configError{"Configuration", err.Error()}
	}
	from := yaml.NewDecoder(bytes.NewReader(text))
	from.KnownFields(true)
	if err := from.Decode(&c); err != nil && !errors.Is(err, io.EOF) { // an error may quote a password
		return c, &configError{"Configuration", fmt.Sprintf("%s cannot be understood: it may have the texts databaseUrl and objectStore, and nothing else.", name)}
	}
	return c, nil
}

// openRecords opens the records of a home, wherever they are. If they have to exist
// and do not, it returns fs.ErrNotExist.
func (s *session) openRecords(ctx context.Context, home string, existing bool) (*records.Store, error) {
	c, err := s.recordsConfig(home)
	if err != nil {
		return nil, err
	}
	c.Existing = existing
	if c.URL == "" {
		return records.Open(ctx, c)
	}
	if err := s.keysCopied(ctx, home); err != nil {
		return nil, err
	}
	return s.database.open(ctx, c)
}

// keysCopied returns keys.ErrNotCopied if a home has keys and its database has none: what
// was recorded there would be in the way of "signer migrate".
func (s *session) keysCopied(ctx context.Context, home string) error {
	if left, err := keys.LeftIn(keysDir(home))(ctx); err != nil || left == "" {
		return nil // as on machines that share a database from the beginning
	}
	files, err := s.keyFiles(home)
	if err == nil {
		_, err = files.List(ctx, "")
	}
	return err
}

// sharedPlaces are what a home shares, as people may see it: without passwords.
func (s *session) sharedPlaces(home string) (shown sharing, err error) {
	c, err := s.sharing(home)
	if err != nil {
		return shown, err
	}
	if c.DatabaseURL != "" {
		if shown.DatabaseURL, err = (records.Config{URL: c.DatabaseURL}).Where(); err != nil {
			return shown, err
		}
	}
	if c.ObjectStore != "" {
		at, err := readObjectStore(c.ObjectStore)
		if err != nil {
			return shown, err
		}
		shown.ObjectStore = at.String()
	}
	return shown, nil
}

func (s *session) recordsConfig(home string) (records.Config, error) {
	shared, err := s.sharing(home)
	return records.Config{Path: recordsFile(home), URL: shared.DatabaseURL}, err
}

// openBuckets opens the local engine's buckets, wherever they are.
func (s *session) openBuckets(ctx context.Context, home string, now func() time.Time) (bucket.Store, error) {
	shared, err := s.sharing(home)
	if err != nil {
		return nil, err
	}
	if shared.ObjectStore == "" {
		return s.bucketsIn(home, now), nil
	}
	at, err := readObjectStore(shared.ObjectStore)
	if err != nil {
		return nil, err
	}
	return s.openS3Store(ctx, at)
}

// objectStore is what the URL of an object store says. With a bucket all objects are
// kept in that one; without, buckets are S3's own.
type objectStore struct {
	bucket, prefix   string
	endpoint, region string
	once             bool // a request that makes a version is sent once
}

// String is the store as people see it.
func (o objectStore) String() string {
	at := "s3://" + strings.TrimSuffix(o.bucket+"/"+o.prefix, "/")
	if o.endpoint != "" {
		at += " at " + o.endpoint
	}
	return at
}

func readObjectStore(text string) (objectStore, error) {
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "s3" || at.User != nil {
		shown := strconv.Quote(text)
		if strings.Contains(text, "@") { // what stands before it may be a secret
			shown = "What is given"
		}
		return objectStore{}, &configError{"Configuration", shown + " is no object store: write s3:// for buckets of S3 itself, or s3://BUCKET/PREFIX for all objects " +
			"in one bucket, and then ?endpoint=URL&region=NAME where need be; credentials are found as AWS's tools find them."}
	}
	o := objectStore{bucket: at.Host, prefix: strings.Trim(at.Path, "/"), endpoint: at.Query().Get("endpoint"), region: at.Query().Get("region")}
	for name := range at.Query() {
		if name != "endpoint" && name != "region" {
			return o, &configError{"Configuration", fmt.Sprintf("An object store has no option %q: there are endpoint and region.", name)}
		}
	}
	if o.prefix != "" {
		o.prefix += "/"
	}
	if e, err := url.Parse(o.endpoint); o.endpoint != "" && (err != nil || e.Host == "" || e.User != nil) {
		return o, &configError{"Configuration", "The endpoint of an object store is a URL such as https://s3.example.net or http://127.0.0.1:9000."}
	}
	return o, nil
}

// openS3Store opens an object store with the credentials that AWS's tools would use.
func (s *session) openS3Store(ctx context.Context, at objectStore) (bucket.Store, error) {
	c := s.remoteConfig("s3")
	c.Endpoint = at.endpoint
	if at.region != "" {
		c.Region = &at.region
	}
	config, err := remote.Load(ctx, c)
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = config.BaseEndpoint != nil })
	store := s3store.New(s3store.Config{Client: client, Once: at.once})
	if at.bucket == "" {
		return store, nil
	}
	return s3store.Inside(store, at.bucket, at.prefix, s.env.Now), nil
}
