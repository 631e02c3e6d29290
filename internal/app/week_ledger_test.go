package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sealwatch/sealwatch/internal/config"
)

// arrival is a version of an alert as a receiver read it.
type arrival struct {
	id       string
	sequence uint64
	told
	// life is the number of the process that was alive.
	life int64
}

// told is what has to be the same at a receiver and in the API: state and severity in small letters.
type told struct {
	state, severity string
	events          uint64
}

func (a told) String() string {
	return fmt.Sprintf("%s, %s, %d events", a.state, a.severity, a.events)
}

// destinationUnderTest is a receiver with what came to it.
type destinationUnderTest struct {
	name string
	// bestEffort says that the receiver cannot say what it took.
	bestEffort bool
	settings   config.Destination
	// disturb chooses a fault and says which, heal ends it, forgive has the receiver take what it was told to refuse.
	disturb       func(*rand.Rand) string
	heal, forgive func()
	// collect reads what came since, where that is not done at once.
	collect func()
	life    func() int64
	// last looks at the receiver in the end; may be nil.
	last func()
	// reason is in the reasons of dead letters; empty for a receiver that refuses nothing.
	reason string

	// events that it is forwarded; nil where it gets none.
	events *forwardedUnderTest

	mu      sync.Mutex
	came    []arrival
	tests   map[string]bool
	bad     map[string]map[uint64]bool // versions that were refused because of what they say
	strange []string
}

// arrived notes what a receiver took.
func (d *destinationUnderTest) arrived(id string, sequence uint64, t told) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.HasPrefix(id, "sealwatch-test-") {
		d.tests[id] = true
		return
	}
	d.came = append(d.came, arrival{id, sequence, t, d.life()})
}

// unreadable notes what a receiver could make nothing of.
func (d *destinationUnderTest) unreadable(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strange = append(d.strange, fmt.Sprintf(format, args...))
}

// refuse notes that a version was refused because of what it says.
func (d *destinationUnderTest) refuse(id string, sequence uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bad[id] == nil {
		d.bad[id] = map[uint64]bool{}
	}
	d.bad[id][sequence] = true
}

func (d *destinationUnderTest) refused(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bad[id] != nil
}

// refusals are how many dead letters there are at least.
func (d *destinationUnderTest) refusals(queue string) int {
	if queue != d.name {
		return len(d.events.bad)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.bad)
}

// sawTest says whether one of the test messages came.
func (d *destinationUnderTest) sawTest(ids map[string]bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range ids {
		if d.tests[id] {
			return true
		}
	}
	return false
}

func (d *destinationUnderTest) arrivals() []arrival {
	if d.collect != nil {
		d.collect()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]arrival(nil), d.came...)
}

// newest is the version with the highest sequence of each alert.
func (d *destinationUnderTest) newest() map[string]arrival {
	all := map[string]arrival{}
	for _, a := range d.arrivals() {
		if a.sequence >= all[a.id].sequence {
			all[a.id] = a
		}
	}
	return all
}

// ordered checks that no version comes for the first time after a newer one. After a kill it may, when the newer one comes again.
func (d *destinationUnderTest) ordered(t *testing.T) {
	t.Helper()
	all := d.arrivals()
	if d.last != nil {
		d.last()
	}
	for _, problem := range d.strange {
		t.Errorf("%s: %s", d.name, problem)
	}
	type version struct {
		id       string
		sequence uint64
	}
	last := map[version]int{}
	for i, a := range all {
		last[version{a.id, a.sequence}] = i
	}
	newest := map[string]arrival{}
	seen := map[version]bool{}
	for i, a := range all {
		v := version{a.id, a.sequence}
		if n := newest[a.id]; a.sequence > n.sequence {
			newest[a.id] = a
		} else if again := last[version{n.id, n.sequence}] > i; !seen[v] && !(again && a.life > n.life) {
			t.Errorf("%s: version %d of alert %s came for the first time after %d (processes %d and %d; the newer one came again: %t)", d.name, a.sequence, a.id, n.sequence, a.life, n.life, again)
		}
		seen[v] = true
	}
}

func (d *destinationUnderTest) summary() string {
	came := d.arrivals()
	kinds := map[string]bool{}
	for _, a := range came {
		kinds[fmt.Sprint(a.id, a.sequence)] = true
	}
	return fmt.Sprintf("%s: %d versions of %d alerts, %d repetitions, %d alerts refused", d.name, len(kinds), len(d.newest()), len(came)-len(kinds), len(d.bad))
}

// small is a name of an enumeration of the API as receivers are told it.
func small(prefix, name string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

// listed are the alerts as the API lists them, by id, but for those that were never open: nobody is told of them.
func (w *week) listed() map[string]told {
	w.Helper()
	all := map[string]told{}
	query := "/v1/alerts?pageSize=1000"
	for _, s := range []string{"NEW", "IN_PROGRESS", "RESOLVED", "SUPPRESSED", "RETRACTED"} {
		query += "&filter.states=ALERT_STATE_" + s
	}
	for _, a := range w.s.get(query)["alerts"].([]any) {
		a := a.(map[string]any)
		var events uint64
		if _, err := fmt.Sscan(fmt.Sprint(a["eventCount"]), &events); err != nil {
			w.Fatalf("eventCount %v: %v", a["eventCount"], err)
		}
		id := strings.TrimPrefix(fmt.Sprint(a["name"]), "alerts/")
		t := told{small("ALERT_STATE_", fmt.Sprint(a["state"])), small("SEVERITY_", fmt.Sprint(a["severity"])), events}
		if t.state == "suppressed" || t.state == "retracted" {
			if !w.wasOpen(id) {
				continue
			}
		}
		all[id] = t
	}
	if len(all) == 1000 {
		w.Fatal("there are more alerts than a page has")
	}
	return all
}

// wasOpen says whether an alert was open at some time, by its history.
func (w *week) wasOpen(id string) bool {
	w.Helper()
	for _, c := range w.s.get("/v1/alerts/" + id + "/changes?pageSize=1000")["changes"].([]any) {
		switch small("ALERT_STATE_", fmt.Sprint(c.(map[string]any)["state"])) {
		case "new", "in_progress", "resolved":
			return true
		}
	}
	return false
}

// reconciles waits until each destination has of each alert, but for those left aside, what the API lists, and nothing else; likewise the
// events that it is forwarded, but for the bad ones until they are forgiven.
func (w *week) reconciles(when string, forgiven bool, aside func(*destinationUnderTest, string) bool) {
	w.Helper()
	want := w.listed()
	stored := w.storedEvents()
	events := map[string]map[string]bool{}
	for _, d := range w.places {
		if d.events != nil {
			events[d.name] = d.events.chosenOf(w, stored)
		}
	}
	w.patient("all destinations have what the API lists, "+when, func() (left []string) {
		w.resumed()
		for _, d := range w.places {
			left = append(left, d.differences(want, aside)...)
			if d.events != nil {
				left = append(left, d.events.differences(events[d.name], forgiven)...)
			}
		}
		if len(left) > 0 {
			want = w.listed() // an alert is described again when its last hour is over
		}
		return left
	})
	states := map[string]int{}
	for _, t := range want {
		states[t.state]++
	}
	w.Logf("%d alerts, %v", len(want), states)
	if len(want) < 20 || states["retracted"] == 0 || states["suppressed"] == 0 || states["resolved"] == 0 {
		w.Errorf("%d alerts of the states %v; this tests little", len(want), states)
	}
}

// differences are the alerts that the receiver does not have as they should be.
func (d *destinationUnderTest) differences(want map[string]told, aside func(*destinationUnderTest, string) bool) (all []string) {
	have := d.newest()
	for id, t := range want {
		switch h, found := have[id]; {
		case aside(d, id):
		case !found && t.state == "retracted" && d.refused(id): // its letter was removed when it was to be sent again
		case !found:
			all = append(all, fmt.Sprintf("%s: alert %s: nothing came, expected %s", d.name, id, t))
		case t.state == "suppressed" && h.state == t.state: // it is none any more, and nobody is told how it goes on
		case h.told != t:
			all = append(all, fmt.Sprintf("%s: alert %s: version %d came: %s; expected %s", d.name, id, h.sequence, h.told, t))
		}
	}
	for id, h := range have {
		if _, found := want[id]; !found {
			all = append(all, fmt.Sprintf("%s: alert %s came (%s), which is not listed or was never open", d.name, id, h.told))
		}
	}
	slices.Sort(all)
	return all
}

// deadLetters compares the dead letters with what receivers refused because of what it says.
func (w *week) deadLetters() {
	w.Helper()
	w.patient("what is refused for good is a dead letter", func() (left []string) {
		w.resumed()
		for _, d := range w.places {
			for _, queue := range d.queues() {
				if n := w.s.letters(queue); n < d.refusals(queue) {
					left = append(left, fmt.Sprintf("%s has %d", queue, n))
				}
			}
		}
		return left
	})
	for _, d := range w.places {
		if d.events != nil {
			d.events.checkLetters(w)
		}
		of := map[string]bool{}
		all, _ := w.s.get("/v1/deadLetters?pageSize=1000&destination=destinations/" + d.name)["deadLetters"].([]any)
		for _, l := range all {
			l := l.(map[string]any)
			id := strings.TrimPrefix(fmt.Sprint(l["alert"]), "alerts/")
			of[id] = true
			if !d.refused(id) {
				w.Errorf("%s: alert %s, which nobody was told to refuse, is a dead letter: %v", d.name, id, l["reason"])
			} else if reason := fmt.Sprint(l["reason"]); !strings.Contains(reason, d.reason) {
				w.Errorf("%s: the dead letter of alert %s has the reason %q, expected one with %q", d.name, id, reason, d.reason)
			}
		}
		d.mu.Lock()
		for id := range d.bad {
			if !of[id] {
				w.Errorf("%s: alert %s was refused for good, and is no dead letter", d.name, id)
			}
		}
		if d.reason != "" && len(d.bad) == 0 {
			w.Errorf("%s refused nothing; this tests little", d.name)
		}
		d.mu.Unlock()
	}
}
