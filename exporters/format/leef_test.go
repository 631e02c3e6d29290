package format_test

import (
	"bytes"
	"encoding/csv"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

type leefMessage struct {
	header     []string // version to event id
	attributes map[string]string
}

// parseLEEF reads by the specification: five header fields and the delimiter, then attributes, each once.
func parseLEEF(t testing.TB, line string) leefMessage {
	t.Helper()
	parts := strings.SplitN(line, "|", 7)
	if len(parts) != 7 {
		t.Fatalf("%d parts, want 7: %s", len(parts), line)
	}
	code, err := strconv.ParseUint(strings.TrimPrefix(parts[5], "x"), 16, 16)
	if err != nil {
		t.Fatalf("delimiter %q: %v", parts[5], err)
	}
	m := leefMessage{header: parts[:5], attributes: map[string]string{}}
	for _, pair := range strings.Split(parts[6], string(rune(code))) {
		key, value, found := strings.Cut(pair, "=")
		if _, again := m.attributes[key]; !found || again || key == "" || strings.ContainsAny(key, " ^|") {
			t.Fatalf("attribute %q in %s", pair, line)
		}
		m.attributes[key] = value
	}
	return m
}

func TestLEEF(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(published(t, "leef_attributes.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string][2]string{}
	for _, r := range rows[1:] {
		types[r[0]] = [2]string{r[1], r[2]}
	}
	e := encoder(t, format.LEEF)
	changes := golden(t)
	for n := range 24 {
		changes = append(changes, exportertest.GoldenChange{Name: "nasty", Change: exportertest.NastyChange(n)})
	}
	for _, g := range changes {
		line, err := payload.Encode(e, &g.Change, 0)
		if err != nil {
			t.Fatal(err)
		}
		m := parseLEEF(t, string(line))
		if strings.Join(m.header, "|") != "LEEF:2.0|Sealwatch|Sealwatch|1.2.3|"+g.Detection {
			t.Errorf("%s: header %q", g.Name, m.header)
		}
		a := m.attributes
		if n, err := strconv.Atoi(a["sev"]); err != nil || n < 1 || n > 10 {
			t.Errorf("%s: sev %q", g.Name, a["sev"])
		}
		if n := len(a["devTime"]); n != 13 {
			t.Errorf("%s: devTime %q, 13 digits were expected", g.Name, a["devTime"])
		}
		if a["alertId"] != g.ID || a["sequence"] != strconv.FormatUint(g.Sequence, 10) {
			t.Errorf("%s: id %q, sequence %q", g.Name, a["alertId"], a["sequence"])
		}
		for key, value := range a {
			if value != strings.TrimSpace(value) || value == "" {
				t.Errorf("%s: %s is %q", g.Name, key, value)
			}
			switch d := types[key]; d[0] {
			case "integer":
				_, err = strconv.Atoi(value)
			case "ip_address":
				_, err = netip.ParseAddr(value)
			case "string":
				if most, e := strconv.Atoi(d[1]); e == nil && len(value) > most {
					t.Errorf("%s: %s has %d bytes, at most %d were expected", g.Name, key, len(value), most)
				}
			}
			if err != nil {
				t.Errorf("%s: %s: %v", g.Name, key, err)
			}
		}
	}
}
