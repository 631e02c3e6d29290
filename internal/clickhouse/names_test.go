package clickhouse_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestNamesInEvents(t *testing.T) {
	db := testkit.Database(t)
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var all []event.Event
	add := func(e event.Event, days int) {
		e.Tenant, e.ID, e.Time, e.Arrival, e.Sequence = "default", string(rune('a'+len(all))), at.AddDate(0, 0, days), at, uint64(len(all)+1)
		if e.Data == "" {
			e.Data = "{}"
		}
		all = append(all, e)
	}
	add(event.Event{UserID: "u1", UserName: "Mia Olsen", Activity: "logon"}, -30)
	add(event.Event{UserID: "u1", UserName: "Mia Berg", UserEmail: "mia@example.com", Activity: "logon"}, -20)
	add(event.Event{UserID: "u1", Activity: "logon"}, 0)
	add(event.Event{UserID: "u1", UserName: "From the future", Activity: "logon"}, 2)
	add(event.Event{UserID: "u2", UserName: "Long ago", Activity: "logon"}, -100)
	add(event.Event{UserID: "u3", Activity: "logon"}, 0)
	add(event.Event{UserID: "u9", UserName: "Not asked", Activity: "logon"}, 0)
	add(event.Event{UserID: "u1", IntegrationKey: "k1", Activity: "integration", Data: `{"ApplicationName":"HR Sync"}`}, -1)
	add(event.Event{UserID: "u1", Activity: "integration", Data: `{"IntegratorKey":"k2","AppName":"Archive"}`}, -1)
	if err := db.AppendEvents(t.Context(), "t", all); err != nil {
		t.Fatal(err)
	}
	got, err := db.NamesInEvents(t.Context(), "default", time.Time{}, []string{"u1", "u2", "u3"}, []string{"k1", "k2", "k3"}, at, at.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]alert.Named{"u1": {ID: "u1", Name: "Mia Berg", Email: "mia@example.com"}, "k1": {ID: "k1", Name: "HR Sync"}, "k2": {ID: "k2", Name: "Archive"}}
	if d := gocmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
