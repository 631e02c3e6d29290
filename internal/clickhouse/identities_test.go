package clickhouse_test

import (
	"testing"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestIdentities(t *testing.T) {
	db := testkit.Database(t)
	var sequence uint64
	stored := batchOf(500, &sequence)
	stored[7].ID = "an id with ☃ and '"
	if err := db.AppendEvents(t.Context(), "old", stored); err != nil {
		t.Fatal(err)
	}
	x := clickhouse.NewIdentities(db)
	early := batchOf(3, &sequence) // appended before the stored ids are loaded
	if err := x.Append(t.Context(), "early", early); err != nil {
		t.Fatal(err)
	}
	check := func(when string, events []event.Event) {
		t.Helper()
		ids := []string{"unknown"}
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		known, err := x.Known(t.Context(), "default", ids)
		if err != nil || len(known) != len(events) {
			t.Errorf("%s: %d of %d are known, %v", when, len(known), len(events), err)
		}
		for _, e := range events {
			if known[e.ID].ContentHash != e.ContentHash {
				t.Errorf("%s: event %s has hash %d, expected %d", when, e.ID, known[e.ID].ContentHash, e.ContentHash)
			}
		}
		if other, err := x.Known(t.Context(), "other", ids); err != nil || len(other) != 0 {
			t.Errorf("%s: another tenant knows %d, %v", when, len(other), err)
		}
	}
	check("before loading", append(stored, early...))
	if err := x.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after loading", append(stored, early...))
	late := batchOf(1000, &sequence)
	if err := x.Append(t.Context(), "late", late); err != nil {
		t.Fatal(err)
	}
	check("after an append", append(append(stored, early...), late...))
	if n := x.Looked(batchOf(10_000, &sequence)); n > 100 {
		t.Errorf("%d of 10,000 new ids would be looked up, expected about 10", n)
	}
}
