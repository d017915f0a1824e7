// Package kmstest is a stand-in for AWS KMS: as much of its protocol as keeping
// private keys there needs, by its reference (AWS KMS API Reference), and as strict.
// What it keeps is in memory.
package kmstest

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Stand is a stand-in for KMS. It has a key for signing, root, which is also
// alias/root, and one for other uses, secret.
type Stand struct {
	mu    sync.Mutex
	keys  map[string]*kept // by id
	wraps *rsa.PrivateKey
	asked []string
}

// kept is a key of the stand-in.
type kept struct {
	ID, State, Spec, Usage string
	signer                 crypto.Signer
}

// Account is what the ARNs of its keys begin with.
const Account = "arn:aws:kms:eu-west-1:111122223333:"

// New returns a stand-in.
func New() (*Stand, error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Stand{keys: map[string]*kept{
		"root":   {ID: "root", State: "Enabled", Spec: "ECC_NIST_P384", Usage: "SIGN_VERIFY", signer: key},
		"secret": {ID: "secret", State: "Enabled", Spec: "ECC_NIST_P384", Usage: "KEY_AGREEMENT", signer: key},
	}}, nil
}

// Disable makes the root's key one that cannot be used.
func (s *Stand) Disable() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys["root"].State = "Disabled"
}

// Asked are the operations that it was asked for.
func (s *Stand) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// wrapping is the key that key material is wrapped for. It takes long to make.
func (s *Stand) wrapping() *rsa.PrivateKey {
	if s.wraps == nil {
		s.wraps, _ = rsa.GenerateKey(rand.Reader, 2048) // KMS's has 4096 bits
	}
	return s.wraps
}

type refusal struct{ code, message string }

func (r *refusal) Error() string { return r.code + ": " + r.message }

func (s *Stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	operation, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	s.asked = append(s.asked, operation)
	answer, err := s.answer(operation, r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	var refused *refusal
	if errors.As(err, &refused) {
		w.Header().Set("X-Amzn-Errortype", refused.code)
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": refused.code, "message": refused.message}
	}
	json.NewEncoder(w).Encode(answer)
}

// request is what all requests together may have.
type request struct {
	KeyId, KeySpec, KeyUsage, Origin, MessageType, SigningAlgorithm, WrappingAlgorithm, WrappingKeySpec, ExpirationModel string
	Message, ImportToken, EncryptedKeyMaterial                                                                           []byte
}

func (s *Stand) answer(operation string, r *http.Request) (any, error) {
	var q request
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return nil, &refusal{"SerializationException", err.Error()}
	}
	if !strings.Contains(r.Header.Get("Authorization"), "/kms/aws4_request") {
		return nil, &refusal{"MissingAuthenticationTokenException", "Missing Authentication Token"}
	}
	if operation == "CreateKey" {
		return s.create(q)
	}
	id := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(q.KeyId, Account), "key/"), "alias/")
	k := s.keys[id]
	if k == nil {
		return nil, &refusal{"NotFoundException", "Key '" + q.KeyId + "' does not exist"}
	}
	if operation == "DescribeKey" {
		return map[string]any{"KeyMetadata": k.metadata()}, nil
	}
	wanted := "Enabled"
	if strings.Contains(operation, "Import") {
		wanted = "PendingImport"
	}
	if k.State != wanted {
		return nil, &refusal{"KMSInvalidStateException", "it is " + k.State}
	}
	return map[string]func(*kept, request) (any, error){
		"GetPublicKey": s.public, "Sign": s.sign, "GetParametersForImport": s.parameters, "ImportKeyMaterial": s.material,
	}[operation](k, q)
}

func (k *kept) arn() string { return Account + "key/" + k.ID }

func (k *kept) metadata() any {
	return map[string]any{"KeyId": k.ID, "Arn": k.arn(), "KeyState": k.State, "KeySpec": k.Spec, "KeyUsage": k.Usage}
}

func (s *Stand) create(q request) (any, error) {
	if q.Origin != "EXTERNAL" || q.KeyUsage != "SIGN_VERIFY" {
		return nil, &refusal{"ValidationException", "not what is imported here"}
	}
	k := &kept{ID: fmt.Sprintf("made-%d", len(s.keys)), State: "PendingImport", Spec: q.KeySpec, Usage: q.KeyUsage}
	s.keys[k.ID] = k
	return map[string]any{"KeyMetadata": k.metadata()}, nil
}

// algorithms are those of a kind of keys.
func algorithms(spec string) []string {
	switch {
	case strings.HasPrefix(spec, "RSA"):
		return []string{"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"}
	case spec == "ECC_NIST_P521":
		return []string{"ECDSA_SHA_512"}
	}
	return []string{"ECDSA_SHA_" + spec[len(spec)-3:]}
}

func (s *Stand) public(k *kept, _ request) (any, error) {
	der, err := x509.MarshalPKIXPublicKey(k.signer.Public())
	return map[string]any{"KeyId": k.arn(), "KeySpec": k.Spec, "KeyUsage": k.Usage, "PublicKey": der, "SigningAlgorithms": algorithms(k.Spec)}, err
}

func (s *Stand) sign(k *kept, q request) (any, error) {
	var hash crypto.Hash
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if strings.HasSuffix(q.SigningAlgorithm, fmt.Sprint("_", h.Size()*8)) {
			hash = h
		}
	}
	switch {
	case !slices.Contains(algorithms(k.Spec), q.SigningAlgorithm):
		return nil, &refusal{"ValidationException", "Algorithm " + q.SigningAlgorithm + " is incompatible with key spec " + k.Spec}
	case q.MessageType != "DIGEST" || len(q.Message) != hash.Size():
		return nil, &refusal{"ValidationException", "Digest is invalid length for algorithm " + q.SigningAlgorithm}
	}
	var opts crypto.SignerOpts = hash
	if strings.Contains(q.SigningAlgorithm, "PSS") {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	signature, err := k.signer.Sign(rand.Reader, q.Message, opts)
	return map[string]any{"KeyId": k.arn(), "Signature": signature, "SigningAlgorithm": q.SigningAlgorithm}, err
}

func (s *Stand) parameters(k *kept, q request) (any, error) {
	if q.WrappingAlgorithm != "RSA_AES_KEY_WRAP_SHA_256" || q.WrappingKeySpec != "RSA_4096" {
		return nil, &refusal{"ValidationException", "not what is taken here"}
	}
	der, err := x509.MarshalPKIXPublicKey(s.wrapping().Public())
	return map[string]any{"KeyId": k.arn(), "PublicKey": der, "ImportToken": []byte("token of " + k.ID)}, err
}

func (s *Stand) material(k *kept, q request) (any, error) {
	size := s.wrapping().Size()
	if string(q.ImportToken) != "token of "+k.ID || q.ExpirationModel != "KEY_MATERIAL_DOES_NOT_EXPIRE" || len(q.EncryptedKeyMaterial) < size {
		return nil, &refusal{"InvalidImportTokenException", "it is another's"}
	}
	between, err := rsa.DecryptOAEP(sha256.New(), nil, s.wrapping(), q.EncryptedKeyMaterial[:size], nil)
	if err != nil {
		return nil, &refusal{"InvalidCiphertextException", err.Error()}
	}
	der, err := unwrap(between, q.EncryptedKeyMaterial[size:])
	if err != nil {
		return nil, &refusal{"InvalidCiphertextException", err.Error()}
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, &refusal{"IncorrectKeyMaterialException", err.Error()}
	}
	k.signer = parsed.(crypto.Signer)
	if specOf(k.signer.Public()) != k.Spec {
		return nil, &refusal{"IncorrectKeyMaterialException", "it is a key of another kind"}
	}
	k.State = "Enabled"
	return map[string]any{"KeyId": k.arn()}, nil
}

// unwrap undoes AES Key Wrap with Padding, by RFC 5649, 4.2.
func unwrap(by, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(by)
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(wrapped)
	n := len(out)/8 - 1
	both := make([]byte, 16)
	copy(both, out[:8])
	for t := 6 * n; t > 0; t-- {
		i := (t-1)%n + 1
		binary.BigEndian.PutUint64(both, binary.BigEndian.Uint64(both)^uint64(t))
		copy(both[8:], out[8*i:])
		block.Decrypt(both, both)
		copy(out[8*i:], both[8:])
	}
	size := int(binary.BigEndian.Uint32(both[4:]))
	if !bytes.Equal(both[:4], []byte{0xa6, 0x59, 0x59, 0xa6}) || size > 8*n || size <= 8*n-8 {
		return nil, errors.New("it is not what was wrapped")
	}
	return out[8 : 8+size], nil
}

// specOf is KMS's name for a kind of keys.
func specOf(key crypto.PublicKey) string {
	switch public := key.(type) {
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ECC_NIST_P%d", public.Curve.Params().BitSize)
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA_%d", public.N.BitLen())
	}
	return ""
}
