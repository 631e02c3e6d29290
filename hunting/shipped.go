package hunting

import (
	"bytes"
	"embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/hunt"
)

//go:embed shipped/hunts.yaml shipped/*.sql
var shippedFiles embed.FS

// shippedHunt is an entry of shipped/hunts.yaml; the statement is in shipped/<id>.sql.
type shippedHunt struct {
	ID          string `yaml:"id"`
	Title       string `yaml:"title"`
	Description string `yaml:"description"`
	Parameters  []struct {
		Name        string  `yaml:"name"`
		Description string  `yaml:"description"`
		Default     *string `yaml:"default"`
	} `yaml:"parameters"`
}

// Shipped are the hunts that come with Sealwatch, in the order of the file.
func Shipped() ([]hunt.Saved, error) { return loadShipped() }

func loadShipped() ([]hunt.Saved, error) {
	text, err := shippedFiles.ReadFile("shipped/hunts.yaml")
	if err != nil {
		return nil, fmt.Errorf("hunting: %w", err)
	}
	var entries []shippedHunt
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&entries); err != nil {
		return nil, fmt.Errorf("hunting: shipped/hunts.yaml: %w", err)
	}
	var all []hunt.Saved
	for _, e := range entries {
		sql, err := shippedFiles.ReadFile("shipped/" + e.ID + ".sql")
		if err != nil {
			return nil, fmt.Errorf("hunting: %s: %w", e.ID, err)
		}
		s := hunt.Saved{ID: e.ID, Title: e.Title, Description: strings.TrimSpace(e.Description), SQL: strings.TrimSpace(string(sql)), BuiltIn: true, Author: "sealwatch"}
		for _, p := range e.Parameters {
			s.Parameters = append(s.Parameters, hunt.Parameter{Name: p.Name, Description: p.Description, Default: p.Default})
		}
		if err := complete(&s); err != nil {
			return nil, fmt.Errorf("hunting: %s: %w", e.ID, err)
		}
		all = append(all, s)
	}
	return all, nil
}
