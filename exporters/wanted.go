package exporters

import (
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// wanted says whether the change is sent to the destination: the receiver sees the alert after it, or saw it before and
// has to learn that it no longer does; how an alert ends that it never had tells it nothing. Of what is only described again, a receiver gets the last at most: what the subject did in
// the hour after. What the receiver has decides before what the change says of the version before, which it may have refused.
func (o *Options) wanted(c *alert.Change, k *known) bool {
	if c.Updated.Before(o.Start.Since) {
		return false
	}
	if c.Kind == alert.ChangeDescribed && !ended(c) {
		return false
	}
	if c.Retracted && len(o.Filter.States) == 0 && !o.mayHave(c, k) {
		return false // the receiver never heard of it
	}
	if !o.about(&c.Alert) || !o.Historical && k.Sequence == 0 && !k.delivered && o.historical(c) {
		return false
	}
	f := o.Filter
	f.States = []string{c.State(), c.PreviousState} // shows decides about them, Match by the rest
	if f.Match(&c.Alert) && o.shows(c, c.State()) {
		return true
	}
	return o.mayHave(c, k) && (f.MatchPrevious(c) && o.shows(c, c.PreviousState) || o.has(c, k))
}

// heldBack says whether a change that is not wanted would be, if the destination asked for historical alerts.
func (o *Options) heldBack(c *alert.Change, k *known) bool {
	if o.Historical || !o.historical(c) {
		return false
	}
	asked := *o
	asked.Historical = true
	return asked.wanted(c, k)
}

// has says whether the receiver sees the alert, by what it was sent last. One that it knows to be suppressed it still has when the alert
// is retracted: what stands there has to be what is listed here.
func (o *Options) has(c *alert.Change, k *known) bool {
	if k.Sequence == 0 || k.State == alert.StateRetracted {
		return false
	}
	if known := len(o.Filter.States) == 0 && c.Retracted && k.State == alert.StateSuppressed; !known && !o.shows(c, k.State) {
		return false
	}
	before := c.Alert
	before.Severity = k.Severity
	f := o.Filter
	f.States = []string{c.State()}
	return f.Match(&before)
}

// shows says whether the receiver sees the alert while it is in the state. A finding that was suppressed before it was
// retracted was never shown.
func (o *Options) shows(c *alert.Change, state string) bool {
	if len(o.Filter.States) > 0 {
		return slices.Contains(o.Filter.States, state)
	}
	switch state {
	case "", alert.StateSuppressed:
		return false
	case alert.StateRetracted:
		return c.PreviousState != alert.StateSuppressed && len(c.SuppressedBy) == 0
	}
	return true
}

// about says whether the subject is one of Users, by its id or a name that the alert is sent with.
func (o *Options) about(a *alert.Alert) bool {
	return len(o.Users) == 0 || slices.ContainsFunc(o.Users, func(u string) bool {
		return u != "" && (strings.EqualFold(u, a.Subject.ID) || strings.EqualFold(u, a.Subject.Email) ||
			slices.ContainsFunc(a.SubjectNames(), func(n string) bool { return strings.EqualFold(u, n) }))
	})
}

// historical says whether the alert was first raised long after its last event, as a backfill does it, and was so before the change
// too: of one that goes on lately a receiver gets what follows. It decides about what the receiver was never sent, as far as that is
// recorded, and never about what a person does.
func (o *Options) historical(c *alert.Change) bool {
	byPerson := c.Kind != alert.ChangeDescribed && c.Actor != "" && c.Actor != alert.ActorAnalysis
	perhapsSent := c.Retracted && c.Created.Before(o.recordedSince())
	return !byPerson && !perhapsSent && c.Created.Sub(c.End) > o.HistoricalAfter &&
		(c.PreviousState == "" || c.Created.Sub(c.PreviousEnd) > o.HistoricalAfter)
}
