package clickhouse_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestArrivedEvents come in the order of arrival, page after page, by every part of the selection.
func TestArrivedEvents(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	var events []event.Event
	for n := uint64(1); n <= 40; n++ {
		e := sample(fmt.Sprintf("id-%02d", n), n)
		e.Time = base.Add(-time.Duration(n) * 24 * time.Hour) // against the order of arrival, over several months
		e.UserID, e.UserEmail, e.UserName, e.AffectedUserID, e.Administrative = fmt.Sprintf("u%d", n%4), "", "", "", n%10 == 0
		e.Activity = []string{"view", "logon", "download"}[n%3]
		events = append(events, e)
	}
	events[4].UserEmail, events[5].UserName, events[6].AffectedUserID = "Bob@example.com", "Bob O'Neil", "u-other"
	foreign := sample("foreign", 41)
	foreign.Tenant = "other"
	for i, batch := range [][]event.Event{events[:7], events[7:], {foreign}} {
		if err := db.AppendEvents(ctx, fmt.Sprint("t", i), batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.AddPeople(ctx, []directory.State{{Tenant: "default", Source: "entra", DirectoryID: "1", Status: "active", Kind: "person", DisplayName: "Cleo Ray", Emails: []string{"cleo@example.com"}, DocuSignUserIDs: []string{"u3", "u-other"}, Groups: []string{}}}); err != nil {
		t.Fatal(err)
	}
	every := func(step, from uint64) (all []uint64) {
		for n := from; n <= 40; n += step {
			all = append(all, n)
		}
		return all
	}
	for name, c := range map[string]struct {
		q    clickhouse.Arrived
		want []uint64
	}{
		"all":                      {clickhouse.Arrived{}, every(1, 1)},
		"an activity":              {clickhouse.Arrived{Activities: []string{"logon"}}, every(3, 1)},
		"or administration":        {clickhouse.Arrived{Activities: []string{"none"}, Administrative: true}, every(10, 10)},
		"only administration":      {clickhouse.Arrived{Administrative: true}, every(10, 10)},
		"a user":                   {clickhouse.Arrived{Users: []string{"u2"}}, every(4, 2)},
		"an address of the event":  {clickhouse.Arrived{Users: []string{"bob@EXAMPLE.com"}}, []uint64{5}},
		"a name of the event":      {clickhouse.Arrived{Users: []string{"bob o'neil"}}, []uint64{6}},
		"an address of directory":  {clickhouse.Arrived{Users: []string{"Cleo@example.com"}}, every(4, 3)},
		"a name of the directory":  {clickhouse.Arrived{Users: []string{"cleo ray"}}, every(4, 3)},
		"nobody":                   {clickhouse.Arrived{Users: []string{"nobody'; DROP TABLE events"}}, nil},
		"since":                    {clickhouse.Arrived{Since: base.Add(-10 * 24 * time.Hour)}, every(1, 1)[:10]},
		"behind a number":          {clickhouse.Arrived{After: 35}, every(1, 36)},
		"an activity of one's own": {clickhouse.Arrived{Users: []string{"u1"}, Activities: []string{"logon"}}, every(12, 1)},
	} {
		for _, limit := range []int{3, 100} {
			q := c.q
			q.UpTo = 41
			var got []uint64
			for pages := 0; q.After < q.UpTo; pages++ {
				if pages > 41 {
					t.Fatalf("%s: it never ends", name)
				}
				page, through, err := db.ArrivedEvents(ctx, "default", q, limit)
				if err != nil || through <= q.After || len(page) > limit {
					t.Fatalf("%s: %d events through %d behind %d, %v", name, len(page), through, q.After, err)
				}
				for i := range page {
					got = append(got, page[i].Sequence)
					if page[i].Sequence > through || page[i].Tenant != "default" || page[i].Raw != "" || !page[i].IP.IsValid() || page[i].Data == "" {
						t.Errorf("%s: %+v", name, page[i])
					}
				}
				q.After = through
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s, %d a page: %v, want %v", name, limit, got, c.want)
			}
		}
	}
}
