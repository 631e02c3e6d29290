package hunting

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sealwatch/sealwatch/internal/secretfile"
)

// Access is the content of DATA/hunt.json: how ClickHouse's clients reach the service. It stays while the service is stopped, so that the
// password that people gave their tools goes on being the right one. Its mode is 0600.
type Access struct {
	URL      string `json:"url"`
	Address  string `json:"address"`
	Database string `json:"database"`
	User     string `json:"user"`
	Password string `json:"password"`
}

func accessFile(dataDir string) string { return filepath.Join(dataDir, "hunt.json") }

const (
	maxAccessBytes = 16 << 10
	// accessUser is a name for tools that want one; the service takes any.
	accessUser     = "reader"
	leastCharacter = 12
)

// ReadAccess reads DATA/hunt.json.
func ReadAccess(dataDir string) (Access, error) {
	var a Access
	text, err := secretfile.Read("the access to hunting", accessFile(dataDir), maxAccessBytes)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("%s is no JSON; remove it, and the service makes another", accessFile(dataDir)) // its text holds the password
	}
	if len(a.Password) < leastCharacter {
		return a, fmt.Errorf("%s: password: expected %d characters or more; remove the file, and the service makes another", accessFile(dataDir), leastCharacter)
	}
	return a, nil
}

// Password is the one in DATA/hunt.json, or a new one of 256 random bits where there is none yet.
func Password(dataDir string) (string, error) {
	a, err := ReadAccess(dataDir)
	if errors.Is(err, os.ErrNotExist) {
		var b [32]byte
		_, _ = rand.Read(b[:]) // it does not fail
		return hex.EncodeToString(b[:]), nil
	}
	return a.Password, err
}

// WriteAccess says where the service answers, with the password that it took.
func WriteAccess(dataDir, database, address, password string) error {
	text, err := json.MarshalIndent(Access{URL: "http://" + address + "/", Address: address, Database: database, User: accessUser, Password: password}, "", "  ")
	if err != nil {
		return fmt.Errorf("hunting: %w", err)
	}
	f, err := os.CreateTemp(dataDir, ".hunt.json.*") // mode 0600
	if err != nil {
		return fmt.Errorf("hunting: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), accessFile(dataDir))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("hunting: %s: %w", accessFile(dataDir), err)
	}
	return nil
}
