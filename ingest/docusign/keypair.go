package docusign

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// maxKeyBits is more than anybody needs, and than a machine makes in a minute.
const maxKeyBits = 8192

// MakeKey makes a key pair and writes the private key into a new file that nobody else can read. A file that is there already is
// not touched: the error is os.ErrExist then.
func MakeKey(name string, bits int) (*rsa.PrivateKey, error) {
	if bits < minKeyBits || bits > maxKeyBits {
		return nil, fmt.Errorf("private key: found %d bits, expected %d to %d", bits, minKeyBits, maxKeyBits)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err == nil {
		err = pem.Encode(f, &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("private key: %w", err), os.Remove(name))
	}
	return key, nil
}

// PublicKey is the public half of a key in PEM, as Apps and Keys takes it.
func PublicKey(key *rsa.PrivateKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", fmt.Errorf("public key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}
