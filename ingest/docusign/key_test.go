package docusign_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

func block(t testing.TB, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestParseKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err8 := x509.MarshalPKCS8PrivateKey(key)
	ec, errEC := x509.MarshalPKCS8PrivateKey(curve)
	one := block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil)
	for _, c := range []struct{ name, text, problem string }{
		{"PKCS#1", one, ""},
		{"PKCS#8", block(t, "PRIVATE KEY", pkcs8, err8), ""},
		{"text around it", "key:\n" + one + "\nend", ""},
		{"Windows line ends", strings.ReplaceAll(one, "\n", "\r\n"), ""},
		{"no PEM", "hello", "found no PEM"},
		{"cut off", one[:len(one)/2], "found no PEM"},
		{"broken PKCS#1", block(t, "RSA PRIVATE KEY", []byte{1, 2}, nil), "broken PKCS#1"},
		{"broken PKCS#8", block(t, "PRIVATE KEY", []byte{1, 2}, nil), "broken PKCS#8"},
		{"elliptic curve", block(t, "PRIVATE KEY", ec, errEC), "not RSA"},
		{"public key", block(t, "PUBLIC KEY", []byte{1}, nil), "found the public key"},
		{"pass phrase", block(t, "ENCRYPTED PRIVATE KEY", []byte{1}, nil), "pass phrase"},
		{"certificate", block(t, "CERTIFICATE", []byte{1}, nil), `"CERTIFICATE"`},
		{"short", block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(short), nil), "1024 bits"},
	} {
		got, err := docusign.ParseKey([]byte(c.text))
		switch {
		case c.problem == "":
			if err != nil || !got.Equal(key) {
				t.Errorf("%s: %v", c.name, err)
			}
		case err == nil || !strings.Contains(err.Error(), c.problem):
			t.Errorf("%s: found %v, expected %q", c.name, err, c.problem)
		}
	}
}

// TestLoadKey refuses a file that others can read.
func TestLoadKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(name, []byte(block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), nil)), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o440: true, 0o640: true, 0o644: false, 0o604: false, 0o660: false, 0o602: false} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		got, err := docusign.LoadKey(name)
		if (err == nil) != good || good && !got.Equal(key) {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if !good && !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	if _, err := docusign.LoadKey(dir); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := docusign.LoadKey(name + "x"); err == nil {
		t.Error("a file that is not there")
	}
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, make([]byte, 65<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := docusign.LoadKey(name); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a large file: %v", err)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := docusign.ParseKey(text); err == nil && key.N.BitLen() < 2048 {
			t.Error("a short key is accepted")
		}
	})
}
