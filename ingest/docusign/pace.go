package docusign

import (
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"
)

const (
	// hourlyCalls is DocuSign's default budget of an account, for where an answer does not say it.
	hourlyCalls = 3000
	// burstWindow is what a burst limit counts over.
	burstWindow = 30 * time.Second
	// spread keeps installations from calling all at once when an hour begins.
	spread = 10 * time.Second
)

// Pace says when the next call may be made, by what answers say of the account's budget. It is used by one at a time.
type Pace struct {
	// reserve is the part of the hourly budget that a backlog leaves to the other applications of the account: a tenth for 10.
	reserve int
	burst   *rate.Limiter
	// hour and used count the own calls; they stand in for headers that are absent.
	hour time.Time
	used int
	// limits are those of the last answer, until.
	limits Limits
	until  time.Time
	// notBefore is set when a burst budget is used up.
	notBefore time.Time
}

// NewPace keeps to four fifths of a burst limit; a backlog leaves one of so many parts of the hourly budget.
func NewPace(burstCalls, reserve int) *Pace {
	// Four fifths of the burst limit, so that others have some.
	perSecond := float64(burstCalls) * 0.8 / burstWindow.Seconds()
	return &Pace{reserve: reserve, burst: rate.NewLimiter(rate.Limit(perSecond), max(1, burstCalls/20)), limits: NoLimits()}
}

// Delay is how long to wait before a call. A backlog leaves a reserve; a call at the end of the stream is one a minute and
// may take the last.
func (p *Pace) Delay(now time.Time, backlog bool) time.Duration {
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
		least = limit / p.reserve
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

// Called counts a call.
func (p *Pace) Called(now time.Time) {
	if !now.Before(p.hour.Add(time.Hour)) {
		p.hour, p.used = now.Truncate(time.Hour), 0
	}
	p.used++
}

// Learn takes in what an answer says.
func (p *Pace) Learn(l Limits, now time.Time) {
	p.limits = l
	p.until = l.Reset
	if !p.until.After(now) || p.until.Sub(now) > 2*time.Hour {
		p.until = now.Truncate(time.Hour).Add(time.Hour) // budgets begin anew at the top of the hour
	}
	if l.BurstRemaining == 0 {
		p.notBefore = now.Add(burstWindow)
	}
}
