package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/simulate"
)

// world is what happens in the week, and what is known about it.
type world struct {
	chance  *rand.Rand
	start   time.Time
	batches []string // records, one a line
	end     string   // a record after the week
	people  []simulate.Person
	victims []string // DocuSign users that are attacked, in order
	// bad are those whose alerts receivers refuse.
	bad map[string]bool
	// ids of all events, and those of badEvents, successful logons that receivers refuse.
	ids, badEvents map[string]bool
	// leaver is said to have left, and later to be back.
	leaver string
}

// badMark is in the names of people whose alerts receivers refuse.
const badMark = "Unbekömmlich"

func newWorld(t *testing.T, seed uint64, steps int) *world {
	t.Helper()
	w := &world{chance: rand.New(rand.NewPCG(seed, 7)), start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), bad: map[string]bool{}, ids: map[string]bool{}, badEvents: map[string]bool{}}
	o := simulate.Options{Seed: seed, Users: 10, Start: w.start, End: w.start.AddDate(0, 0, 7), AttacksFrom: w.start.AddDate(0, 0, 1), Attacks: simulate.Kinds(), AttacksPerDay: 8, Late: 0.2, Repeats: 0.05,
		OnAttack: func(l simulate.Label) { w.victims = append(w.victims, l.UserID) }}
	g, err := simulate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]strings.Builder, steps)
	var items []simulate.Item
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	var logons []string
	for i, item := range items {
		if !w.ids[item.ID] && bytes.Contains(item.JSON, []byte(`"action":"LoggedIn"`)) {
			logons = append(logons, item.ID)
		}
		w.ids[item.ID] = true
		step := i * steps / len(items)
		if w.chance.IntN(20) == 0 {
			step += w.chance.IntN(steps - step) // much later, in any order
		}
		all[step].Write(item.JSON)
		all[step].WriteByte('\n')
	}
	for i := range all {
		w.batches = append(w.batches, all[i].String())
	}
	for i := range 3 {
		w.badEvents[logons[(2*i+1)*len(logons)/6]] = true
	}
	w.end = logon("after-the-week", "somebody-else", o.End.Add(3*time.Hour), "Success", "berlin", 52.52, 13.4)
	w.people = g.Directory()
	for i := len(w.victims) - 1; i >= 0; i-- {
		if v := w.victims[i]; v != w.victims[1] && v != w.victims[len(w.victims)/2] {
			w.leaver = v
		}
	}
	w.bad[w.victims[1]], w.bad[w.victims[len(w.victims)/2]] = true, true
	return w
}

// know tells of the people and of a part of what is known about addresses, before anything happens.
func (w *world) know(s *service) {
	s.t.Helper()
	w.directory(s, w.start.AddDate(0, 0, -30), nil)
	w.addresses(s, "tor", "relay")
}

// directory delivers everybody, with those who have left by then.
func (w *world) directory(s *service, at time.Time, left map[string]bool) {
	s.t.Helper()
	var users []map[string]any
	for _, p := range w.people {
		name, status := p.DisplayName, "active"
		if w.bad[p.DocuSignUserID] {
			name = badMark + " " + name
		}
		if left[p.DocuSignUserID] {
			status = "deleted"
		}
		users = append(users, map[string]any{"directoryId": p.ID, "displayName": name, "status": status, "emails": []string{p.Mail}, "docusignUserIds": []string{p.DocuSignUserID}})
	}
	text, err := json.Marshal(map[string]any{"options": map[string]any{"source": "entra", "asOfTime": at.Format(time.RFC3339)}, "users": users})
	if err != nil {
		s.t.Fatal(err)
	}
	s.deliver(string(text))
}

// addresses tells what lists say about networks.
func (w *world) addresses(s *service, kinds ...string) {
	s.t.Helper()
	category := map[string]string{"tor": "risky", "vpn": "vpn", "hosting": "cloud", "bad": "risky"}
	var ranges []map[string]any
	for _, i := range simulate.AllIntelligence() {
		for _, k := range kinds {
			if i.Kind == k {
				c := category[k]
				if c == "" {
					c = "other"
				}
				tag := map[string]string{"tor": "tor", "vpn": "vpn", "relay": "relay", "hosting": "hosting", "bad": "botnet"}[k]
				ranges = append(ranges, map[string]any{"prefix": i.Range.String(), "source": "list-" + k, "category": c, "tags": []string{tag}, "confidence": 90})
			}
		}
	}
	text, err := json.Marshal(map[string]any{"ranges": ranges})
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.Post("http://"+s.at.HTTP+"/v1/ipRanges:import", "application/json", strings.NewReader(string(text)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	if answer, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
		s.t.Fatalf("addresses: %s %s", r.Status, answer)
	}
}

// people is what is learnt late, and what analysts do after a step.
func (w *week) people(step int) {
	w.Helper()
	world := w.world
	switch step {
	case 1:
		world.addresses(w.s, "vpn", "hosting", "bad")
	case 2:
		world.directory(w.s, world.start.AddDate(0, 0, 2), map[string]bool{world.leaver: true})
	case 3:
		world.directory(w.s, world.start.AddDate(0, 0, 2).Add(time.Hour), nil) // and was back
	}
	w.s.settled()
	open, _ := w.s.get("/v1/alerts?pageSize=1000")["alerts"].([]any)
	var exceptions []string // made after the rest, because nobody works on what they cover
	for _, a := range open {
		a := a.(map[string]any)
		name := fmt.Sprint(a["name"])
		id := strings.TrimPrefix(name, "alerts/")
		switch w.chance.IntN(12) {
		case 0:
			w.call(http.MethodPatch, "/v1/"+name+"?author=ann", map[string]string{"state": "ALERT_STATE_IN_PROGRESS", "assignee": "ann"})
		case 1:
			w.call(http.MethodPatch, "/v1/"+name+"?author=bob", map[string]string{"state": "ALERT_STATE_RESOLVED", "classification": "ALERT_CLASSIFICATION_TRUE_POSITIVE"})
		case 2:
			w.call(http.MethodPost, "/v1/"+name+":comment", map[string]string{"text": "looked at it\nfrom <all> sides", "author": "ann"})
		case 3:
			if step%2 == 1 {
				exceptions = append(exceptions, name)
			}
			continue
		default:
			continue
		}
		w.touched[id] = true
	}
	for _, name := range exceptions {
		w.call(http.MethodPost, "/v1/exceptions", map[string]any{"alert": name, "attributes": []string{"subject"}, "expireTime": time.Now().AddDate(0, 0, 30).UTC().Format(time.RFC3339), "classification": "ALERT_CLASSIFICATION_BENIGN_POSITIVE", "reason": "known", "author": "ann"})
	}
	w.s.settled()
}
