package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/ingest/entra/entratest"
)

// TestDoctorNames: what is tried depends on the names, not on their order.
func TestDoctorNames(t *testing.T) {
	d, e := docusigntest.New(t), entratest.New(t)
	e.Put("p", nil)
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := fmt.Sprintf(`
sources:
  monitor: [{name: main, environment: demo, integrationKey: %[1]s, userId: %[2]s, privateKeyFile: %[3]s, caFile: %[4]s, endpoint: %[5]q}]
  docusign: [{monitor: main}]
  entra: [{name: entra, tenantId: %[6]s, clientId: %[7]s, clientSecretFile: %[8]s, caFile: %[9]s, endpoint: %[10]q}]
ingest: {cityDatabases: [], asnDatabases: []}
`, docusigntest.IntegrationKey, docusigntest.UserID, d.KeyFile(t), d.CAFile(t), d.URL, entratest.TenantID, entratest.ClientID, e.SecretFile(t), e.CAFile(t), e.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	source := regexp.MustCompile(`(?m)^(?:ok|warning|failed|skipped) +(\S+)`)
	for _, c := range []struct{ names, want string }{
		{"monitor docusign", "docusign/main monitor/main"},
		{"docusign monitor", "docusign/main monitor/main"},
		{"geo monitor", "geo monitor/main"},
		{"monitor geo", "geo monitor/main"},
		{"monitor main", "monitor/main"},
		{"monitor main geo", "geo monitor/main"},
		{"monitor monitor/main", "monitor/main"},
		{"entra/entra", "directory/entra"},
		{"directory/entra", "directory/entra"},
		{"entra entra", "directory/entra"},
		{"geo entra", "directory/entra geo"},
		{"entra geo --send", "directory/entra geo"},
		{"monitor nonsense", ""},
	} {
		var out, problems bytes.Buffer
		p := &process{out: &out, err: &problems, now: time.Now}
		p.run(t.Context(), append(append([]string{"doctor"}, strings.Fields(c.names)...), "--config", file))
		tried := map[string]bool{}
		for _, m := range source.FindAllStringSubmatch(out.String(), -1) {
			tried[m[1]] = true
		}
		if got := strings.Join(slices.Sorted(maps.Keys(tried)), " "); got != c.want {
			t.Errorf("%s: tried %q, want %q\n%s%s", c.names, got, c.want, out.String(), problems.String())
		}
	}
}
