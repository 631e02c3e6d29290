package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/config"
)

// forwardedUnderTest are the events that one destination is forwarded, with those that came.
type forwardedUnderTest struct {
	// name of the queue, as the API has it.
	name string
	// chosen says whether an event of the API is one that the configuration chooses.
	chosen func(event map[string]any) bool
	reason string
	// bad are the ids of events that the receiver refuses until it is forgiving.
	bad map[string]bool

	mu      sync.Mutex
	came    map[string]map[uint64]int // how often, by id and sequence
	lives   map[string]map[int64]int  // how often, by id and process
	refused map[string]bool
	// lost are the answers that the sender never learnt, and the refusals, by process; nil where nobody counts them.
	lost map[int64]int
}

// forwards has a destination forwarded events, from the first on.
func (d *destinationUnderTest) forwards(bad map[string]bool, s config.DestinationEvents, chosen func(map[string]any) bool) *forwardedUnderTest {
	s.StartAt = "first"
	d.settings.Events = &s
	d.events = &forwardedUnderTest{name: d.name + "/events", chosen: chosen, reason: d.reason, bad: bad, came: map[string]map[uint64]int{}, lives: map[string]map[int64]int{}, refused: map[string]bool{}}
	return d.events
}

// queues are those of the destination: of alerts, and of events if there are any.
func (d *destinationUnderTest) queues() []string {
	if d.events == nil {
		return []string{d.name}
	}
	return []string{d.name, d.events.name}
}

func (f *forwardedUnderTest) arrived(id string, sequence uint64, life int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.came[id] == nil {
		f.came[id], f.lives[id] = map[uint64]int{}, map[int64]int{}
	}
	f.came[id][sequence]++
	f.lives[id][life]++
}

func (f *forwardedUnderTest) refuse(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused[id] = true
}

// loses counts an answer that the sender did not get, or that was a refusal.
func (f *forwardedUnderTest) loses(life int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost[life]++
}

// take is what the receiver does with a request of events; one that holds a bad one is refused as a whole.
func (f *forwardedUnderTest) take(d *destinationUnderTest, answer http.ResponseWriter, all []json.RawMessage, forgiven bool, life int64) (taken bool) {
	type one struct {
		id       string
		sequence uint64
	}
	var came []one
	taken = true
	for _, text := range all {
		id, sequence, err := readEvent(text)
		if err != nil {
			d.unreadable("%v in %s", err, text)
			continue
		}
		if f.bad[id] && !forgiven {
			f.refuse(id)
			taken = false
		}
		came = append(came, one{id, sequence})
	}
	if !taken {
		answer.WriteHeader(http.StatusUnprocessableEntity)
		return false
	}
	for _, e := range came {
		f.arrived(e.id, e.sequence, life)
	}
	return true
}

// isEvent says whether the JSON is that of a forwarded event.
func isEvent(text []byte) bool { return strings.HasPrefix(string(text), `{"type":"event"`) }

// readEvent reads the JSON of a forwarded event.
func readEvent(text []byte) (id string, sequence uint64, err error) {
	var d exporters.EventDocument
	if err = json.Unmarshal(text, &d); err == nil && (d.EventID == "" || d.Sequence == 0 || d.Name != "events/"+d.EventID) {
		err = fmt.Errorf("an event %q of sequence %d, whose name is %q", d.EventID, d.Sequence, d.Name)
	}
	return d.EventID, d.Sequence, err
}

// ofActivity chooses events as the presets of the configuration do.
func ofActivity(e map[string]any, activities ...string) bool {
	return slices.Contains(activities, fmt.Sprint(e["activity"]))
}

// storedEvents are all events of the API.
func (w *week) storedEvents() (all []map[string]any) {
	w.Helper()
	for token := ""; ; {
		page := w.s.get("/v1/events?pageSize=1000&pageToken=" + url.QueryEscape(token))
		list, _ := page["events"].([]any)
		for _, e := range list {
			all = append(all, e.(map[string]any))
		}
		if token, _ = page["nextPageToken"].(string); token == "" {
			break
		}
	}
	if stored := len(w.world.ids) + 1; len(all) != stored { // and the end
		w.Fatalf("%d events are listed, expected the %d that were delivered", len(all), stored)
	}
	return all
}

// chosenOf are the ids of the events that have to be forwarded.
func (f *forwardedUnderTest) chosenOf(w *week, all []map[string]any) map[string]bool {
	w.Helper()
	ids := map[string]bool{}
	for _, e := range all {
		if f.chosen(e) {
			ids[fmt.Sprint(e["eventId"])] = true
		}
	}
	for id := range f.bad {
		if !ids[id] {
			w.Fatalf("%s: event %s is to be refused and is not chosen; this tests nothing", f.name, id)
		}
	}
	if len(ids) < 50 || len(ids) > len(all)-50 {
		w.Errorf("%s is forwarded %d of %d events; this tests little", f.name, len(ids), len(all))
	}
	return ids
}

// differences are the events that the receiver does not have, or should not have. Each comes once, and once more for each answer that the
// sender did not learn, each refusal and each time that it was killed; always as the same record.
func (f *forwardedUnderTest) differences(want map[string]bool, badToo bool) (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	missing := 0
	for id := range want {
		if f.came[id] == nil && (badToo || !f.bad[id]) {
			missing++
		}
	}
	if missing > 0 {
		all = append(all, fmt.Sprintf("%s: %d of %d events did not come", f.name, missing, len(want)))
	}
	for id, sequences := range f.came {
		if !want[id] {
			all = append(all, fmt.Sprintf("%s: event %s came, which is not chosen", f.name, id))
		}
		if len(sequences) != 1 {
			all = append(all, fmt.Sprintf("%s: event %s came with the sequences %v", f.name, id, slices.Sorted(maps.Keys(sequences))))
		}
	}
	return all
}

// checkRepetitions: an event comes again from a process that did not learn that it came, or was refused another, and not otherwise.
func (f *forwardedUnderTest) checkRepetitions(w *week) {
	w.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	numbers, repeated := map[uint64]string{}, 0
	for id, sequences := range f.came {
		for sequence, n := range sequences {
			if other := numbers[sequence]; other != "" {
				w.Errorf("%s: events %s and %s have the sequence %d", f.name, id, other, sequence)
			}
			numbers[sequence] = id
			repeated += n - 1
		}
		for life, n := range f.lives[id] {
			if f.lost != nil && n > 1+f.lost[life] {
				w.Errorf("%s: event %s came %d times to process %d, of which only %d answers got lost or were refusals", f.name, id, n, life, f.lost[life])
			}
		}
	}
	w.Logf("%s: %d events, %d repetitions, %d events refused, answers lost by process: %v", f.name, len(f.came), repeated, len(f.refused), f.lost)
}

// checkLetters compares the dead letters with the events that the receiver refused because of what they are.
func (f *forwardedUnderTest) checkLetters(w *week) {
	w.Helper()
	of := map[string]bool{}
	all, _ := w.s.get("/v1/deadLetters?pageSize=1000&destination=destinations/" + f.name)["deadLetters"].([]any)
	for _, l := range all {
		l := l.(map[string]any)
		id := strings.TrimPrefix(fmt.Sprint(l["event"]), "events/")
		of[id] = true
		reason, letter := fmt.Sprint(l["reason"]), fmt.Sprint(l["name"])
		if !f.bad[id] || l["alert"] != nil && l["alert"] != "" || !strings.Contains(reason, f.reason) || !strings.HasPrefix(letter, "deadLetters/"+strings.ReplaceAll(f.name, "/", ".")+".") {
			w.Errorf("%s: the dead letter %s of event %s has the reason %q, expected one with %q of %v", f.name, letter, id, reason, f.reason, f.bad)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !maps.Equal(of, f.bad) || !maps.Equal(f.refused, f.bad) {
		w.Errorf("%s: dead letters %v, refused were %v; expected %v", f.name, of, f.refused, f.bad)
	}
}
