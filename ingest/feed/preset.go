package feed

import (
	"bytes"
	_ "embed"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/duration"
)

//go:embed presets.yaml
var presetFile []byte

// Preset is a list that is published for everybody, and how it is read.
type Preset struct {
	Name, Title, Publisher, Page, Licence string
	URL, Format                           string
	Columns                               Columns
	Category                              string
	Tags                                  []string
	Confidence                            int
	Interval                              time.Duration
	HoldsBefore                           string `yaml:"holdsBefore"`
}

// Presets returns those that there are.
func Presets() ([]Preset, error) {
	var all []Preset
	d := yaml.NewDecoder(bytes.NewReader(presetFile))
	d.KnownFields(true)
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("feed: presets: %w", err)
	}
	return all, nil
}

// Before reads how long before it was first seen an entry holds: a duration, or always.
func Before(text string) (time.Duration, error) {
	if text == "always" {
		return Always, nil
	}
	d, err := duration.Parse(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("found %q, expected a duration such as 24h or 7d, or always", text)
	}
	return d, nil
}
