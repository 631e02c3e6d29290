package app

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
)

// storedEvents are events in memory, and a directory that counts how often it is asked.
type storedEvents struct {
	events []event.Event
	people []directory.State
	asked  int
}

func (s *storedEvents) LastEventSequence(context.Context) (uint64, error) {
	return uint64(len(s.events)), nil
}

func (s *storedEvents) ArrivedEvents(context.Context, string, clickhouse.Arrived, int) ([]event.Event, uint64, error) {
	return append([]event.Event(nil), s.events...), uint64(len(s.events)), nil
}

func (s *storedEvents) ListEvents(context.Context, string, event.Filter, event.Cursor, int, bool) ([]event.Event, error) {
	return append([]event.Event(nil), s.events...), nil
}

func (s *storedEvents) DirectoryAt(_ context.Context, _ string, questions []directory.Question) ([]directory.Answer, error) {
	s.asked++
	who, answers := directory.NewResolver(s.people), make([]directory.Answer, len(questions))
	for i, q := range questions {
		answers[i] = who.Resolve(q)
	}
	return answers, nil
}

// TestForwardedEventsNamePeople: who acted is called as alerts call them, as of the event, and the directory is asked once for all.
func TestForwardedEventsNamePeople(t *testing.T) {
	marriage := time.Date(2026, 5, 10, 0, 0, 0, 0, time.UTC)
	store := &storedEvents{
		people: []directory.State{
			{Source: "entra", DirectoryID: "1", Status: "active", DisplayName: "Ann Lee", Emails: []string{"ann.lee@example.com"}, DocuSignUserIDs: []string{"u1"}},
			{Source: "entra", DirectoryID: "1", From: marriage, Status: "active", DisplayName: "Ann Ray", Emails: []string{"ann.ray@example.com"}, DocuSignUserIDs: []string{"u1"}},
			{Source: "docusign", DirectoryID: "2", Status: "active", Emails: []string{"bo@example.com"}, DocuSignUserIDs: []string{"u2"}},
			{Source: "hr", DirectoryID: "3", Status: "active", DisplayName: "Bo Berg", Emails: []string{"bo@example.com"}},
		},
		events: []event.Event{
			{ID: "before", UserID: "u1", Time: marriage.Add(-time.Second)},
			{ID: "after", UserID: "u1", Time: marriage},
			{ID: "record wins with its address", UserID: "u1", UserEmail: "ann@old.example", UserName: "alee", Time: marriage},
			{ID: "two sources", UserID: "u2", Time: marriage},
			{ID: "by address", UserEmail: "Bo@example.com", Time: marriage},
			{ID: "nobody knows", UserID: "u9", UserName: "Cy", Time: marriage},
			{ID: "an application", IntegrationKey: "key", Time: marriage},
		},
	}
	l, err := openEventLog(t.Context(), store, "default")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{"before": {"Ann Lee", "ann.lee@example.com"}, "after": {"Ann Ray", "ann.ray@example.com"}, "record wins with its address": {"Ann Ray", "ann@old.example"},
		"two sources": {"Bo Berg", "bo@example.com"}, "by address": {"Bo Berg", "Bo@example.com"}, "nobody knows": {"Cy", ""}, "an application": {}}
	read, _, err := l.Read(t.Context(), &exporters.EventSelection{}, 0, 7, 100)
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.Find(t.Context(), []string{"before"})
	if err != nil {
		t.Fatal(err)
	}
	for way, events := range map[string][]event.Event{"read": read, "found again": found} {
		got := map[string][2]string{}
		for _, e := range events {
			got[e.ID] = [2]string{e.UserName, e.UserEmail}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", way, diff)
		}
	}
	if store.asked != 2 {
		t.Errorf("the directory was asked %d times for two pages", store.asked)
	}
}
