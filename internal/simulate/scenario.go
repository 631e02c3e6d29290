package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Scenario is a simulation as a file says it: everything that is needed to make the same records again.
type Scenario struct {
	// Name is the file's, without its ending.
	Name        string `yaml:"-"`
	Description string `yaml:"description"`
	Seed        uint64 `yaml:"seed"`
	Users       int    `yaml:"users"`
	// Start is a date; Days are simulated from then on.
	Start time.Time `yaml:"start"`
	Days  int       `yaml:"days"`
	// Quiet is how many days pass before the first attack.
	Quiet int `yaml:"quietDays"`
	// Noise overrides NoiseRates by name; "all: 0" begins with none.
	Noise map[string]float64 `yaml:"noise"`
	// Attacks are kinds, all when empty.
	Attacks       []string `yaml:"attacks"`
	AttacksPerDay float64  `yaml:"attacksPerDay"`
	// Connect adds deliveries of DocuSign Connect; such a scenario can be evaluated only.
	Connect bool    `yaml:"connect"`
	Late    float64 `yaml:"late"`
	Repeats float64 `yaml:"repeats"`
	// Unlisted are kinds of networks that the lists of addresses do not know.
	Unlisted []string `yaml:"unlisted"`
}

// ReadScenario reads a file; the error says which file, what was found and what was expected.
func ReadScenario(file string) (Scenario, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	s := Scenario{Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil {
		return Scenario{}, fmt.Errorf("scenario %s: %w", file, err)
	}
	o := s.Options()
	if err := errors.Join(o.check(), s.check()); err != nil {
		return Scenario{}, fmt.Errorf("scenario %s: %w", file, err)
	}
	return s, nil
}

func (s *Scenario) check() error {
	var problems []error
	if s.Description == "" || s.Quiet < 0 || s.Quiet >= s.Days {
		problems = append(problems, fmt.Errorf("found description %q and quietDays %d, expected a description, and quietDays from 0 to less than days", s.Description, s.Quiet))
	}
	for _, u := range s.Unlisted {
		if !slices.ContainsFunc(AllIntelligence(), func(i Intelligence) bool { return i.Kind == u }) {
			problems = append(problems, fmt.Errorf("unlisted: found %q, expected a kind of network that lists know, such as vpn or relay", u))
		}
	}
	return errors.Join(problems...)
}

// Listed is what the lists of addresses know in this scenario.
func (s *Scenario) Listed() []Intelligence {
	return slices.DeleteFunc(AllIntelligence(), func(i Intelligence) bool { return slices.Contains(s.Unlisted, i.Kind) })
}

// Options are what New needs.
func (s *Scenario) Options() Options {
	o := Options{Seed: s.Seed, Users: s.Users, Start: s.Start.UTC(), End: s.Start.UTC().AddDate(0, 0, s.Days), Attacks: s.Attacks, AttacksPerDay: s.AttacksPerDay,
		Connect: s.Connect, AttacksFrom: s.Start.UTC().AddDate(0, 0, s.Quiet), Late: s.Late, Repeats: s.Repeats, Noise: NoiseRates()}
	if len(o.Attacks) == 0 {
		o.Attacks = Kinds()
	}
	if _, none := s.Noise["all"]; none {
		clear(o.Noise)
	}
	for name, rate := range s.Noise {
		if name != "all" {
			o.Noise[name] = rate
		}
	}
	return o
}
