package entra

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/secretfile"
)

// maxFileBytes bounds a file that holds a secret.
const maxFileBytes = 64 << 10

// Credential proves who the application is. No formatter prints what it holds.
type Credential struct {
	secret *string
	key    *rsa.PrivateKey
	// thumbprint of the certificate, SHA-256, base64url.
	thumbprint string
	// Expires is when the certificate ends; zero for a secret, whose end is not known.
	Expires time.Time
}

// Format covers every verb of fmt.
func (*Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "<secret>") }

// LoadSecret reads a client secret.
func LoadSecret(name string) (*Credential, error) {
	text, err := secretfile.Read("client secret", name, maxFileBytes)
	if err != nil {
		return nil, err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return nil, fmt.Errorf("client secret %s: expected one line with the value of the secret (not its id), as Entra showed it once", name)
	}
	return &Credential{secret: &secret}, nil
}

// LoadCertificate reads a certificate and its RSA private key in PEM, both in one file.
func LoadCertificate(name string) (*Credential, error) {
	text, err := secretfile.Read("certificate", name, maxFileBytes)
	if err != nil {
		return nil, err
	}
	c, err := parseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", name, err)
	}
	return c, nil
}

func parseCertificate(text []byte) (*Credential, error) {
	c := &Credential{}
	var certificate *x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			if certificate != nil {
				continue // that of an authority
			}
			one, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, errors.New("found a certificate that cannot be read")
			}
			certificate = one
		case "RSA PRIVATE KEY":
			key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("found an RSA private key that cannot be read")
			}
			c.key = key
		case "PRIVATE KEY":
			any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			key, isRSA := any.(*rsa.PrivateKey)
			if err != nil || !isRSA {
				return nil, errors.New("found a private key that is no RSA key")
			}
			c.key = key
		case "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("found a key with a pass phrase, which nobody could type in; remove it (openssl rsa -in KEY -out NEW)")
		}
	}
	if certificate == nil || c.key == nil {
		return nil, errors.New("expected BEGIN CERTIFICATE and BEGIN PRIVATE KEY in one PEM file")
	}
	if public, isRSA := certificate.PublicKey.(*rsa.PublicKey); !isRSA || !public.Equal(&c.key.PublicKey) {
		return nil, errors.New("the private key is not that of the certificate")
	}
	sum := sha256.Sum256(certificate.Raw)
	c.thumbprint, c.Expires = base64.RawURLEncoding.EncodeToString(sum[:]), certificate.NotAfter
	return c, nil
}

// assertionLife is how long an assertion holds.
const assertionLife = 10 * time.Minute

// prove adds to a request for a token what shows who asks.
func (c *Credential) prove(form url.Values, clientID, audience string, now time.Time) error {
	if c.key == nil {
		form.Set("client_secret", *c.secret)
		return nil
	}
	claims := jwt.MapClaims{"iss": clientID, "sub": clientID, "aud": audience, "jti": uuid.NewString(), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(assertionLife).Unix()}
	token := jwt.NewWithClaims(jwt.SigningMethodPS256, claims)
	token.Header["x5t#S256"] = c.thumbprint
	signed, err := token.SignedString(c.key)
	if err != nil {
		return &Error{Kind: KindCertificate, Message: "the assertion cannot be signed with the private key of the certificate", Err: err}
	}
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", signed)
	return nil
}

// hidden are the texts that an error must not repeat.
func (c *Credential) hidden() []string {
	if c.secret != nil {
		return []string{*c.secret}
	}
	return nil
}
