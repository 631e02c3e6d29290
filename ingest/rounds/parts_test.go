package rounds_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/rounds"
)

// TestParts: each part has its own back-off and its own loss; the loss of one does not hide that of another.
func TestParts(t *testing.T) {
	w := &world{now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	p := rounds.NewParts(rounds.PartsOptions{Source: "s", Watch: w, Now: func() time.Time { return w.now }, Explain: func(err error) rounds.Failure {
		return rounds.Failure{Kind: err.Error(), Refused: errors.Is(err, errRefused)}
	}})
	fail := func(name string, read bool, err error) {
		since := time.Time{}
		if read {
			since = w.now.Add(-time.Hour)
		}
		p.Failed(t.Context(), name, "the list "+name, since, err)
	}
	asked := func(name string, want time.Duration) {
		t.Helper()
		for d := time.Duration(0); ; d += 15 * time.Minute {
			was := w.now
			w.now = w.now.Add(d)
			due := p.Due(name)
			w.now = was
			if due || d > 24*time.Hour {
				if d != want {
					t.Errorf("%s is due after %s, expected %s", name, d, want)
				}
				return
			}
		}
	}
	asked("a", 0)
	fail("a", true, errBusy)
	asked("a", 0)
	for _, want := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 12 * time.Hour} {
		fail("a", true, errBusy)
		asked("a", want)
	}
	asked("b", 0)
	fail("b", true, errRefused)
	fail("never", false, errRefused)
	fail("never", false, errRefused)
	if len(w.news) > 0 {
		t.Errorf("told too early: %q", w.news)
	}
	w.failures = 1 // the alert cannot be written
	fail("b", true, errRefused)
	fail("b", true, errRefused)
	fail("b", true, errRefused)
	w.now = w.now.Add(25 * time.Hour)
	fail("a", true, errBusy)
	p.Read(t.Context(), "b")
	p.Read(t.Context(), "b")
	p.Read(t.Context(), "c")
	var got []string
	for _, n := range w.news {
		words := strings.Fields(n)
		got = append(got, fmt.Sprint(words[0], " ", words[1]))
	}
	if want := []string{"s/b the", "s/a busy", "restored s/b", "restored s/c"}; !slices.Equal(got, want) {
		t.Errorf("told %q", w.news)
	}
	asked("b", 0)
}
