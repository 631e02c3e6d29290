package embedded

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
)

// The two users of the engine.
const (
	UserFull   = "sealwatch"
	UserReader = "reader"
)

// credentials are the two passwords. An empty one belongs to a user who is
// not offered and never matches.
type credentials struct {
	full   string
	reader string
}

// newPassword makes a password of 256 random bits, in characters that need no
// escaping anywhere.
func newPassword() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it does not fail: without randomness the program ends
	return hex.EncodeToString(b[:])
}

// authenticate tells who a request comes from. Like ClickHouse it looks at
// the X-ClickHouse-User and -Key headers, then at Basic authentication, then
// at the arguments user and password.
func (c credentials) authenticate(r *http.Request) (user string, err error) {
	name, password := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if name == "" && password == "" {
		var ok bool
		if name, password, ok = r.BasicAuth(); !ok {
			q := r.URL.Query()
			name, password = q.Get("user"), q.Get("password")
		}
	}
	for _, known := range []struct{ name, password string }{{UserFull, c.full}, {UserReader, c.reader}} {
		if known.password != "" && sameText(name, known.name)&sameText(password, known.password) == 1 {
			return known.name, nil
		}
	}
	return "", newException(codeAuthentication, "AUTHENTICATION_FAILED", "authentication failed: the password is incorrect, or there is no such user")
}

// sameText compares in a time that depends on neither content nor length.
func sameText(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
