package poll

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

// confirmed is how many refusals in a row make a loss: one alone may be a hiccup.
const confirmed = 2

// watched decides whether the source counts as lost.
type watched struct {
	// reached says that the end of the stream was reached once, ever. Before that, being behind is no loss.
	reached bool
	// current is when the source was last read to its end, success when a page was last stored; the start before that.
	current, success time.Time
	// refusals in a row; kind and problem are of the last failure, empty after a success.
	refusals, failures int
	kind, problem      string
	// good says that the last call was at the end.
	good bool
	// told is the kind that the Watch knows of; settled says that it knows anything at all.
	told    string
	settled bool
}

func (w *watched) start(now time.Time, reached bool) {
	w.current, w.success, w.reached = now, now, reached
}

func (w *watched) succeeded(now time.Time, atEnd bool) {
	w.success, w.refusals, w.failures, w.kind, w.problem, w.good = now, 0, 0, "", "", atEnd
	if atEnd {
		w.current, w.reached = now, true
	}
}

func (w *watched) failed(kind, problem string, refused bool) {
	w.kind, w.problem, w.good = kind, problem, false
	w.failures++
	if w.refusals++; !refused {
		w.refusals = 0
	}
}

// loss says what is lost; nil when nothing is, or it is not certain yet.
func (w *watched) loss(now time.Time, maxBehind time.Duration) *Loss {
	since := w.success
	if w.reached {
		since = w.current
	}
	switch {
	case w.refusals >= confirmed, w.kind != "" && now.Sub(since) > maxBehind:
		return &Loss{Kind: w.kind, Problem: w.problem, Since: since, Failures: w.failures}
	case w.reached && now.Sub(since) > maxBehind:
		return &Loss{Kind: KindBehind, Since: since,
			Problem: fmt.Sprintf("pages come, but the end was last reached at %s: the backlog is larger than the call budget works off in time", since.UTC().Format(time.RFC3339))}
	}
	return nil
}

// watch tells the Watch what is new. What it does not take is told again after the next round.
func (p *Poller) watch(ctx context.Context) {
	w, now := &p.watched, p.o.Now()
	var err error
	switch loss := w.loss(now, p.o.MaxBehind); {
	// One that somebody has to act on is news; what else changes while the source is lost is not.
	case loss != nil && (w.told == "" || loss.Kind != w.told && docusign.Kind(loss.Kind).LosesAccess()):
		loss.Source = p.o.Origin.Source
		loss.Title = loss.title()
		if err = p.o.Watch.Lost(ctx, *loss); err == nil {
			w.told, w.settled = loss.Kind, true
		}
	case loss == nil && w.good && (w.told != "" || !w.settled):
		if err = p.o.Watch.Restored(ctx, p.o.Origin.Source, now); err == nil {
			w.told, w.settled = "", true
		}
	}
	if err != nil && ctx.Err() == nil {
		p.log.WarnContext(ctx, "an alert about the source cannot be written; it is tried again", slog.Any("error", err))
	}
}

// title says a loss in one sentence.
func (l *Loss) title() string {
	since := l.Since.UTC().Format("2006-01-02 15:04 MST")
	reason := map[string]string{
		string(docusign.KindConsent):       "the consent is missing",
		string(docusign.KindKey):           "the private key is not accepted",
		string(docusign.KindIntegration):   "the integration key is not known",
		string(docusign.KindUser):          "the user is not known",
		string(docusign.KindClock):         "the clock of this machine is wrong",
		string(docusign.KindToken):         "DocuSign gives no token that holds",
		string(docusign.KindEntitlement):   "the organisation has no DocuSign Monitor",
		string(docusign.KindOrganizations): "the user administers several organisations",
		string(docusign.KindRole):          "the user lacks the role",
		string(docusign.KindForbidden):     "DocuSign refuses the user",
		string(docusign.KindNotFound):      "DocuSign does not know the organisation",
	}[l.Kind]
	switch {
	case reason != "":
		return fmt.Sprintf("Sealwatch has lost its access to DocuSign Monitor (%s): %s", l.Source, reason)
	case l.Kind == string(docusign.KindThrottled):
		return fmt.Sprintf("DocuSign Monitor (%s) has not been read to its end since %s: the call budget of the account is used up", l.Source, since)
	case l.Kind == KindBehind:
		return fmt.Sprintf("DocuSign Monitor (%s) has not been read to its end since %s: there is more than can be read in time", l.Source, since)
	}
	return fmt.Sprintf("DocuSign Monitor (%s) has not been read to its end since %s: calls fail (%s)", l.Source, since, l.Kind)
}
