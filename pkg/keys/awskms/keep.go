package awskms

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// Keep takes a private key into a new key of KMS, wrapped as KMS wants it (AWS KMS
// Developer Guide, "Importing key material"): on the way nobody can read it. It is
// done anew each time, for KMS cannot be asked for a key by its public half.
func (k *Keys) Keep(label string, key crypto.Signer) (string, error) {
	spec, err := specOf(key)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	near := "" // in the region of the root's key
	if regionOf(k.root) != "" {
		near = k.root
	}
	made, err := ask(context.Background(), k, near, API.CreateKey, &kms.CreateKeyInput{KeySpec: spec, KeyUsage: types.KeyUsageTypeSignVerify, Origin: types.OriginTypeExternal, Description: &label})
	if err != nil {
		return "", err
	}
	if made.KeyMetadata == nil || aws.ToString(made.KeyMetadata.Arn) == "" {
		return "", errors.New("AWS KMS has made a key, and does not say which: look for one that is empty")
	}
	id := *made.KeyMetadata.Arn
	if err := k.fill(id, der); err != nil {
		return "", fmt.Errorf("%w; it has been made and is empty: delete it", err)
	}
	return Scheme + "///" + id, nil
}

// fill gives a key of KMS its material.
func (k *Keys) fill(id string, der []byte) error {
	p, err := ask(context.Background(), k, id, API.GetParametersForImport, &kms.GetParametersForImportInput{KeyId: &id, WrappingAlgorithm: types.AlgorithmSpecRsaAesKeyWrapSha256, WrappingKeySpec: types.WrappingKeySpecRsa4096})
	if err != nil {
		return err
	}
	wrapped, err := wrapFor(p.PublicKey, der)
	if err != nil {
		return fmt.Errorf("wrap the key %s for AWS KMS: %w", id, err)
	}
	_, err = ask(context.Background(), k, id, API.ImportKeyMaterial, &kms.ImportKeyMaterialInput{KeyId: &id, ImportToken: p.ImportToken, EncryptedKeyMaterial: wrapped, ExpirationModel: types.ExpirationModelTypeKeyMaterialDoesNotExpire})
	return err
}

// specOf is KMS's name for a kind of keys.
func specOf(key crypto.Signer) (types.KeySpec, error) {
	var name string
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		name = fmt.Sprintf("ECC_NIST_P%d", public.Curve.Params().BitSize)
	case *rsa.PublicKey:
		name = fmt.Sprintf("RSA_%d", public.N.BitLen())
	}
	for _, spec := range types.KeySpec("").Values() {
		if string(spec) == name {
			return spec, nil
		}
	}
	return "", errors.New("AWS KMS has no keys of this kind")
}

// wrapFor encrypts a private key for a public one: under a key for AES, and that with
// RSA-OAEP before it.
func wrapFor(public, der []byte) ([]byte, error) {
	parsed, err := x509.ParsePKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	to, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("it wants to have it wrapped for a key that is not RSA")
	}
	between := make([]byte, 32)
	rand.Read(between) // it never fails
	first, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, to, between, nil)
	if err != nil {
		return nil, err
	}
	second, err := wrap(between, der)
	return append(first, second...), err
}

// wrap encrypts a key with another by AES Key Wrap with Padding (RFC 5649), for keys
// of more than 8 bytes.
func wrap(by, plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(by)
	if err != nil {
		return nil, err
	}
	n := (len(plain) + 7) / 8
	if n < 2 {
		return nil, errors.New("the key is too short to be one")
	}
	out := make([]byte, 8+8*n)
	copy(out, []byte{0xa6, 0x59, 0x59, 0xa6})
	binary.BigEndian.PutUint32(out[4:], uint32(len(plain)))
	copy(out[8:], plain)
	var both [aes.BlockSize]byte
	copy(both[:8], out)
	for round := range 6 {
		for i := 1; i <= n; i++ {
			part := out[8*i : 8*i+8]
			copy(both[8:], part)
			block.Encrypt(both[:], both[:])
			copy(part, both[8:])
			binary.BigEndian.PutUint64(both[:], binary.BigEndian.Uint64(both[:])^uint64(n*round+i))
		}
	}
	copy(out, both[:8])
	return out, nil
}
