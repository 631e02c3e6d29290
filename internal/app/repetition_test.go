package app

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/simulate"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// watched is a tenant on the way that every record takes: the pipeline with its one writer, and the analysis behind it.
type watched struct {
	t        testing.TB
	db       *clickhouse.DB
	scenario simulate.Scenario
	pipeline *ingest.Pipeline
	placer   *placer
	runner   *analytics.Runner
	// only are the detections that run; all when empty.
	only []string
	// stop ends the runner, ended is closed when it has.
	stop  context.CancelFunc
	ended chan struct{}
}

// watch opens a tenant as a new process does.
func watch(t testing.TB, db *clickhouse.DB, s simulate.Scenario, only ...string) *watched {
	t.Helper()
	w := &watched{t: t, db: db, scenario: s, only: only}
	w.open()
	t.Cleanup(w.close)
	if err := errors.Join(w.runner.Know(t.Context(), simulatedRanges(&s)), addSimulatedPeople(t.Context(), db, &s)); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) open() {
	w.t.Helper()
	ctx := w.t.Context()
	// a clock that stands, since the arrival of an event is told in its alert
	clock := func() time.Time { return w.scenario.Options().End.AddDate(0, 1, 0) }
	quiet := slog.New(slog.DiscardHandler)
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		w.t.Fatal(err)
	}
	definitions = slices.DeleteFunc(definitions, func(d analytics.Definition) bool { return len(w.only) > 0 && !slices.Contains(w.only, d.ID) })
	tuned, err := analytics.Tune(definitions, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	log, err := analytics.OpenLog(ctx, w.db, clock, quiet)
	if err != nil {
		w.t.Fatal(err)
	}
	w.placer = &placer{}
	if w.runner, err = analytics.New(ctx, analytics.Options{Tenant: w.scenario.Name, Detections: tuned, Store: w.db, Log: log, Clock: clock, Logger: quiet, Place: w.placer.place}); err != nil {
		w.t.Fatal(err)
	}
	ids := clickhouse.NewIdentities(w.db)
	if err := ids.Load(ctx); err != nil {
		w.t.Fatal(err)
	}
	classifier, err := classify.New(classify.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	normaliser, err := ingest.NewNormaliser(ingest.NormaliserOptions{Classifier: classifier, Locator: simulatedNetworks{}})
	if err != nil {
		w.t.Fatal(err)
	}
	placements, err := w.db.Placements(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	w.pipeline, err = ingest.New(ingest.Options{Placements: placements, Store: eventStore{db: w.db, ids: ids}, Normaliser: normaliser, Now: clock, Logger: quiet,
		Committed: func(c ingest.Commit) { w.runner.Committed(c.LastSequence) }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.placer.begin(w.pipeline, w.db)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended, runner := make(chan struct{}), w.runner
	w.stop, w.ended = stop, ended
	go func() {
		defer close(ended)
		if err := runner.Run(running); err != nil {
			w.t.Error(err)
		}
	}()
}

func (w *watched) close() {
	if w.pipeline == nil {
		return
	}
	if err := w.pipeline.Close(context.Background()); err != nil {
		w.t.Error(err)
	}
	w.pipeline = nil
	w.stop()
	<-w.ended
}

func (w *watched) restart() {
	w.t.Helper()
	w.close()
	w.open()
}

// take hands records in and says how many of them were known.
func (w *watched) take(records [][]byte) (known int) {
	w.t.Helper()
	all := make([]event.Submission, len(records))
	for n, r := range records {
		all[n].JSON = r
	}
	receipt, err := w.pipeline.Ingest(w.t.Context(), event.Origin{Tenant: w.scenario.Name, Source: "simulation", Trust: clientTrust}, all)
	if err != nil || receipt.Rejected > 0 || receipt.Conflicts > 0 {
		w.t.Fatalf("%+v, %v", receipt, err)
	}
	return receipt.Duplicates
}

// settle waits until the analysis has seen every record.
func (w *watched) settle() {
	w.t.Helper()
	for {
		switch now := w.runner.Status(); {
		case now.LastError != "":
			w.t.Fatal(now.LastError)
		case now.Pending == 0:
			return
		}
		select {
		case <-w.t.Context().Done():
			w.t.Fatal("the test is over before the analysis")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// standing are the findings that are not retracted, without what differs between two ways to the same set.
func (w *watched) standing() []alert.Alert {
	w.t.Helper()
	states := append([]string{alert.StateSuppressed}, alert.OpenStates...)
	all, _, err := w.db.ListAlerts(w.t.Context(), w.scenario.Name, alert.Filter{States: states}, alert.Order{}, 0, alert.Cursor{}, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range all {
		a := &all[i]
		a.Sequence, a.Created, a.Updated, a.ID, a.Tenant = 0, time.Time{}, time.Time{}, "", ""
		a.Context = nil // tells what others did as it was known then; the tests of analytics hold it
	}
	slices.SortFunc(all, func(a, b alert.Alert) int {
		return cmp.Or(cmp.Compare(a.Detection, b.Detection), cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.Key, b.Key))
	})
	return all
}

// TestRepetitionChangesNothing sends weeks of a made-up organisation under attack through the pipeline, each record one to
// three times, in a random order, in batches of any size and over restarts. What stands in the end is what stands after all
// records came once, at once.
func TestRepetitionChangesNothing(t *testing.T) {
	s := simulate.Scenario{Name: "at-once", Description: "d", Seed: 3, Users: 10, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Days: 16, Quiet: 9, AttacksPerDay: 7}
	g, err := simulate.New(s.Options())
	if err != nil {
		t.Fatal(err)
	}
	var records [][]byte
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, item.JSON)
	}
	db := testkit.Database(t)
	once := watch(t, db, s)
	once.take(records)
	once.settle()
	want := once.standing()
	of := map[string]int{}
	for _, a := range want {
		of[a.Detection]++
	}
	if len(of) < 6 {
		t.Fatalf("findings of few detections: %v; it tests little", of)
	}
	t.Logf("%d records, findings: %v", len(records), of)
	once.close()

	r := rand.New(rand.NewPCG(3, 17))
	var sent [][]byte
	for _, record := range records {
		for range 1 + r.IntN(3) {
			sent = append(sent, record)
		}
	}
	r.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
	s.Name = "again-and-again"
	other := watch(t, db, s)
	known := 0
	for rest := sent; len(rest) > 0; {
		n := min(len(rest), 1+r.IntN(len(sent)/2))
		known += other.take(rest[:n])
		rest = rest[n:]
		if r.IntN(4) > 0 {
			other.settle()
		}
		if r.IntN(3) == 0 {
			other.restart()
		}
	}
	other.restart()
	other.settle()
	if expected := len(sent) - len(records); known != expected {
		t.Errorf("%d records were known, expected %d", known, expected)
	}
	if diff := gocmp.Diff(want, other.standing()); diff != "" {
		t.Errorf("repetition and order give other alerts (-once, at once +again and again):\n%s", diff)
	}
}
