package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEvaluateRefusesWhatItCannotUse(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("description: x\nusers: 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"evaluate", "-o", "xml"}, exitUsage, "expected table or json"},
		{[]string{"evaluate", "--delay-samples", "-1"}, exitUsage, "expected 0 or more"},
		{[]string{"evaluate"}, exitUsage, "there is no folder scenarios here"},
		{[]string{"evaluate", "--scenario", bad + ".missing"}, exitError, "no such file"},
		{[]string{"evaluate", "--scenario", bad}, exitError, "users: found 0, expected 1"},
		{[]string{"simulate", "--scenario", bad}, exitError, "users: found 0, expected 1"},
		{[]string{"simulate", "--noise", "fog"}, exitUsage, "noise: found fog"},
		{[]string{"simulate", "--noise", "vpn=much"}, exitUsage, `found "vpn=much"`},
	} {
		code, _, errs := invoke(t, t.Context(), &process{}, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, expected %d and %q: %s", c.args, code, c.code, c.says, errs)
		}
	}
}

func TestSimulateAScenario(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tiny.yaml")
	if err := os.WriteFile(file, []byte("description: x\nseed: 4\nusers: 5\nstart: 2026-03-02\ndays: 2\nnoise: {all: 0, vpn: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, first, _ := invoke(t, t.Context(), &process{}, "simulate", "--scenario", file)
	_, second, _ := invoke(t, t.Context(), &process{}, "simulate", "--scenario", file)
	if first == "" || first != second || !strings.Contains(first, "2026-03-02T") {
		t.Errorf("%d and %d bytes", len(first), len(second))
	}
}
