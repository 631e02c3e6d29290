package poll

import (
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

const (
	// hourlyCalls is DocuSign's default budget of an account, for where an answer does not say it.
	hourlyCalls = 3000
	// reserved is the part of the hourly budget that a backlog leaves to the other applications of the account: a tenth.
	reserved = 10
	// burstWindow is what a burst limit counts over.
	burstWindow = 30 * time.Second
	// spread keeps installations from calling all at once when an hour begins.
	spread = 10 * time.Second
)

// pace says when the next call may be made.
type pace struct {
	burst *rate.Limiter
	// hour and used count the own calls; they stand in for headers that are absent.
	hour time.Time
	used int
	// limits are those of the last answer, until.
	limits docusign.Limits
	until  time.Time
	// notBefore is set when a burst budget is used up.
	notBefore time.Time
}

func newPace(burstCalls int) *pace {
	// Four fifths of the burst limit, so that others have some.
	perSecond := float64(burstCalls) * 0.8 / burstWindow.Seconds()
	return &pace{burst: rate.NewLimiter(rate.Limit(perSecond), max(1, burstCalls/20)), limits: docusign.NoLimits()}
}

// delay is how long to wait before a call. A backlog leaves a reserve; a call at the end of the stream is one a minute and
// may take the last.
func (p *pace) delay(now time.Time, backlog bool) time.Duration {
	wait := max(0, p.notBefore.Sub(now))
	limit, remaining, until := hourlyCalls, 0, p.until
	if p.limits.Remaining >= 0 && now.Before(p.until) {
		remaining = p.limits.Remaining
		if p.limits.Limit > 0 {
			limit = p.limits.Limit
		}
	} else {
		if !now.Before(p.hour.Add(time.Hour)) {
			p.hour, p.used = now.Truncate(time.Hour), 0
		}
		remaining, until = hourlyCalls-p.used, p.hour.Add(time.Hour)
	}
	least := 0
	if backlog {
		least = limit / reserved
	}
	if remaining <= least {
		wait = max(wait, until.Sub(now)+rand.N(spread))
	}
	if wait > 0 {
		return wait
	}
	r := p.burst.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// called counts a call.
func (p *pace) called(now time.Time) {
	if !now.Before(p.hour.Add(time.Hour)) {
		p.hour, p.used = now.Truncate(time.Hour), 0
	}
	p.used++
}

// learn takes in what an answer says.
func (p *pace) learn(l docusign.Limits, now time.Time) {
	p.limits = l
	p.until = l.Reset
	if !p.until.After(now) || p.until.Sub(now) > 2*time.Hour {
		p.until = now.Truncate(time.Hour).Add(time.Hour) // budgets begin anew at the top of the hour
	}
	if l.BurstRemaining == 0 {
		p.notBefore = now.Add(burstWindow)
	}
}
