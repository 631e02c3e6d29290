package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// File is the content of DATA/engine.json: where the engine is, and, for an engine
// that runs alone, how an operator reaches it with any ClickHouse client. It may
// hold a password, so its mode is 0600, and it exists only while an engine runs.
type File struct {
	Address string `json:"address"`
	URL     string `json:"url"`
	// User and Password are empty when Options.PublishReader was not set, and
	// when the process could not be confined and Options.AllowUnconfined was not
	// set.
	User        string      `json:"user,omitempty"`
	Password    string      `json:"password,omitempty"`
	PID         int         `json:"pid"`
	Version     string      `json:"version"`
	Confinement Confinement `json:"confinement"`
}

// ReadFile reads DATA/engine.json.
func ReadFile(dataDir string) (File, error) {
	var f File
	path := layout{dataDir}.engineFile()
	content, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("read the engine's address: %w", err)
	}
	if err := json.Unmarshal(content, &f); err != nil {
		return f, fmt.Errorf("read the engine's address from %s: %w", path, err)
	}
	return f, nil
}

func writeEngineFile(l layout, f File) error {
	content, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", l.engineFile(), err)
	}
	return writeFileAtomic(l.engineFile(), append(content, '\n'))
}

func removeEngineFile(l layout) error {
	if err := os.Remove(l.engineFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the engine's address: %w", err)
	}
	return nil
}
