// Package awskms keeps private keys in AWS Key Management Service: the root's key,
// and those of imported certificates.
//
// A key has a URI, awskms:///KEY, where KEY is what KMS calls a key's id, an alias
// (alias/NAME) or the ARN of either. It never takes a key out of KMS, which has no way
// for that, changes none and deletes none.
package awskms

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

// Scheme is what the URIs begin with.
const Scheme = "awskms:"

// API is the part of KMS that is needed: kms:DescribeKey, kms:GetPublicKey and
// kms:Sign, and the rest only to take keys in.
type API interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
	GetPublicKey(context.Context, *kms.GetPublicKeyInput, ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error)
	Sign(context.Context, *kms.SignInput, ...func(*kms.Options)) (*kms.SignOutput, error)
	CreateKey(context.Context, *kms.CreateKeyInput, ...func(*kms.Options)) (*kms.CreateKeyOutput, error)
	GetParametersForImport(context.Context, *kms.GetParametersForImportInput, ...func(*kms.Options)) (*kms.GetParametersForImportOutput, error)
	ImportKeyMaterial(context.Context, *kms.ImportKeyMaterialInput, ...func(*kms.Options)) (*kms.ImportKeyMaterialOutput, error)
}

var _ API = (*kms.Client)(nil)

// Config says which key is meant, and how to get to KMS.
type Config struct {
	// URI names the root's key. Without a key in it no root can be made, but keys can
	// be taken in, and used.
	URI string
	// Client returns a client for a region, or for the one that is usual if that is "".
	Client   func(ctx context.Context, region string) (API, error)
	Patience time.Duration // for one answer, with all its retries; 0 means 15 seconds
}

// Keys are the private keys in KMS. They may be used from several goroutines at once.
type Keys struct {
	config Config
	root   string // "" if there is none

	mu      sync.Mutex
	clients map[string]API // by region
	byName  map[string]*key
}

// Open returns the keys in KMS. Nothing is asked yet.
func Open(c Config) (*Keys, error) {
	root, err := parse(c.URI)
	if err != nil {
		return nil, err
	}
	c.Patience = cmp.Or(c.Patience, 15*time.Second)
	return &Keys{config: c, root: root, clients: map[string]API{}, byName: map[string]*key{}}, nil
}

// parse returns the key that a URI names; "" if it names none.
func parse(uri string) (string, error) {
	rest, ok := strings.CutPrefix(uri, Scheme+"//")
	switch {
	case !ok:
		return "", errors.New("it does not begin with awskms:///")
	case !strings.HasPrefix(rest, "/"):
		return "", errors.New("it names a host: write awskms:///KEY, with three slashes, and give the address of another KMS in AWS_ENDPOINT_URL_KMS")
	}
	id := rest[1:]
	if id != "" && (len(id) > 2048 || !regexp.MustCompile(`^[A-Za-z0-9:/_-]+$`).MatchString(id)) {
		return "", errors.New("what follows awskms:/// is no key id, alias/NAME or ARN")
	}
	return id, nil
}

// regionOf is the region that a key's name says; "" if it says none.
func regionOf(id string) string {
	a, err := arn.Parse(id)
	if err != nil {
		return ""
	}
	return a.Region
}

// client returns the client for the region of a key.
func (k *Keys) client(ctx context.Context, id string) (API, error) {
	region := regionOf(id)
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.clients[region]; c != nil {
		return c, nil
	}
	c, err := k.config.Client(ctx, region)
	if err == nil {
		k.clients[region] = c
	}
	return c, err
}

// ask asks KMS something about a key, in a time that has an end.
func ask[In, Out any](ctx context.Context, k *Keys, id string, call func(API, context.Context, In, ...func(*kms.Options)) (Out, error), in In) (out Out, err error) {
	ctx, stop := context.WithTimeout(ctx, k.config.Patience)
	defer stop()
	c, err := k.client(ctx, id)
	if err == nil {
		out, err = call(c, ctx, in)
	}
	if err != nil {
		return out, fmt.Errorf("the key %s in AWS KMS: %w", cmp.Or(id, "to be made"), ours(err))
	}
	return out, nil
}

// ours turns what KMS refuses into an error that no service has made. KMS has refused us:
// who has asked for a signature is not to blame, nor is the object that he wants
// signed, and a job waits until it is put right.
func ours(err error) error {
	var refusal smithy.APIError
	if errors.As(err, &refusal) {
		return fmt.Errorf("it answers %s: %s", refusal.ErrorCode(), refusal.ErrorMessage())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("it does not answer in time (%w)", context.DeadlineExceeded)
	}
	return err
}

// Make returns the key that the URI names. It makes none: to make it, choose its
// policy and pay for it is the owner's part.
func (k *Keys) Make() (string, crypto.Signer, error) {
	if k.root == "" {
		return "", nil, errors.New("no key in AWS KMS is named for the root: make one with \"aws kms create-key --key-spec ECC_NIST_P384 --key-usage SIGN_VERIFY\", and say awskms:///KEY-ID")
	}
	found, err := k.find(k.root)
	if err != nil {
		return "", nil, err
	}
	return found.name(), found, nil
}

// Key returns the key that a URI names.
func (k *Keys) Key(name string) (crypto.Signer, error) {
	id, err := parse(name)
	if err == nil && id == "" {
		err = errors.New("it names no key")
	}
	if err != nil {
		return nil, fmt.Errorf("the name of a key in AWS KMS is no URI of one: %w", err)
	}
	return k.find(id)
}

// find returns a key, and asks for it only once: whatever happens to it, its public
// half stays the same.
func (k *Keys) find(id string) (*key, error) {
	k.mu.Lock()
	found := k.byName[id]
	k.mu.Unlock()
	if found != nil {
		return found, nil
	}
	out, err := ask(context.Background(), k, id, API.GetPublicKey, &kms.GetPublicKeyInput{KeyId: &id})
	if err != nil {
		return nil, err
	}
	if out.KeyUsage != types.KeyUsageTypeSignVerify {
		return nil, fmt.Errorf("the key %s in AWS KMS is not for signing: its usage is %s, and not SIGN_VERIFY", id, out.KeyUsage)
	}
	public, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("the key %s in AWS KMS is of a kind that is not known here: %w", id, err)
	}
	found = &key{keys: k, arn: nameOf(id, aws.ToString(out.KeyId)), public: public, can: out.SigningAlgorithms}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byName[id] = found
	return found, nil
}

// nameOf is the name of a key that was asked for by one name, and has another in the
// answer. That is its ARN, as KMS promises; some stand-ins answer with less, and the
// region must not be lost.
func nameOf(asked, answered string) string {
	a, err := arn.Parse(asked)
	if err != nil || answered == "" {
		return cmp.Or(answered, asked)
	}
	if arn.IsARN(answered) {
		return answered
	}
	a.Resource = "key/" + answered
	return a.String()
}

// Check tells whether the root's key can be used now.
func (k *Keys) Check(ctx context.Context) error {
	if k.root == "" {
		return nil
	}
	out, err := ask(ctx, k, k.root, API.DescribeKey, &kms.DescribeKeyInput{KeyId: &k.root})
	switch {
	case err != nil:
		return err
	case out.KeyMetadata == nil || out.KeyMetadata.KeyState == "":
		return fmt.Errorf("the key %s in AWS KMS is in a state that nobody tells", k.root)
	case out.KeyMetadata.KeyState != types.KeyStateEnabled:
		return fmt.Errorf("the key %s in AWS KMS is not enabled: its state is %s", k.root, out.KeyMetadata.KeyState)
	}
	return nil
}
