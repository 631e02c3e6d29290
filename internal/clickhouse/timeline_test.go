package clickhouse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestTimelineSteps: an event is told of whoever it names, with how it names them, and of nobody else; page by page.
func TestTimelineSteps(t *testing.T) {
	db := testkit.Database(t)
	const nobody = "00000000-0000-0000-0000-000000000000"
	var all []event.Event
	for i, c := range []struct{ id, user, email, affected, referenced, data string }{
		{"own", "u1", "", "u2", "", `{}`},
		{"other", "u9", "boss@example.com", "u8", "u7", `{"RecipientEmail": "nobody@example.com"}`},
		{"affected", "u9", "boss@example.com", "u1", "", `{}`},
		{"referenced", "u9", "boss@example.com", "", "u1", `{}`},
		{"recipient", "u9", "boss@example.com", "", "", `{"RecipientEmail": "Ada@Example.com", "SenderEmail": "boss@example.com"}`},
		{"sender", nobody, "", "", "", `{"SenderEmail": "ada@example.com"}`},
		{"quoted", "u9", "boss@example.com", "", "", `{"EmailSubject": "for ada@example.com"}`},
		{"unnamed", "", "ada@example.com", "", "", `{}`},
		{"second account", "u77", "Ada@Example.com", "u8", "", `{"SenderEmail": "ada@example.com"}`},
		{"cc", "u9", "boss@example.com", "", "", `{"RecipientEmail": "nada@example.com"}`},
	} {
		e := sample(c.id, uint64(i+1))
		e.Time = base.Add(time.Duration(i/3) * time.Minute)
		e.UserID, e.UserEmail, e.AffectedUserID, e.ReferencedUserID, e.Data = c.user, c.email, c.affected, c.referenced, c.data
		all = append(all, e)
	}
	if err := db.AppendEvents(t.Context(), "t", all); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		users, emails []string
		want          string
	}{
		{[]string{"u1"}, []string{"ada@example.com"}, "affected=affected,own=,recipient=recipient,referenced=referenced,sender=sender,second account=,unnamed="},
		{[]string{"u1"}, nil, "affected=affected,own=,referenced=referenced"},
		{nil, []string{"ada@example.com", "o'neil\\@example.com"}, "recipient=recipient,sender=sender,second account=,unnamed="},
		{[]string{"u2"}, nil, "own=affected"},
		{[]string{"u5"}, nil, ""},
	} {
		var got []string
		at, id := time.Time{}, ""
		for {
			page, err := db.TimelineSteps(t.Context(), "default", c.users, c.emails, base, base.Add(time.Hour), at, id, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page {
				got = append(got, s.ID+"="+s.Relation)
				at, id = s.Time, s.ID
			}
			if len(page) < 2 {
				break
			}
		}
		if s := strings.Join(got, ","); s != c.want {
			t.Errorf("%v %v: %s, want %s", c.users, c.emails, s, c.want)
		}
	}
}
