package exporters_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
)

func encode(t *testing.T, d exporters.Document) string {
	t.Helper()
	b, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b) {
		t.Fatalf("no JSON: %s", b)
	}
	return string(b)
}

func TestDocumentIsLossless(t *testing.T) {
	for n := range 24 {
		c := exportertest.NastyChange(n)
		c.Sequence = math.MaxUint64
		want := exporters.NewDocument(&c)
		var got exporters.Document
		text := encode(t, want)
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		valid := func(s string) string { return string([]rune(s)) } // a broken byte becomes U+FFFD
		want.Title, want.Subject.Email, want.Subject.DisplayName = valid(want.Title), valid(want.Subject.Email), valid(want.Subject.DisplayName)
		var a, b any
		if err := json.Unmarshal(want.Evidence, &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got.Evidence, &b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(a, b); d != "" {
			t.Error(d)
		}
		want.Evidence, got.Evidence = nil, nil
		// a broken byte in it becomes U+FFFD here, too
		wantContext, err := json.Marshal(want.Context)
		if err != nil {
			t.Fatal(err)
		}
		gotContext, err := json.Marshal(got.Context)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.ReplaceAll(string(wantContext), `\ufffd`, "\ufffd"), string(gotContext)); d != "" || got.Context == nil {
			t.Error(d)
		}
		want.Context, got.Context = nil, nil
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

func TestDocumentEscapes(t *testing.T) {
	c := exportertest.Change(1)
	c.Title = "a\x1b\x7f\u0085\u202e\u2028\U000e0001\ufffd\xffé<&>"
	c.Evidence = "{\"k\": \"\u2066\xfe\U000e0001\x7f\"}"
	text := encode(t, exporters.NewDocument(&c))
	for _, want := range []string{`"title":"a\u001b\u007f\u0085\u202e\u2028\udb40\udc01` + "\ufffd" + `\ufffdé<&>"`, `{"k":"\u2066\ufffd\udb40\udc01\u007f"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

func TestDocumentOfOddValues(t *testing.T) {
	for score, want := range map[float64]string{math.NaN(): `"NaN"`, math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`, 0.25: `0.25`} {
		c := exportertest.Change(1)
		c.Score, c.Severity, c.Start, c.End = score, "", time.Time{}, time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
		text := encode(t, exporters.NewDocument(&c))
		if !strings.Contains(text, `"score":`+want) || !strings.Contains(text, "SEVERITY_UNSPECIFIED") || strings.Contains(text, "startTime") || strings.Contains(text, "endTime") {
			t.Error(text)
		}
	}
	for evidence, want := range map[string]string{"": "", " {} ": `{}`, `[1]`: `{"raw":"[1]"}`, `{"a":`: `{"raw":"{\"a\":"}`, "null": `{"raw":"null"}`} {
		c := exportertest.Change(1)
		c.Evidence = evidence
		if got := string(exporters.NewDocument(&c).Evidence); got != want {
			t.Errorf("evidence %q is %s, want %s", evidence, got, want)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add("title", `{"a": [1, "x"]}`)
	f.Add("\x00\xff\u202e", "\xff")
	f.Fuzz(func(t *testing.T, title, evidence string) {
		c := exportertest.Change(1)
		c.Title, c.Evidence = title, evidence
		text := encode(t, exporters.NewDocument(&c))
		var d exporters.Document
		if err := json.Unmarshal([]byte(text), &d); err != nil || d.Title != string([]rune(title)) {
			t.Errorf("title %q came back as %q, %v", title, d.Title, err)
		}
	})
}
