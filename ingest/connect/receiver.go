package connect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// Outcomes of a delivery, for the metrics.
const (
	outcomeStored    = "stored"
	outcomeDuplicate = "duplicate"
	outcomeKept      = "kept"
	outcomeSignature = "signature"
	outcomeUnsigned  = "unsigned"
	outcomeOversized = "oversized"
	outcomeBroken    = "broken"
	outcomeBusy      = "busy"
	outcomeFailed    = "failed"
	outcomeTrial     = "trial"
)

// maxKept bounds what is kept of a delivery that cannot be read.
const maxKept = 1 << 20

// noticeEvery bounds how often the log says that deliveries are refused: anybody can send some.
const noticeEvery = time.Minute

// Ingester stores events.
type Ingester interface {
	Ingest(ctx context.Context, o event.Origin, s []event.Submission) (event.Receipt, error)
}

// Rejected is an authentic delivery that could not become an event.
type Rejected struct {
	Origin                  event.Origin
	Time                    time.Time
	EventID, Field, Problem string
	Raw                     []byte
}

// Rejects keeps deliveries that could not become events; nil means that they are on disk.
type Rejects interface {
	KeepRejected(ctx context.Context, r Rejected) error
}

// Source is one address at which DocuSign delivers.
type Source struct {
	// Name is the last part of the address.
	Name   string
	Origin event.Origin
	// Keys that DocuSign may sign with; several while one takes the place of another.
	Keys []Key
}

// Options of a Receiver.
type Options struct {
	Sources  []Source
	Ingester Ingester
	Rejects  Rejects
	// Watch may be nil.
	Watch Watch
	// Now is the clock; time.Now.
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Receiver takes deliveries in. It may be used concurrently.
type Receiver struct {
	o       Options
	sources map[string]*source
	// only is the source where there is one.
	only *source
	// strangers counts deliveries to addresses that there are none of.
	strangers prometheus.Counter
}

// New makes a Receiver.
func New(o Options) (*Receiver, error) {
	if o.Ingester == nil || o.Rejects == nil {
		return nil, errors.New("connect: an Ingester and Rejects are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Receiver{o: o, sources: map[string]*source{}, strangers: newStrangers(o.Registerer)}
	for _, s := range o.Sources {
		if err := checkKeys(s.Keys); err != nil {
			return nil, fmt.Errorf("connect: source %s: %w", s.Name, err)
		}
		if r.sources[s.Name] != nil {
			return nil, fmt.Errorf("connect: two sources have the name %s", s.Name)
		}
		one := &source{Source: s, watch: o.Watch, watched: watched{since: o.Now(), began: o.Now(), refusals: map[string]int{}}, log: o.Logger.With(slog.String("source", s.Origin.Source)), now: o.Now, metrics: newMetrics(o.Registerer, s.Origin.Source, len(s.Keys))}
		r.sources[s.Name], r.only = one, one
	}
	if len(o.Sources) != 1 {
		r.only = nil
	}
	return r, nil
}

// Known says whether there is a source of that name; an empty one is the name of the only source. A delivery to no source is counted.
func (r *Receiver) Known(name string) bool {
	if r.find(name) == nil {
		r.strangers.Inc()
		return false
	}
	return true
}

// Authentic says whether a signature holds. Nothing of a body may be read before.
func (r *Receiver) Authentic(ctx context.Context, name string, signatures []string, body []byte) bool {
	s := r.find(name)
	if s == nil {
		return false
	}
	key := verify(s.Keys, signatures, body)
	if key < 0 {
		s.refused(ctx, len(signatures))
		return false
	}
	if !isTrial(body) { // the count says which keys DocuSign uses
		s.metrics.keys[key].Inc()
	}
	return true
}

// Store takes a delivery that is Authentic. Nil means that the event, or what was delivered instead of one, is durable. An error is
// one of the Ingester or of Rejects, and the same delivery may come again.
func (r *Receiver) Store(ctx context.Context, name string, body []byte) error {
	s := r.find(name)
	if s == nil {
		return fault.New(fault.NotFound, "there is no source %q of DocuSign Connect", name)
	}
	outcome, problem, err := r.take(ctx, s, body)
	s.count(ctx, outcome, problem, err)
	return err
}

// Broken counts a delivery that did not arrive whole.
func (r *Receiver) Broken(ctx context.Context, name string) {
	if s := r.find(name); s != nil {
		s.refuse(ctx, outcomeBroken, "it broke off or came too slowly: look at the proxy, or it does not come from DocuSign")
	}
}

// Busy counts a delivery for which there was no room.
func (r *Receiver) Busy(ctx context.Context, name string) {
	if s := r.find(name); s != nil {
		s.refuse(ctx, outcomeBusy, "too many deliveries were under way: the database is slow, or somebody else delivers; limit in the proxy how often and from where")
	}
}

// Oversized counts a delivery that was refused for its size, before anything could be said of its signature.
func (r *Receiver) Oversized(ctx context.Context, name string, limit int64) {
	if s := r.find(name); s != nil {
		s.refuse(ctx, outcomeOversized, fmt.Sprintf("it has more than %d bytes (ingest.maxConnectBytes): do not include documents or certificates in the configuration in DocuSign", limit))
	}
}

func (r *Receiver) find(name string) *source {
	if name == "" {
		return r.only
	}
	return r.sources[name]
}

// take makes an authentic delivery durable.
func (r *Receiver) take(ctx context.Context, s *source, body []byte) (outcome, problem string, err error) {
	now := r.o.Now()
	record, err := Parse(s.Name, body)
	if err != nil {
		var f *FieldError
		bad := Rejected{Problem: err.Error()}
		if errors.As(err, &f) {
			bad.Field, bad.Problem = f.Field, f.Problem
		}
		return r.keep(ctx, s, bad, body, now)
	}
	receipt, err := r.o.Ingester.Ingest(ctx, s.Origin, []event.Submission{{Record: record}})
	switch {
	case err != nil:
		return outcomeFailed, "", err
	case len(receipt.Rejections) > 0:
		j := receipt.Rejections[0]
		return r.keep(ctx, s, Rejected{EventID: j.EventID, Field: j.Field, Problem: j.Problem}, body, now)
	case receipt.Accepted == 0:
		return outcomeDuplicate, "", nil
	}
	s.saw(now, record.Timestamp)
	return outcomeStored, "", nil
}

// keep puts a delivery that cannot become an event aside. DocuSign would send the same again for days, and hold back what comes
// after it, so that it is acknowledged once it is kept.
func (r *Receiver) keep(ctx context.Context, s *source, bad Rejected, body []byte, now time.Time) (outcome, problem string, err error) {
	bad.Origin, bad.Time, bad.Raw = s.Origin, now, body[:min(len(body), maxKept)]
	if len(body) > maxKept {
		bad.Problem += fmt.Sprintf("; of %d bytes the first %d are kept", len(body), maxKept)
	}
	if err := r.o.Rejects.KeepRejected(ctx, bad); err != nil {
		if errors.As(err, new(*fault.Error)) {
			return outcomeFailed, "", err
		}
		return outcomeFailed, "", fault.Unavailable(err)
	}
	problem = bad.Problem
	if bad.Field != "" {
		problem = bad.Field + ": " + problem
	}
	return outcomeKept, problem, nil
}

// Status is the state of each source, by the order of the options.
func (r *Receiver) Status() []status.Source {
	var all []status.Source
	for _, s := range r.o.Sources {
		all = append(all, r.sources[s.Name].status())
	}
	return all
}

// source is a Source with what happened at it.
type source struct {
	Source
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	watch   Watch

	mu      sync.Mutex
	watched watched
	state   status.Receiving
	noticed time.Time
}

// refused counts a delivery of which no signature holds.
func (s *source) refused(ctx context.Context, signatures int) {
	outcome, why := outcomeSignature, "no HMAC key of this source made its signature: the key was changed in DocuSign, its file is another one's, or it does not come from DocuSign"
	if signatures == 0 {
		outcome, why = outcomeUnsigned, "it has no X-DocuSign-Signature header: Include HMAC Signature is off in the configuration in DocuSign, no key is active there, or it does not come from DocuSign"
	}
	s.refuse(ctx, outcome, why)
}

// refuse counts a delivery that was not taken, and says so from time to time. Each may be one of DocuSign's that is lost.
func (s *source) refuse(ctx context.Context, outcome, why string) {
	now := s.now()
	s.metrics.deliveries[outcome].Inc()
	s.mu.Lock()
	s.state.Refused++
	s.state.LastRefusal, s.state.RefusalReason = now, why
	notice := now.Sub(s.noticed) >= noticeEvery
	if notice {
		s.noticed = now
	}
	total := s.state.Refused
	s.mu.Unlock()
	if notice {
		s.log.WarnContext(ctx, "a delivery was refused: "+why, slog.Uint64("refused", total))
	}
	s.lost(ctx, outcome)
}

// count counts an authentic delivery.
func (s *source) count(ctx context.Context, outcome, problem string, err error) {
	now := s.now()
	s.metrics.deliveries[outcome].Inc()
	s.mu.Lock()
	s.state.Deliveries++
	switch {
	case err != nil:
		s.state.Failures++
		s.state.LastError = err.Error()
	case problem != "":
		s.state.Kept++
		s.state.LastSuccess = now
		s.state.LastError = "a delivery is no event: " + problem + "; it is kept in rejected_records"
	default:
		s.state.LastSuccess = now
		s.state.LastError = ""
	}
	s.mu.Unlock()
	if err == nil {
		s.metrics.success.Set(float64(now.UnixMilli()) / 1000)
	}
	if outcome == outcomeStored {
		s.back(ctx) // what is known already may be a delivery that somebody repeats
	}
	if problem != "" {
		s.log.WarnContext(ctx, "a delivery is no event; it is kept in rejected_records", slog.String("problem", problem))
	}
}

// saw notes how long an event was on its way.
func (s *source) saw(now, at time.Time) { s.metrics.lag.Set(max(0, now.Sub(at)).Seconds()) }

func (s *source) status() status.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.state
	return status.Source{Name: s.Origin.Source, Receiving: &state}
}
