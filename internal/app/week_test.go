package app_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/config"
)

// week is a made-up week that one service, killed now and then, sends to receivers of every kind, which misbehave.
type week struct {
	*testing.T
	chance *rand.Rand
	world  *world
	cfg    config.Config
	places []*destinationUnderTest
	pager  *destinationUnderTest // gets no history
	// datagrams is one whose receiver is well all the time.
	datagrams *destinationUnderTest

	s    *service
	kill func()
	// life counts the processes.
	life    atomic.Int64
	touched map[string]bool // alerts that a person worked on
}

// weekSeed chooses everything that is left to chance: SEALWATCH_WEEK_SEED is a number or "random".
func weekSeed(t *testing.T) uint64 {
	t.Helper()
	text := cmp.Or(os.Getenv("SEALWATCH_WEEK_SEED"), "1")
	if text == "random" {
		return rand.Uint64N(1_000_000)
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("SEALWATCH_WEEK_SEED: %v", err)
	}
	return seed
}

const weekSteps = 4

// TestWeek sends a week with attacks, late records, growing and retracted alerts and the work of people to every kind of destination at
// once, and its events to two, while receivers are killed, throttle, reject, stall, cut connections and lose answers, and the service is killed. In the end every
// alert is at every destination as the API lists it, every event that is chosen where it is forwarded, and dead letters are those alone that receivers were told to refuse; when the
// receivers take those, they are sent again.
func TestWeek(t *testing.T) {
	seed := weekSeed(t)
	t.Logf("SEALWATCH_WEEK_SEED=%d makes the same week and the same faults", seed)
	w := &week{T: t, chance: rand.New(rand.NewPCG(seed, 6)), touched: map[string]bool{}}
	w.world = newWorld(t, seed, weekSteps)
	w.cfg = settings(t)
	w.cfg.Hunting.Addr = ""
	off := false
	w.cfg.Analysis.Detections = map[string]config.Detection{}
	for _, id := range []string{"control_change", "docusign_alert", "envelope_corrections", "envelope_voids", "own_key", "recipient_authentication", "recipient_declines", "session_anomaly", "template_changes", "unusual_admin", "unusual_impersonation"} {
		w.cfg.Analysis.Detections[id] = config.Detection{Enabled: &off} // each takes seconds of processor time, and the others find enough
	}
	w.receivers()
	w.start()
	w.world.know(w.s)
	killed := map[int]bool{1 + w.chance.IntN(2): true, 3: true}
	for step, records := range w.world.batches {
		w.disturb(killed[step])
		w.s.importBody(records)
		if killed[step] {
			w.restart()
		}
		w.s.settled()
		w.people(step)
		w.calm()
	}
	w.s.importBody(w.world.end) // the hour after the last alert is over
	w.s.settled()
	for _, p := range w.places {
		p.heal()
	}
	w.reconciles("although every receiver takes everything but what is bad", false, func(d *destinationUnderTest, id string) bool { return d.refused(id) })
	w.deadLetters()
	for _, p := range w.places {
		p.forgive()
		for _, queue := range p.queues() {
			if n := w.s.letters(queue); n > 0 {
				w.call(http.MethodPost, "/v1/deadLetters:bulkReplay", map[string]any{"destination": "destinations/" + queue, "author": "ann", "expectedCount": n})
			}
		}
	}
	w.reconciles("after the dead letters were sent again", true, func(*destinationUnderTest, string) bool { return false })
	w.patient("the dead letters have gone", func() (left []string) {
		for _, p := range w.places {
			for _, queue := range p.queues() {
				if n := w.s.letters(queue); n > 0 {
					left = append(left, fmt.Sprintf("%s has %d", queue, n))
				}
			}
		}
		return left
	})
	w.counted(w.datagrams)
	w.kill()
	for _, p := range w.places {
		p.ordered(t)
		t.Log(p.summary())
		if p.events != nil {
			p.events.checkRepetitions(w)
		}
	}
	for _, a := range w.pager.arrivals() {
		if !w.touched[a.id] {
			t.Errorf("%s, which is not sent history, got alert %s of sequence %d, which nobody worked on", w.pager.name, a.id, a.sequence)
		}
	}
}

// start runs a service in a process of its own.
func (w *week) start() {
	w.Helper()
	w.s, w.kill = killable(w.T, w.cfg)
}

// restart kills the service where it stands, and starts it again.
func (w *week) restart() {
	w.Helper()
	w.kill()
	w.life.Add(1)
	w.start()
}

// disturb lets the receivers misbehave. Syslog promises nothing of what lies unread in a receiver that dies together with the
// service, so that its receivers are well while the service is killed.
func (w *week) disturb(kill bool) {
	var faults []string
	for _, p := range w.places {
		if kill && p.bestEffort {
			continue
		}
		if f := p.disturb(w.chance); f != "" {
			faults = append(faults, p.name+" "+f)
		}
	}
	w.Logf("the service is killed: %t; %s", kill, strings.Join(faults, ", "))
}

// calm makes some receivers well, and those of syslog always: they read what was sent, in order, before the next fault.
func (w *week) calm() {
	w.Helper()
	for _, p := range w.places {
		if p.bestEffort {
			p.heal()
			w.drained(p)
		} else if w.chance.IntN(3) > 0 {
			p.heal()
			w.call(http.MethodPost, "/v1/destinations/"+p.name+":resume", map[string]any{})
		}
	}
}

// drained returns when the receiver has read a test message: everything that was written before it comes before it, on the same connection
// or with what is sent again on a new one.
func (w *week) drained(p *destinationUnderTest) {
	w.Helper()
	tried := map[string]bool{}
	w.patient("a test message arrives", func() []string {
		out := w.call(http.MethodPost, "/v1/destinations/"+p.name+":test", map[string]any{})
		tried[fmt.Sprint(out["alertId"])] = true
		if p.sawTest(tried) {
			return nil
		}
		return []string{fmt.Sprintf("%s: %v", p.name, out["answer"])}
	})
}

// patient waits until nothing is left; on time-out it says what.
func (w *week) patient(what string, left func() []string) {
	w.Helper()
	const patience = 5 * time.Minute // a machine may be busy; what never comes is a failure
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		rest := left()
		switch {
		case len(rest) == 0:
			return
		case time.Now().After(deadline):
			w.Fatalf("it never came to this: %s\n%s\n%v", what, strings.Join(rest, "\n"), w.s.get("/v1/destinations"))
		}
	}
}

// call makes a request that has to succeed.
func (w *week) call(method, path string, body any) map[string]any {
	w.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, "http://"+w.s.at.HTTP+path, bytes.NewReader(text))
	if err != nil {
		w.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil || answer.StatusCode != http.StatusOK {
		w.Fatalf("%s %s: %s %v %v", method, path, answer.Status, out, err)
	}
	return out
}

// resumed has destinations that wait tried at once, as a person would.
func (w *week) resumed() {
	w.Helper()
	for _, d := range w.s.get("/v1/destinations")["destinations"].([]any) {
		d := d.(map[string]any)
		events, _ := d["events"].(map[string]any)
		if d["state"] != "ok" || events != nil && events["state"] != "ok" {
			w.call(http.MethodPost, "/v1/"+fmt.Sprint(d["name"])+":resume", map[string]any{})
		}
	}
}

// letters is how many dead letters a destination has.
func (s *service) letters(destination string) int {
	s.t.Helper()
	all, _ := s.get("/v1/deadLetters?pageSize=1000&destination=destinations/" + destination)["deadLetters"].([]any)
	return len(all)
}
