package simulate

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestDirectory(t *testing.T) {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	g, err := New(Options{Seed: 3, Users: 300, Start: start, End: start.AddDate(0, 0, 60), Attacks: []string{"terminated_user"}, AttacksPerDay: 1})
	if err != nil {
		t.Fatal(err)
	}
	var text, again bytes.Buffer
	if err := g.WriteDirectory(&text); err != nil {
		t.Fatal(err)
	}
	if err := g.WriteDirectory(&again); err != nil || !bytes.Equal(text.Bytes(), again.Bytes()) {
		t.Error("the directory is another one the second time")
	}
	var page struct{ Value []Person }
	if err := json.Unmarshal(text.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	users := g.Users()
	kinds, left, ids := map[string]int{}, 0, map[string]bool{}
	for i, p := range page.Value {
		ids[p.ID] = true
		if p.DocuSignUserID != users[i].UserID || p.Mail != users[i].Email {
			t.Fatalf("person %d: %+v, DocuSign has %+v", i, p, users[i])
		}
		if (p.Left != nil) != (users[i].Left != nil) || p.Left != nil && p.AccountEnabled {
			t.Fatalf("person %d: %+v, DocuSign has %+v", i, p, users[i])
		}
		if p.Left != nil {
			left++
		}
		kinds[p.Kind]++
		if p.Mailbox != nil {
			kinds[p.Mailbox.UserPurpose]++
		}
	}
	if len(page.Value) != 300 || len(ids) != 300 || left < 4 || left > 30 || kinds["service"] == 0 || kinds["shared"] == 0 {
		t.Errorf("%d people, %d ids, %d left, kinds %v", len(page.Value), len(ids), left, kinds)
	}
}
