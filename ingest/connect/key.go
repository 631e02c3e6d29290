package connect

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sealwatch/sealwatch/internal/secretfile"
)

const (
	maxKeyFile = 4 << 10
	// minKey is shorter than any key that DocuSign makes.
	minKey = 16
	// MaxSignatures is how many signatures of a delivery are looked at: one for each key that DocuSign can hold.
	MaxSignatures = 100
)

// Key is a secret that DocuSign signs with. No formatter prints it.
type Key struct{ secret *[]byte }

// NewKey takes the text that DocuSign showed.
func NewKey(secret string) Key {
	b := []byte(secret)
	return Key{&b}
}

// keyWanted is what every complaint about a key ends with.
const keyWanted = "expected one line with the key, as DocuSign showed it once under Connect Keys"

// LoadKey reads a key from a file that holds nothing else. A file that other users of the machine can read is refused. No error
// holds any of the file.
func LoadKey(name string) (Key, error) {
	text, err := secretfile.Read("HMAC key", name, maxKeyFile)
	if err != nil {
		return Key{}, fmt.Errorf("%w; %s", err, keyWanted)
	}
	text = bytes.TrimSpace(text)
	if len(text) < minKey || bytes.ContainsAny(text, " \t\r\n") {
		return Key{}, fmt.Errorf("HMAC key %s: found %d bytes, or more than a line; %s", name, len(text), keyWanted)
	}
	return NewKey(string(text)), nil
}

// Format covers every verb of fmt, and with them the log.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "<secret>") }

// Same says whether two keys are one.
func (k Key) Same(o Key) bool { return hmac.Equal(*k.secret, *o.secret) }

// signature is what DocuSign computes over a body.
func (k Key) signature(body []byte) []byte {
	h := hmac.New(sha256.New, *k.secret)
	h.Write(body)
	return h.Sum(nil)
}

// verify returns the number of the key with which some signature was made, or -1. Every key is compared with every signature, so
// that the time tells nothing.
func verify(keys []Key, signatures []string, body []byte) int {
	var given [][]byte
	for _, s := range signatures[:min(len(signatures), MaxSignatures)] {
		if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s)); err == nil && len(b) == sha256.Size {
			given = append(given, b)
		}
	}
	found := -1
	for i, k := range keys {
		want := k.signature(body)
		for _, g := range given {
			if hmac.Equal(g, want) && found < 0 {
				found = i
			}
		}
	}
	return found
}

// checkKeys says what is wrong with the keys of a source.
func checkKeys(keys []Key) error {
	if len(keys) == 0 {
		return errors.New("no HMAC key")
	}
	for i, k := range keys {
		if k.secret == nil || len(*k.secret) == 0 {
			return fmt.Errorf("HMAC key %d is empty", i)
		}
	}
	return nil
}
