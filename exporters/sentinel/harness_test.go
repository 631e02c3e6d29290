package sentinel_test

import (
	"context"
	"errors"
	"flag"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

var update = flag.Bool("update", false, "write the golden files, the guide and the templates again")

const root = "../.."

// declared are the streams as the fake is told of them.
func declared() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, s := range sentinel.Streams() {
		all[s.Name] = map[string]string{}
		for _, c := range s.Columns {
			all[s.Name][c.Name] = c.Type
		}
	}
	return all
}

// now is a time at which the golden alerts and exportertest.Change are not old.
var now = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

var detections = sync.OnceValue(func() map[string]payload.Detection { return exportertest.Detections(new(testing.B), root) })

func settings(t testing.TB) payload.Settings {
	t.Helper()
	known := detections()
	return payload.Settings{Version: "1.2.3", AlertURL: "https://watch.example.com/alerts/{id}", Detection: func(id string) (payload.Detection, bool) {
		d, ok := known[id]
		return d, ok
	}}
}

// options are for a server of sentineltest, with its client secret.
func options(t testing.TB, s *sentineltest.Server) sentinel.Options {
	t.Helper()
	o := sentinel.Options{RuleID: sentineltest.RuleID, Payload: settings(t), Clock: func() time.Time { return now },
		Credential: sentinel.Credential{TenantID: sentineltest.TenantID, ClientID: sentineltest.ClientID, SecretFile: sentineltest.SecretFile(t, sentineltest.Secret)}}
	if s != nil {
		o.Endpoint, o.Authority, o.Roots = s.URL, s.URL, s.Roots()
		s.Change(func(s *sentineltest.Server) { s.Now = func() time.Time { return now } })
	}
	return o
}

func newExporter(t testing.TB, o sentinel.Options) *sentinel.Exporter {
	t.Helper()
	x, err := sentinel.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close(context.Background()) })
	return x
}

// outcome of an export as tests compare it.
type outcome struct {
	Kind       string
	Accepted   int
	Failed     []int
	RetryAfter time.Duration
	Words      string
}

func export(t testing.TB, x *sentinel.Exporter, changes []alert.Change) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := x.Export(ctx, changes)
	if err == nil {
		return outcome{Kind: "ok", Accepted: len(changes)}
	}
	var e *exporters.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *exporters.Error", err)
	}
	return outcome{e.Kind.String(), e.Accepted, slices.Sorted(maps.Keys(e.Failed)), e.RetryAfter, err.Error()}
}

// changes with their sequences, numbered from first.
func changes(first, count int) []alert.Change {
	all := exportertest.Changes(first, count)
	for i := range all {
		all[i].Sequence = uint64(first + i)
	}
	return all
}

// uids are the ids of the versions that arrived, in order.
func uids(rows []sentineltest.Row) (all []string) {
	for _, r := range rows {
		all = append(all, r.String("EventOriginalUid"))
	}
	return all
}

func wantUIDs(changes []alert.Change) (all []string) {
	for i := range changes {
		all = append(all, changes[i].ID+"-"+itoa(changes[i].Sequence))
	}
	return all
}
