package config

import (
	"fmt"
	"io"
	"log/slog"

	"go.yaml.in/yaml/v3"
)

// hidden stands for a secret wherever one is printed.
const hidden = "<secret>"

// Secret is a value that no formatter prints: fmt, log/slog, JSON and YAML show "<secret>", or nothing when it is
// empty. The value lies behind a pointer, so that printing a structure around it cannot reach it either.
type Secret struct{ value *string }

// NewSecret wraps a value.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal returns the value itself. Whatever it is put into MUST NOT be logged.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero says whether there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal compares the values.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String shows that there is a value, not which.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return hidden
}

// Format covers every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue covers log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText covers JSON and other encodings.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML covers YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalText takes the value from an environment variable.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = NewSecret(string(b))
	return nil
}

// UnmarshalYAML takes the value from a file; its error never repeats what stands there.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a text", n.Line)
	}
	if n.Tag == "!!null" {
		*s = Secret{}
		return nil
	}
	*s = NewSecret(n.Value)
	return nil
}
