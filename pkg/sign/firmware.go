package sign

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // what the TI platform signs with
	_ "crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"signer/pkg/interrupt"
)

// Location says in which version of which object a source lies.
type Location struct {
	Bucket  string `json:"bucketName"`
	Key     string `json:"key"`
	Version string `json:"version"`
}

// scheme is how the bytes of a source become a signature.
type scheme struct {
	name string // as Java's cryptography names it, which is what the objects say
	hash crypto.Hash
}

// The members of the JSON objects stand in the order in which AWS writes them,
// and nothing is between them.
type (
	head struct {
		Size      int64  `json:"rawPayloadSize"`
		Signature []byte `json:"signature"`
		Algorithm string `json:"signatureAlgorithm"`
	}
	detached struct {
		head
		Payload payloadLocation `json:"payloadLocation"`
	}
	payloadLocation struct {
		S3 Location `json:"s3"`
	}
)

// Detached signs everything that src yields, ECDSA with SHA-256, and writes a
// JSONDetached object that names the place at as the home of the source. RSA
// keys are refused in AWS's words.
//
// The form is that of the AWSIoTDeviceManagement-SHA256-ECDSA platform.
func Detached(ctx context.Context, dst io.Writer, src io.Reader, id Identity, at Location, rand io.Reader) error {
	if err := id.ec(); err != nil {
		return err
	}
	h, err := signStream(interrupt.Reader(ctx, src), id, scheme{"SHA256withECDSA", crypto.SHA256}, rand)
	if err != nil {
		return err
	}
	text, err := compact(detached{h, payloadLocation{at}})
	if err != nil {
		return err
	}
	return write(dst, text)
}

// Embedded signs src and writes a JSONEmbedded object that carries it in base64:
// ECDSA with SHA-256, or RSA (PKCS #1 v1.5) with SHA-256 where the key is one.
// It reads src twice, and fails if the second reading differs from the first.
//
// The form is that of the AmazonFreeRTOS-Default platform. AWS's objects for RSA
// keys are not public: the name of that algorithm is formed like the others.
func Embedded(ctx context.Context, dst io.Writer, src Source, id Identity, rand io.Reader) error {
	if err := id.check(); err != nil {
		return err
	}
	if _, ok := id.Key.Public().(*rsa.PublicKey); ok {
		return embed(ctx, dst, src, id, scheme{"SHA256withRSA", crypto.SHA256}, rand)
	}
	if err := id.ec(); err != nil {
		return err
	}
	return embed(ctx, dst, src, id, scheme{"SHA256withECDSA", crypto.SHA256}, rand)
}

// EmbeddedTI is [Embedded] with RSA (PKCS #1 v1.5) and SHA-1, for the
// AmazonFreeRTOS-TI-CC3220SF platform; other keys are refused. What AWS writes
// there is not public: the object is that of AmazonFreeRTOS-Default.
func EmbeddedTI(ctx context.Context, dst io.Writer, src Source, id Identity, rand io.Reader) error {
	if err := id.rsa(); err != nil {
		return err
	}
	return embed(ctx, dst, src, id, scheme{"SHA1withRSA", crypto.SHA1}, rand)
}

// rsa holds an identity to an RSA key.
func (id Identity) rsa() error {
	if err := id.check(); err != nil {
		return err
	}
	if _, ok := id.Key.Public().(*rsa.PublicKey); !ok {
		return refuse("can't identify RSA private key.")
	}
	return nil
}

func embed(ctx context.Context, dst io.Writer, src Source, id Identity, s scheme, rand io.Reader) error {
	sum := s.hash.New()
	n, err := digest(sum, reader(ctx, src))
	if err != nil {
		return err
	}
	first := sum.Sum(nil)
	h, err := s.sign(id, first, n, rand)
	if err != nil {
		return err
	}
	sum.Reset()
	if err := writeEmbedded(dst, io.TeeReader(reader(ctx, src), sum), h); err != nil {
		return err
	}
	if !bytes.Equal(first, sum.Sum(nil)) {
		return errors.New("the source changed while it was signed")
	}
	return nil
}

// reader is src from its beginning, for as long as ctx lasts.
func reader(ctx context.Context, src Source) io.Reader {
	return interrupt.Reader(ctx, io.NewSectionReader(src, 0, src.Size()))
}

// writeEmbedded writes the members of h and then payload, as one object.
func writeEmbedded(dst io.Writer, payload io.Reader, h head) error {
	text, err := compact(h)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(dst, chunkSize)
	w.Write(text[:len(text)-1]) // without the closing brace; Flush tells of errors
	w.WriteString(`,"payload":"`)
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	if _, err := io.CopyBuffer(encoder, payload, make([]byte, chunkSize)); err != nil {
		return fmt.Errorf("embed the source: %w", err)
	}
	encoder.Close()
	w.WriteString(`"}`)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the signed object: %w", err)
	}
	return nil
}

// signStream reads src to its end and signs it.
func signStream(src io.Reader, id Identity, s scheme, rand io.Reader) (head, error) {
	sum := s.hash.New()
	n, err := digest(sum, src)
	if err != nil {
		return head{}, err
	}
	return s.sign(id, sum.Sum(nil), n, rand)
}

func digest(sum hash.Hash, src io.Reader) (int64, error) {
	n, err := io.CopyBuffer(sum, src, make([]byte, 2*chunkSize))
	if err != nil {
		return n, fmt.Errorf("read the source: %w", err)
	}
	return n, nil
}

func (s scheme) sign(id Identity, sum []byte, size int64, rand io.Reader) (head, error) {
	signature, err := id.Key.Sign(rand, sum, s.hash)
	if err != nil {
		return head{}, fmt.Errorf("sign with %s: %w", s.name, err)
	}
	return head{size, signature, s.name}, nil
}

// compact is v as JSON without blanks, and with <, > and & as they are.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func write(dst io.Writer, p []byte) error {
	if _, err := dst.Write(p); err != nil {
		return fmt.Errorf("write the signed object: %w", err)
	}
	return nil
}
