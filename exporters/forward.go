package exporters

import (
	"context"
	"fmt"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// EventLog is the log of stored events, numbered in the order of their arrival.
type EventLog interface {
	// Head is the sequence of the last durable event, 0 when there is none.
	Head() uint64
	// Read returns events after a sequence and up to another that the selection lets through, in ascending order, at most so many, and
	// the sequence through which it looked: what is selected up to there is in the page. It MUST look at something when upTo is greater
	// than after.
	Read(ctx context.Context, s *EventSelection, after, upTo uint64, limit int) (page []event.Event, through uint64, err error)
	// Find returns the stored events with the ids, in no order.
	Find(ctx context.Context, ids []string) ([]event.Event, error)
	// Wait returns nil as soon as Head is greater than after, and an error when ctx is done before.
	Wait(ctx context.Context, after uint64) error
}

// EventSelection says which events are forwarded. Its fields are joined by AND, but for Activities and Administrative, which are joined
// by OR; what is empty selects all.
type EventSelection struct {
	Activities []string
	// Administrative adds those of administration, whatever their activity.
	Administrative bool
	// Outcome is event.OutcomeSuccess or event.OutcomeFailure.
	Outcome string
	// Users who acted or were affected, by DocuSign's id, or by an e-mail address or a name of theirs.
	Users []string
	// Since is the earliest time of an event.
	Since time.Time
}

// EventsName is under which the cursor, the dead letters and the metrics of a destination's forwarded events are kept.
func EventsName(destination string) string { return destination + "/events" }

// NewForwarder returns a runner that forwards events to a destination, to be run once. It is the runner of alerts over another log: an
// event is a change that has no earlier version and overtakes nothing. Of the options it takes no Log, Deliveries, Filter, Users or
// Heartbeats; Exporter MUST be an EventExporter, and another one than that of the alerts.
func NewForwarder(o Options, log EventLog, s EventSelection) (*Runner, error) {
	x, ok := o.Exporter.(EventExporter)
	if !ok {
		return nil, fmt.Errorf("exporters: destination %q: its kind forwards no events", o.Name)
	}
	lane := &eventLane{log: log, selection: s, held: map[uint64]*event.Event{}}
	o.Name = EventsName(o.Name)
	o.Log, o.Deliveries, o.Exporter = lane, nothingSent{}, &eventSender{o.Exporter, x, lane}
	o.Filter, o.Users, o.Heartbeats, o.Historical = alert.Filter{}, nil, Heartbeats{}, true
	lane.selection.Since, o.Start.Since = o.Start.Since, time.Time{}
	if !lane.selection.Since.IsZero() {
		o.Start.FromFirst = true
	}
	o.lane = laneOfEvents{lane}
	r, err := NewRunner(o)
	if err == nil {
		lane.settled = r.position.Load
	}
	return r, err
}

// eventLane is an EventLog as the Log of a Runner: an event is a change, and what is not selected a change without an id. It keeps the
// events whose changes are not settled. But for Head and Wait it belongs to the goroutine of Run.
type eventLane struct {
	log       EventLog
	selection EventSelection
	settled   func() uint64

	ahead   []event.Event // what was read and not handed out
	at      uint64        // up to where was handed out
	through uint64        // up to where was read
	held    map[uint64]*event.Event
	again   map[uint64]*event.Event // of dead letters that are sent again
	kept    map[uint64]*event.Event // that may be repeated as witnesses
}

// readAhead is how many events are read at once: to find the next ones takes a look at much of the log.
const readAhead = 4 * pageSize

// Head implements Log.
func (l *eventLane) Head() uint64 { return l.log.Head() }

// Wait implements Log.
func (l *eventLane) Wait(ctx context.Context, after uint64) error { return l.log.Wait(ctx, after) }

// Read implements Log.
func (l *eventLane) Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error) {
	if after != l.at {
		l.ahead, l.at, l.through = nil, after, after
	}
	for sequence := range l.held {
		if sequence <= l.settled() {
			delete(l.held, sequence)
		}
	}
	if head := l.log.Head(); len(l.ahead) == 0 && l.through < head {
		page, through, err := l.log.Read(ctx, &l.selection, l.through, head, readAhead)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if l.selection.Outcome == "" || page[i].Outcome() == l.selection.Outcome {
				l.ahead = append(l.ahead, page[i])
			}
		}
		l.through = through
	}
	if len(l.ahead) == 0 {
		if l.through == after {
			return nil, nil
		}
		l.at = l.through
		return []alert.Change{{Alert: alert.Alert{Sequence: l.through}}}, nil
	}
	n := min(limit, len(l.ahead))
	changes := make([]alert.Change, n)
	for i := range changes {
		changes[i] = l.hold(l.held, l.ahead[i])
	}
	l.ahead, l.at = l.ahead[n:], changes[n-1].Sequence
	return changes, nil
}

// hold keeps the event and returns it as a change.
func (l *eventLane) hold(in map[uint64]*event.Event, e event.Event) alert.Change {
	in[e.Sequence] = &e
	return alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: e.ID, Sequence: e.Sequence, Created: e.Arrival, Updated: e.Arrival, Actor: "event",
		Finding: alert.Finding{Tenant: e.Tenant, Severity: alert.SeverityInformational, Start: e.Time, End: e.Time, EventCount: 1, Evidence: e.Data}}}
}

// Severe implements Log: no event overtakes.
func (l *eventLane) Severe(_ context.Context, _, upTo uint64, _ int) ([]alert.Change, uint64, error) {
	return nil, upTo, nil
}

// Newest implements Log.
func (l *eventLane) Newest(ctx context.Context, ids []string, _ uint64) ([]alert.Change, error) {
	found, err := l.log.Find(ctx, ids)
	if err != nil {
		return nil, err
	}
	l.again = map[uint64]*event.Event{}
	newest := map[string]event.Event{} // while two records with one id are settled, both may stand
	for _, e := range found {
		if e.Sequence > newest[e.ID].Sequence {
			newest[e.ID] = e
		}
	}
	all := make([]alert.Change, 0, len(newest))
	for _, e := range newest {
		all = append(all, l.hold(l.again, e))
	}
	return all, nil
}

// event of a change; nil when it is not held.
func (l *eventLane) event(c *alert.Change) *event.Event {
	if e := l.held[c.Sequence]; e != nil {
		return e
	}
	if e := l.again[c.Sequence]; e != nil {
		return e
	}
	return l.kept[c.Sequence]
}

// eventSender is the Exporter of a Runner of events.
type eventSender struct {
	Exporter
	events EventExporter
	lane   *eventLane
}

// Export implements Exporter.
func (x *eventSender) Export(ctx context.Context, changes []alert.Change) error {
	events := make([]event.Event, len(changes))
	for i := range changes {
		e := x.lane.event(&changes[i])
		if e == nil {
			return fmt.Errorf("event %q is not in memory any more", changes[i].ID)
		}
		events[i] = *e
	}
	return x.events.ExportEvents(ctx, events)
}

// Keep implements Keeper.
func (x *eventSender) Keep(ctx context.Context) error {
	if k, ok := x.Exporter.(Keeper); ok {
		return k.Keep(ctx)
	}
	return nil
}

// Patience implements Patient.
func (x *eventSender) Patience() time.Duration {
	if p, ok := x.Exporter.(Patient); ok {
		return p.Patience()
	}
	return 0
}

// nothingSent is the Deliveries of events: there are no versions that could be compared.
type nothingSent struct{}

func (nothingSent) LoadSent(context.Context, string, []string) ([]Sent, error) { return nil, nil }
func (nothingSent) StoreSent(context.Context, string, []Sent) error            { return nil }
func (nothingSent) ForgetSent(context.Context, string, uint64) error           { return nil }

// lane is in what the delivery of alerts and that of events differ, beside the log.
type lane interface {
	// name of what is read, for errors.
	name() string
	// thing is what is sent, for errors and the log.
	thing() string
	// sparse says that numbers may be missing, and that a change without an id only tells how far the log was read.
	sparse() bool
	// keep holds what these changes need to be sent again, and lets go what was held so before.
	keep(all []alert.Change)
	// payload of a dead letter.
	payload(c *alert.Change) ([]byte, error)
}

type laneOfAlerts struct{}

func (laneOfAlerts) name() string        { return "alert" }
func (laneOfAlerts) thing() string       { return "change" }
func (laneOfAlerts) keep([]alert.Change) {}
func (laneOfAlerts) sparse() bool        { return false }
func (laneOfAlerts) payload(c *alert.Change) ([]byte, error) {
	d := NewDocument(c)
	return d.Encode()
}

type laneOfEvents struct{ l *eventLane }

func (laneOfEvents) name() string  { return "event" }
func (laneOfEvents) thing() string { return "event" }
func (laneOfEvents) sparse() bool  { return true }
func (e laneOfEvents) keep(all []alert.Change) {
	kept := make(map[uint64]*event.Event, len(all))
	for i := range all {
		if found := e.l.event(&all[i]); found != nil {
			kept[all[i].Sequence] = found
		}
	}
	e.l.kept = kept
}
func (e laneOfEvents) payload(c *alert.Change) ([]byte, error) {
	found := e.l.event(c)
	if found == nil {
		return nil, fmt.Errorf("event %q is not in memory any more", c.ID)
	}
	d := NewEventDocument(found)
	return d.Encode()
}
