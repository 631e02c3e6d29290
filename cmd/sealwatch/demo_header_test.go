package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestDemoHeader: the command that the demo shows is the one that was typed.
func TestDemoHeader(t *testing.T) {
	for called, want := range map[string]string{"": "\n  sealwatch alerts list --addr 127.0.0.1:1\n", "bin/sealwatch": "\n  bin/sealwatch alerts list --addr 127.0.0.1:1\n"} {
		var out bytes.Buffer
		p := &process{out: &out, called: called}
		p.demoHeader(addresses{GRPC: "127.0.0.1:1"}, "x")
		if !strings.Contains(out.String(), want) {
			t.Errorf("called %q:\n%s", called, out.String())
		}
	}
}
