package docusign

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/sealwatch/sealwatch/internal/secretfile"
)

const (
	// maxKeyBytes bounds the file of a key; 16,384 bits in PEM have 13 KB.
	maxKeyBytes = 64 << 10
	minKeyBits  = 2048
)

// keyWanted is what every complaint about a key ends with.
const keyWanted = "expected the RSA private key of the integration key in PEM (BEGIN RSA PRIVATE KEY or BEGIN PRIVATE KEY), as DocuSign showed it once under Apps and Keys"

// LoadKey reads a private key. A file that other users of the machine can read is refused. No error holds any of the file.
func LoadKey(name string) (*rsa.PrivateKey, error) {
	text, err := secretfile.Read("private key", name, maxKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, keyWanted)
	}
	key, err := ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("private key %s: %w", name, err)
	}
	return key, nil
}

// ParseKey reads a private key in PEM: PKCS#1, as DocuSign issues it, or PKCS#8.
func ParseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("found no PEM; " + keyWanted)
	}
	if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") || block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errors.New("found a key with a pass phrase, which nobody could type in; remove it (openssl rsa -in KEY -out NEW)")
	}
	var key *rsa.PrivateKey
	switch block.Type {
	case "RSA PRIVATE KEY":
		parsed, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("found a broken PKCS#1 key, cut off when it was copied perhaps; " + keyWanted)
		}
		key = parsed
	case "PRIVATE KEY":
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("found a broken PKCS#8 key, cut off when it was copied perhaps; " + keyWanted)
		}
		var ok bool
		if key, ok = parsed.(*rsa.PrivateKey); !ok {
			return nil, fmt.Errorf("found a key that is not RSA (%T); %s", parsed, keyWanted)
		}
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return nil, errors.New("found the public key; " + keyWanted)
	default:
		return nil, fmt.Errorf("found a PEM block of type %q; %s", shorten(block.Type, 40), keyWanted)
	}
	if bits := key.N.BitLen(); bits < minKeyBits {
		return nil, fmt.Errorf("found a key of %d bits, expected at least %d; make a new key pair in DocuSign", bits, minKeyBits)
	}
	return key, nil
}
