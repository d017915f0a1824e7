package awskms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// key is a private key in KMS.
type key struct {
	keys   *Keys
	arn    string
	public crypto.PublicKey
	can    []types.SigningAlgorithmSpec
}

func (k *key) name() string { return Scheme + "///" + k.arn }

func (k *key) Public() crypto.PublicKey { return k.public }

// Sign has KMS sign a digest, which is all that leaves this machine.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	algorithm, err := k.algorithm(len(digest), opts)
	if err != nil {
		return nil, fmt.Errorf("sign with the key %s in AWS KMS: %w", k.arn, err)
	}
	out, err := ask(context.Background(), k.keys, k.arn, API.Sign, &kms.SignInput{KeyId: &k.arn, Message: digest, MessageType: types.MessageTypeDigest, SigningAlgorithm: algorithm})
	if err != nil {
		return nil, err
	}
	return out.Signature, nil
}

// algorithm is KMS's name for a way to sign.
func (k *key) algorithm(size int, opts crypto.SignerOpts) (types.SigningAlgorithmSpec, error) {
	if opts == nil || size != opts.HashFunc().Size() {
		return "", errors.New("what is to be signed is not the digest that it is said to be")
	}
	var form string
	switch k.public.(type) {
	case *ecdsa.PublicKey:
		form = "ECDSA_SHA_%d"
	case *rsa.PublicKey:
		form = "RSASSA_PKCS1_V1_5_SHA_%d"
	}
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		// KMS knows no other salts than such as are as long as the digest.
		if pss.SaltLength != rsa.PSSSaltLengthEqualsHash && pss.SaltLength != rsa.PSSSaltLengthAuto && pss.SaltLength != size {
			return "", fmt.Errorf("it makes no salts of %d bytes", pss.SaltLength)
		}
		form = "RSASSA_PSS_SHA_%d"
	}
	algorithm := types.SigningAlgorithmSpec(fmt.Sprintf(form, 8*size))
	if !slices.Contains(k.can, algorithm) {
		return "", fmt.Errorf("it does not sign by %s", algorithm)
	}
	return algorithm, nil
}
