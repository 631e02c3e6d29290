package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const value = "hunter2"
	type outer struct {
		Public  Secret
		private Secret
	}
	o := outer{NewSecret(value), NewSecret(value)}
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t"} {
		out = append(out, fmt.Sprintf(verb, o.Public), fmt.Sprintf(verb, o), fmt.Sprintf(verb, &o), fmt.Sprintf(verb, []Secret{o.private}))
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "secret", o.Public, "outer", o)
	}
	j, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, log.String(), string(j), string(y), o.Public.String(), fmt.Errorf("x: %w", fmt.Errorf("%v", o.Public)).Error())
	for _, s := range out {
		if strings.Contains(s, value) || strings.Contains(s, fmt.Sprintf("%x", value)) {
			t.Errorf("the secret shows in %q", s)
		}
	}
	if o.Public.Reveal() != value || o.Public.IsZero() || !o.Public.Equal(o.private) {
		t.Fatal("the secret got lost")
	}
	if s := (Secret{}); s.String() != "" || !s.IsZero() || s.Reveal() != "" {
		t.Fatal("an absent secret has to show as nothing")
	}
}

func TestHasPassword(t *testing.T) {
	for dsn, want := range map[string]bool{
		"clickhouse://db:9000/x":              false,
		"clickhouse://user@db:9000/x":         false,
		"clickhouse://user:pw@db:9000/x":      true,
		"clickhouse://user:@db:9000/x":        true,
		"http://db:8123/x?password=pw":        true,
		"http://db:8123/x?secure=true":        false,
		"clickhouse://user:p w@%zz:not a url": true,
	} {
		if got := HasPassword(dsn); got != want {
			t.Errorf("HasPassword(%q) = %t, want %t", dsn, got, want)
		}
	}
}
