package splunk

import (
	"time"
)

// key is a change, or an event; a later version of the same alert is another.
type key struct {
	id       string
	sequence uint64
}

// flight is a request that was accepted and waits for the indexer's acknowledgement.
type flight struct {
	to       *endpoint
	id       uint64
	deadline time.Time
	acked    bool
}

// flights are what is on its way, or acknowledged and not yet reported, by change. They outlive an export whose time was up, so
// that nothing is sent again before its time.
type flights map[key]*flight

// expire forgets what was not acknowledged in time, so that it is sent again.
func (f flights) expire(now time.Time) {
	for k, open := range f {
		if now.After(open.deadline) {
			delete(f, k)
		}
	}
}

// waiting are the flights of those given that are not acknowledged, by endpoint and id.
func (f flights) waiting(all []key) map[*endpoint]map[uint64]*flight {
	out := map[*endpoint]map[uint64]*flight{}
	for i := range all {
		open := f[all[i]]
		if open == nil || open.acked {
			continue
		}
		if out[open.to] == nil {
			out[open.to] = map[uint64]*flight{}
		}
		out[open.to][open.id] = open
	}
	return out
}
