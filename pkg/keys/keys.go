// Package keys keeps private keys and what they certify: the local certificate
// authority, which stands in for AWS Signer's own, and imported certificates,
// which stand in for those in AWS Certificate Manager (ACM).
//
// Everything lies in files, each key with its certificates in one: in a directory,
// where only their owner can read them (see dir.go), or wherever else there are
// [Files]:
//
//	authority/root.pem            made once; what others trust
//	authority/intermediate.pem    certified by the root
//	authority/REGION/ca.pem       certified by the intermediate, for a year
//	authority/REGION/leaf.pem     certified by the region's CA, for three days
//	former-roots.pem              certificates of roots that were replaced
//	certificates/UUID.json        an imported certificate
//	sealing.pem                   a key that seals secrets which lie elsewhere
//	master.age                    what private keys are encrypted for, if they are
//
// With a passphrase every private key is encrypted: see encrypt.go. Certificates
// never are, so that who only reads them needs none. Some can be kept out of the
// files altogether: see elsewhere.go.
//
// Keys and certificates of the authority are made when they are first needed,
// and made anew before they expire; the root is never made twice. Files are changed
// by one at a time, so that any number of processes may use them at once, and one
// that dies leaves every file whole or absent.
//
// The package knows neither AWS Signer nor the formats of signatures. It never
// hands out a private key: an [Identity] signs, and prints as nothing.
package keys

import (
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Config says where keys are kept, and what time and chance are.
type Config struct {
	Files Files  // where they are; nil: in Dir
	Dir   string // a directory, which need not exist
	// Passphrase is asked for what the private keys are encrypted with, when one is
	// needed that is, or is made; nil, or "": they are not to be encrypted. It may be
	// asked several times, and by several goroutines.
	Passphrase func() (Secret, error)
	// Elsewhere is where the root's key and those of imported certificates are to be,
	// or are; nil, or one that returns nil: in the files. It is asked whenever one
	// is needed, by several goroutines.
	Elsewhere func() (Elsewhere, error)
	Now       func() time.Time // nil means time.Now
	Rand      io.Reader        // nil means crypto/rand.Reader
}

// Store keeps keys. It may be used from several goroutines, and its files by several
// stores and processes, at once.
type Store struct {
	files      Files
	passphrase func() (Secret, error)
	elsewhere  func() (Elsewhere, error)
	now        func() time.Time
	rand       io.Reader
	work       int // workFactor, but for tests
	master     master

	turn chan struct{} // held by who reads or makes a leaf for all

	mu     sync.Mutex
	leaves map[string]leaf     // by region, as last read
	opened map[string]Identity // of imported certificates whose keys were decrypted, by ARN

	sealing atomic.Pointer[cipher.AEAD] // nil until the key is read
}

// Open returns the keys in files, of which there may be none: nothing is read or
// written before a method needs it.
func Open(c Config) *Store {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Files == nil {
		c.Files = InDir(c.Dir)
	}
	return &Store{files: c.Files, passphrase: c.Passphrase, elsewhere: c.Elsewhere, now: c.Now, rand: c.Rand, work: workFactor,
		turn: make(chan struct{}, 1), leaves: map[string]leaf{}, opened: map[string]Identity{}}
}

// Identity signs, and says who does. The key is opaque: it shows its public half
// and signs, and prints as nothing.
type Identity struct {
	Key   crypto.Signer
	Chain []*x509.Certificate // that of the key first, the root last
}

// opaque is a private key that cannot be printed by mistake.
type opaque struct{ key crypto.Signer }

func (o opaque) Public() crypto.PublicKey { return o.key.Public() }

func (o opaque) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return o.key.Sign(rand, digest, opts)
}

const hidden = "(private key)"

// Format keeps the key from every verb of package fmt.
func (opaque) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalText keeps the key from encoders.
func (opaque) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Secret is text that cannot be printed by mistake.
type Secret []byte

// Format keeps the secret from every verb of package fmt.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalText keeps the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
