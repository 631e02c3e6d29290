// Package archtest holds the rules of the architecture as tests.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/sealwatch/sealwatch"

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// features never import one another.
var features = []string{"server", "ingest", "analytics", "exporters", "response", "session", "posture", "console", "hunting"}

// domain packages import the standard library only.
var domain = []string{"internal/event", "internal/policy", "internal/alert", "internal/status", "internal/fault", "internal/intelligence", "internal/directory", "internal/countries", "internal/hunt", "internal/visible", "internal/duration", "internal/spelling"}

func top(path string) string {
	rest := strings.TrimPrefix(path, module+"/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func within(path, folder string) bool {
	return path == module+"/"+folder || strings.HasPrefix(path, module+"/"+folder+"/")
}

func isFeature(name string) bool {
	for _, f := range features {
		if f == name {
			return true
		}
	}
	return false
}

func isDomain(path string) bool {
	for _, d := range domain {
		if within(path, d) {
			return true
		}
	}
	return false
}

func TestImportRule(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for _, problem := range problems(p.ImportPath, imported) {
				t.Errorf("%s imports %s: %s", strings.TrimPrefix(p.ImportPath, module+"/"), strings.TrimPrefix(imported, module+"/"), problem)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if isFeature(top(p.ImportPath)) && strings.HasPrefix(imported, module) && isFeature(top(imported)) && top(imported) != top(p.ImportPath) {
				t.Errorf("the tests of %s import %s: feature folders never import one another", p.ImportPath, imported)
			}
		}
	}
}

func problems(from, to string) (out []string) {
	ours := strings.HasPrefix(to, module+"/") || to == module
	if isDomain(from) && (ours && !isDomain(to) || !ours && strings.Contains(strings.Split(to, "/")[0], ".")) {
		out = append(out, "domain types import the standard library only")
	}
	if strings.HasPrefix(to, "github.com/ClickHouse/") && !within(from, "internal/clickhouse") && !within(from, "internal/testkit") {
		out = append(out, "internal/clickhouse is the one place that talks to the database")
	}
	if !ours {
		return out
	}
	if isFeature(top(from)) && isFeature(top(to)) && top(from) != top(to) {
		out = append(out, "feature folders never import one another; internal/app joins them")
	}
	if isFeature(top(to)) && within(from, "internal") && !within(from, "internal/app") {
		out = append(out, "internals know no feature; only internal/app does")
	}
	if within(to, "gen") && !within(from, "gen") && !within(from, "server") && !within(from, "cmd") && !within(from, "client") && !within(from, "internal/testkit") {
		out = append(out, "generated code is for the server and the clients")
	}
	if within(from, "client") && !within(to, "client") && !within(to, "gen") {
		out = append(out, "the client is for other programs, which have the API and nothing else")
	}
	if within(to, "client") && !within(from, "client") && !within(from, "cmd") {
		out = append(out, "the client is for those who call the service")
	}
	if within(to, "internal/app") && !within(from, "cmd") && !within(from, "internal/app") {
		out = append(out, "nobody but cmd imports the composition root")
	}
	if within(to, "cmd") && !within(from, "cmd") {
		out = append(out, "nobody imports cmd")
	}
	if within(to, "internal/testkit") || within(to, "exporters/exportertest") && !within(from, "exporters/exportertest") ||
		within(to, "exporters/splunk/splunktest") || within(to, "exporters/sentinel/sentineltest") || within(to, "ingest/docusign/docusigntest") || within(to, "ingest/entra/entratest") {
		out = append(out, "only tests import it")
	}
	// cmd reaches features through app; the exceptions are what a client of the API shares with the service: the readers
	// of Monitor bodies, of lists of addresses and of people.
	if within(from, "cmd") && isFeature(top(to)) && !within(to, "ingest/monitor") && !within(to, "ingest/intel") && !within(to, "ingest/directory") {
		out = append(out, "cmd reaches features through internal/app")
	}
	return out
}

func TestTheRuleBites(t *testing.T) {
	for _, c := range [][2]string{
		{module + "/server", module + "/ingest"},
		{module + "/internal/event", "github.com/google/uuid"},
		{module + "/exporters/syslog", "github.com/ClickHouse/clickhouse-go/v2"},
		{module + "/analytics", module + "/gen/sealwatch/v1"},
		{module + "/internal/clickhouse", module + "/analytics"},
		{module + "/server", module + "/internal/app"},
		{module + "/cmd/sealwatch", module + "/analytics"},
		{module + "/exporters", module + "/internal/testkit"},
		{module + "/client", module + "/internal/fault"},
		{module + "/internal/app", module + "/client"},
		{module + "/ingest/monitor/poll", module + "/ingest/docusign/docusigntest"},
	} {
		if len(problems(c[0], c[1])) == 0 {
			t.Errorf("%s may import %s", c[0], c[1])
		}
	}
}
