package format_test

import (
	"bytes"
	"encoding/csv"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// cefMessage is what a strict reader of CEF gets.
type cefMessage struct {
	header    []string // version to severity
	extension map[string]string
	keys      []string
}

// parseCEF reads by the specification: seven header fields ended by pipes that no backslash precedes, then pairs, each key once, one
// space between pairs; a value ends before " key=".
func parseCEF(t testing.TB, line string) cefMessage {
	t.Helper()
	m := cefMessage{extension: map[string]string{}}
	rest := line
	for range 7 {
		var field strings.Builder
		ended := false
		for i := 0; i < len(rest); i++ {
			if rest[i] == '\\' {
				if i+1 == len(rest) || rest[i+1] != '\\' && rest[i+1] != '|' {
					t.Fatalf("a backslash in the header escapes neither itself nor a pipe: %s", line)
				}
				i++
				field.WriteByte(rest[i])
				continue
			}
			if rest[i] == '|' {
				rest, ended = rest[i+1:], true
				break
			}
			field.WriteByte(rest[i])
		}
		if !ended {
			t.Fatalf("the header has %d fields, want 7: %s", len(m.header), line)
		}
		m.header = append(m.header, field.String())
	}
	for rest != "" {
		key, after, found := strings.Cut(rest, "=")
		if !found || !cefKey.MatchString(key) {
			t.Fatalf("%q is no key, in %s", key, line)
		}
		if _, again := m.extension[key]; again {
			t.Fatalf("key %s comes twice in %s", key, line)
		}
		end := len(after)
		if loc := cefNext.FindStringIndex(unescapedMask(after)); loc != nil {
			end = loc[0]
		}
		m.extension[key] = unescapeCEF(t, after[:end])
		m.keys = append(m.keys, key)
		rest = strings.TrimPrefix(after[end:], " ")
	}
	return m
}

var (
	cefKey  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
	cefNext = regexp.MustCompile(` [A-Za-z][A-Za-z0-9]*=`)
)

// unescapedMask has the escaped characters replaced, so that none of them ends a value.
func unescapedMask(s string) string {
	b := []byte(s)
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			b[i], b[i+1] = '_', '_'
			i++
		}
	}
	return string(b)
}

func unescapeCEF(t testing.TB, s string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '=' {
			t.Fatalf("an equals sign that is not escaped in %q", s)
		}
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			t.Fatalf("a lone backslash at the end of %q", s)
		}
		switch s[i] {
		case '\\', '=':
			b.WriteByte(s[i])
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		default:
			t.Fatalf("backslash and %q in %q", s[i], s)
		}
	}
	return b.String()
}

// shown is what a text field of CEF is expected to have.
func shown(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r':
			return r
		case r == '\t':
			return ' '
		case payload.Invisible(r):
			return utf8.RuneError
		}
		return r
	}, s))
	return strings.TrimSpace(payload.Bound(s, most))
}

func readBack(t *testing.T, name string, line []byte, c *alert.Change) {
	t.Helper()
	switch name {
	case format.CEF:
		m := parseCEF(t, string(line))
		if got, want := m.extension["msg"], shown(c.Title, 1023); got != want {
			t.Errorf("msg %q, want %q", got, want)
		}
		if got, want := m.extension["suid"], shown(c.Subject.ID, 1023); got != want {
			t.Errorf("suid %q, want %q", got, want)
		}
		if got, want := m.extension["SealwatchSealwatchFindingkey"], shown(c.Key, 1<<30); got != want {
			t.Errorf("finding key %q, want %q", got, want)
		}
	case format.CEFDefender:
		m := parseCEF(t, string(line))
		title := c.Title
		if c.Kind == alert.ChangeRetracted {
			title = "Retracted: " + title
		} else if c.Triage.State == alert.StateResolved {
			title = "Resolved: " + title
		}
		if got, want := m.extension["msg"], shown(title, 1023); got != want {
			t.Errorf("msg %q, want %q", got, want)
		}
		if got, want := m.extension["cs3"], shown(strings.Join(c.EventIDs, ","), 4000); got != want {
			t.Errorf("cs3 %q, want %q", got, want)
		}
		if n := len(m.keys); n < 17 || n > 20 || m.keys[0] != "externalId" || m.keys[3] != "msg" {
			t.Errorf("keys %v", m.keys)
		}
	case format.LEEF:
		m := parseLEEF(t, string(line))
		if got, want := m.attributes["msg"], strings.TrimSpace(strings.ReplaceAll(payload.Visible(c.Title), "^", " ")); got != want {
			t.Errorf("msg %q, want %q", got, want)
		}
	case format.OCSF:
		checkOCSF(t, line, c)
	}
}

// published is a file that others published; it is no part of the repository. Without it the test is skipped, but fails in CI.
func published(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../shared/data/" + name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("what is published is not there: %v", err)
	default:
		t.Skipf("skipped: what is published is not there: %v", err)
	}
	return b
}

// TestCEFByTheDictionary holds every key and value to the dictionary of the specification.
func TestCEFByTheDictionary(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(published(t, "cef_dictionary.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	type entry struct{ kind, most, audience, since string }
	dictionary := map[string]entry{}
	for _, r := range rows[1:] {
		dictionary[r[0]] = entry{r[2], r[3], r[4], r[5]}
	}
	e := encoder(t, format.CEF)
	changes := golden(t)
	for n := range 24 {
		changes = append(changes, exportertest.GoldenChange{Name: "nasty", Change: exportertest.NastyChange(n)})
	}
	for _, g := range changes {
		line, err := payload.Encode(e, &g.Change, 0)
		if err != nil {
			t.Fatal(err)
		}
		m := parseCEF(t, string(line))
		if m.header[0] != "CEF:0" || m.header[4] != g.Detection || m.extension["externalId"] != g.ID {
			t.Errorf("%s: header %q, externalId %q", g.Name, m.header, m.extension["externalId"])
		}
		if n, err := strconv.Atoi(m.header[6]); err != nil || n < 0 || n > 10 {
			t.Errorf("%s: severity %q", g.Name, m.header[6])
		}
		for i, most := range []int{9, 63, 63, 31, 1023, 512, 9} {
			if len(m.header[i]) > most {
				t.Errorf("%s: header field %d has %d bytes, at most %d were expected", g.Name, i, len(m.header[i]), most)
			}
		}
		for key, value := range m.extension {
			if value != strings.TrimSpace(value) || value == "" {
				t.Errorf("%s: %s is %q", g.Name, key, value)
			}
			if strings.HasPrefix(key, "SealwatchSealwatch") {
				continue
			}
			d, known := dictionary[key]
			if !known || d.audience == "consumer" || d.since != "0.1" {
				t.Errorf("%s: key %s is not one of a producer of specification 0.1: %+v", g.Name, key, d)
			}
			if most, err := strconv.Atoi(d.most); err == nil && len(value) > most {
				t.Errorf("%s: %s has %d bytes, at most %d were expected", g.Name, key, len(value), most)
			}
			switch d.kind {
			case "integer":
				_, err = strconv.ParseInt(value, 10, 32)
			case "long", "timestamp":
				_, err = strconv.ParseInt(value, 10, 64)
			case "double":
				_, err = strconv.ParseFloat(value, 64)
			case "ipv4_address", "ipv6_address":
				var a netip.Addr
				if a, err = netip.ParseAddr(value); err == nil && a.Is4() != (d.kind == "ipv4_address") {
					t.Errorf("%s: %s is %s", g.Name, key, value)
				}
			}
			if err != nil {
				t.Errorf("%s: %s: %v", g.Name, key, err)
			}
			if label := key + "Label"; regexp.MustCompile(`^(cs|cn|cfp|c6a|flexString)\d$`).MatchString(key) && m.extension[label] == "" {
				t.Errorf("%s: %s has no label", g.Name, key)
			}
		}
	}
}

// TestDefenderShape compares headers, keys and their order with what the retired agent sent.
func TestDefenderShape(t *testing.T) {
	text := published(t, "defender/cef-samples.txt")
	var keys []string
	header := regexp.MustCompile(`^CEF:0\|MCAS\|SIEM_Agent\|[^|]+\|ALERT_[A-Z_]+\|[^|]*\|\d+\|externalId=\S+ start=\d{13} end=\d{13} msg=`)
	samples := 0
	for line := range strings.Lines(string(text)) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " ")
		if !strings.Contains(line, "|ALERT_") {
			continue
		}
		samples++
		if !header.MatchString(line) {
			t.Errorf("the test does not know the agent's shape: %s", line)
		}
		m := looseKeys(line)
		if keys != nil && cmp.Diff(keys, m) != "" {
			t.Errorf("the agent's alerts differ: %v and %v", keys, m)
		}
		keys = m
	}
	if samples == 0 {
		t.Fatal("no alert of the agent was found")
	}
	e := encoder(t, format.CEFDefender)
	for _, g := range golden(t) {
		b, err := payload.Encode(e, &g.Change, 0)
		if err != nil {
			t.Fatal(err)
		}
		line := string(b)
		if !header.MatchString(line) && g.Name != "source_access" {
			t.Errorf("%s: another shape than the agent's: %s", g.Name, line)
		}
		got := looseKeys(line)
		if d := cmp.Diff(keys, got[:min(len(got), len(keys))]); d != "" {
			t.Errorf("%s: other keys than the agent's (-agent +ours):\n%s", g.Name, d)
		}
		for _, key := range got[min(len(got), len(keys)):] {
			if key != "src" && key != "c6a1" && key != "c6a1Label" {
				t.Errorf("%s: key %s, which the agent did not send with alerts", g.Name, key)
			}
		}
		m := parseCEF(t, line)
		if m.extension["cs1"] != "https://watch.example.com/alerts?id="+g.ID || m.extension["externalId"] != g.ID {
			t.Errorf("%s: %v", g.Name, m.extension)
		}
	}
}

// looseKeys are the keys of an extension whose values may be empty, in order.
func looseKeys(line string) []string {
	_, extension, _ := strings.Cut(strings.ReplaceAll(line, `\=`, "__"), "|externalId=")
	keys := []string{"externalId"}
	for _, m := range regexp.MustCompile(` ([A-Za-z][A-Za-z0-9]*)=`).FindAllStringSubmatch(" "+extension, -1) {
		keys = append(keys, m[1])
	}
	return keys
}
