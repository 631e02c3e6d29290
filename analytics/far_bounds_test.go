package analytics_test

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
)

// TestFarBounds: a Date of the engine is of 1970 to 2149 and begins anew behind them, so that a time far before or after all events
// once had nothing in it.
func TestFarBounds(t *testing.T) {
	w := newBareWorld(t, "infrequent_country", nil)
	begin := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	var events []event.Event
	for i := range 40 {
		country := "DE"
		if i == 39 {
			country = "BR"
		}
		at := begin.AddDate(0, 0, i)
		events = append(events, event.Event{Source: "test", ID: fmt.Sprint("e", i), Time: at, Arrival: at, UserID: "u", Activity: "logon", IPAddress: "192.0.2.1", Data: "{}", Raw: "{}",
			Place: event.Place{Kind: event.PlaceUser, Country: country, CountryName: country, Latitude: float64(i), Longitude: 3}})
	}
	w.add(events...)
	d := &w.tuned[0]
	type told struct {
		Titles, Candidates []string
		Affected           []clickhouse.Span
	}
	ask := func(from, to string) (got told) {
		c := clickhouse.Call{Detection: d.ID, Text: d.SQL, Tenant: w.tenant, From: day(t, from), To: day(t, to), Arguments: d.Arguments()}
		findings, err := w.db.Findings(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			got.Titles = append(got.Titles, f.Title)
		}
		c.Text = d.Candidates
		if got.Candidates, err = w.db.Candidates(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got.Affected, err = w.db.Affected(t.Context(), d.ID, d.Affected, w.tenant, map[string][]string{"user": {"u"}}, c.From, c.To, w.now, c.Arguments)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := ask("2020-01-01", "2030-01-01")
	if len(want.Titles) != 1 || len(want.Candidates) != 1 || len(want.Affected) != 1 {
		t.Fatalf("of an ordinary time: %+v; expected one finding, candidate and affected user", want)
	}
	for _, far := range [][2]string{{"1960-01-01", "2030-01-01"}, {"2020-01-01", "2199-12-31"}} {
		if diff := gocmp.Diff(want, ask(far[0], far[1])); diff != "" {
			t.Errorf("from %s to %s (-ordinary +far):\n%s", far[0], far[1], diff)
		}
	}
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
