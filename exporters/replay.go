package exporters

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// A dead letter is sent again as the newest version of its alert, once for all letters of the alert. That a letter is to be sent again is
// stored with it, so that it outlives the process. Such versions go before the queue, a batch in turn with one of the queue, and behind
// what overtakes; the cursor has nothing to do with them. The letter goes when the receiver took the version, and gets the new reason when
// it is refused once more.

// letters are those of the alerts in Runner.replays.
type letters struct {
	mu      sync.Mutex
	byAlert map[string][]DeadLetter
	// withdrawn are those of them that were discarded meanwhile.
	withdrawn map[uint64]bool
}

// begin takes the letters that are about to be sent again.
func (l *letters) begin(all []DeadLetter) {
	l.byAlert, l.withdrawn = map[string][]DeadLetter{}, map[uint64]bool{}
	for _, d := range all {
		l.byAlert[d.AlertID] = append(l.byAlert[d.AlertID], d)
	}
}

// of returns the letters of an alert in another state.
func (l *letters) of(alertID, state string) []DeadLetter {
	l.mu.Lock()
	defer l.mu.Unlock()
	moved := slices.Clone(l.byAlert[alertID])
	for i := range moved {
		moved[i] = moved[i].Moved(state, time.Now())
	}
	return moved
}

// ReplayDeadLetters has the letters, which are whole, sent again. It returns when that is durable, with how many it gave up instead: those of
// alerts that were retracted and that the receiver never had.
func (r *Runner) ReplayDeadLetters(ctx context.Context, all []DeadLetter, author string) (needless int, err error) {
	gone, err := r.needless(ctx, all)
	if err != nil {
		return 0, err
	}
	var left, again []DeadLetter
	for _, l := range all {
		if gone[l.AlertID] {
			l.Reason = status.LetterNeedless
			left = append(left, l)
		} else {
			again = append(again, l)
		}
	}
	if len(left) > 0 {
		if err := r.moveLetters(ctx, left, status.LetterDiscarded, author); err != nil {
			return 0, err
		}
	}
	if len(again) == 0 {
		return len(left), nil
	}
	if err := r.moveLetters(ctx, again, status.LetterReplay, author); err != nil {
		return len(left), err
	}
	r.asked.Store(true)
	select {
	case r.wake <- struct{}{}:
	default: // it is about to look anyway
	}
	return len(left), nil
}

// needless are the alerts of the letters that were retracted and that the receiver never had.
func (r *Runner) needless(ctx context.Context, all []DeadLetter) (map[string]bool, error) {
	gone := map[string]bool{}
	if r.o.lane.sparse() {
		return gone, nil // events are not retracted
	}
	var ids []string
	for i := range all {
		if !slices.Contains(ids, all[i].AlertID) {
			ids = append(ids, all[i].AlertID)
		}
	}
	newest, err := r.o.Log.Newest(ctx, ids, r.o.Log.Head())
	if err != nil {
		return nil, err
	}
	sent, err := r.o.Deliveries.LoadSent(ctx, r.o.Name, ids)
	if err != nil {
		return nil, err
	}
	for i := range newest {
		c := &newest[i]
		had := slices.ContainsFunc(sent, func(s Sent) bool { return s.AlertID == c.ID })
		gone[c.ID] = r.neverHad(c, &known{delivered: had})
	}
	return gone, nil
}

// neverHad says whether a change is the retraction of an alert that the receiver never had.
func (r *Runner) neverHad(c *alert.Change, k *known) bool {
	return c.Retracted && len(r.o.Filter.States) == 0 && !r.o.mayHave(c, k)
}

// DiscardDeadLetters gives the letters up. It returns when that is durable. What is under way to the receiver may still arrive.
func (r *Runner) DiscardDeadLetters(ctx context.Context, all []DeadLetter, author string) error {
	return r.moveLetters(ctx, all, status.LetterDiscarded, author)
}

func (r *Runner) moveLetters(ctx context.Context, all []DeadLetter, state, author string) error {
	moved := make([]DeadLetter, len(all))
	for i := range all {
		moved[i] = all[i].Moved(state, time.Now())
		moved[i].Author = author
	}
	r.letters.mu.Lock()
	defer r.letters.mu.Unlock()
	if err := r.o.DeadLetters.AddDeadLetters(ctx, moved); err != nil {
		return err
	}
	if state == status.LetterDiscarded && r.letters.withdrawn != nil {
		for i := range moved {
			r.letters.withdrawn[moved[i].Sequence] = true
		}
	}
	return r.countLetters(ctx)
}

func (r *Runner) countLetters(ctx context.Context) error {
	n, err := r.o.DeadLetters.CountDeadLetters(ctx, r.o.Name)
	if err == nil {
		r.state.setDeadLetters(n)
	}
	return err
}

// Resume has a destination that waits after a failure tried at once.
func (r *Runner) Resume() {
	select {
	case r.resumed <- struct{}{}:
	default:
	}
}

// takeReplays looks for letters that are to be sent again, when it is their turn.
func (r *Runner) takeReplays(ctx context.Context) error {
	if len(r.express)+len(r.replays) > 0 || !r.asked.Load() || r.stopping.Err() != nil {
		return nil
	}
	if r.replayed && (len(r.queue) > 0 || r.o.Log.Head() > r.read) {
		r.replayed = false
		return nil
	}
	r.asked.Store(false)
	var waiting []DeadLetter
	var newest []alert.Change
	err := r.persist(ctx, "reading what is to be sent again", func(ctx context.Context) (err error) {
		r.letters.mu.Lock()
		defer r.letters.mu.Unlock()
		if waiting, err = r.o.DeadLetters.Replays(ctx, r.o.Name, r.o.BatchChanges); err != nil {
			return err
		}
		r.letters.begin(waiting)
		if len(waiting) == 0 {
			return nil
		}
		var ids []string
		for id := range r.letters.byAlert {
			ids = append(ids, id)
		}
		newest, err = r.o.Log.Newest(ctx, ids, r.o.Log.Head())
		return err
	})
	if err != nil || len(waiting) == 0 {
		return err
	}
	if len(waiting) == r.o.BatchChanges {
		r.asked.Store(true)
	}
	if err := r.remember(ctx, newest); err != nil {
		return err
	}
	slices.SortFunc(newest, func(a, b alert.Change) int { return compareSequences(a.Sequence, b.Sequence) })
	var done []DeadLetter
	there := map[string]bool{}
	for _, c := range newest {
		there[c.ID] = true
		if k := r.known[c.ID]; k.Sequence >= c.Sequence && !r.queues(c.ID) {
			done = append(done, r.letters.of(c.ID, status.LetterSent)...) // the receiver has it, as after a crash
			continue
		}
		if k := r.known[c.ID]; r.neverHad(&c, &known{delivered: k.delivered}) { // it was retracted since somebody asked
			for _, l := range r.letters.of(c.ID, status.LetterDiscarded) {
				l.Reason = status.LetterNeedless
				done = append(done, l)
			}
			continue
		}
		r.replays = append(r.replays, r.again(c))
	}
	for _, l := range waiting {
		if !there[l.AlertID] {
			l = l.Moved(status.LetterStands, time.Now())
			l.Reason = "its " + r.o.lane.name() + " is no longer stored, so that it cannot be sent again"
			done = append(done, l)
		}
	}
	if len(done) == 0 {
		return nil
	}
	return r.storeLetters(ctx, done)
}

func compareSequences(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// queues says whether a version of the alert waits in the queue.
func (r *Runner) queues(alertID string) bool {
	return slices.ContainsFunc(r.queue, func(c alert.Change) bool { return c.ID == alertID })
}

// again is the change as the receiver is told it.
func (r *Runner) again(c alert.Change) alert.Change {
	switch {
	case c.Kind == alert.ChangeRetracted:
	case !r.known[c.ID].delivered:
		c.Kind, c.PreviousState = alert.ChangeCreated, ""
	case c.Kind == alert.ChangeDescribed:
		c.Kind = alert.ChangeUpdated
	}
	return c
}

// refusedAgain are the letters of a version that the receiver refused once more.
func (r *Runner) refusedAgain(c *alert.Change, reason string) []DeadLetter {
	all := r.letters.of(c.ID, status.LetterStands)
	tried := r.letter(c, reason)
	for i := range all {
		all[i].Reason, all[i].Payload = tried.Reason, tried.Payload
	}
	return all
}

// storeLetters stores what became of letters that were to be sent again.
func (r *Runner) storeLetters(ctx context.Context, all []DeadLetter) error {
	sent, refused := 0, 0
	err := r.persist(ctx, "storing dead letters", func(ctx context.Context) error {
		r.letters.mu.Lock()
		defer r.letters.mu.Unlock()
		kept := slices.DeleteFunc(slices.Clone(all), func(l DeadLetter) bool {
			return l.State == status.LetterStands && r.letters.withdrawn[l.Sequence]
		})
		sent, refused = 0, 0
		for _, l := range kept {
			switch l.State {
			case status.LetterSent:
				sent++
			case status.LetterStands:
				refused++
			}
		}
		if len(kept) > 0 {
			if err := r.o.DeadLetters.AddDeadLetters(ctx, kept); err != nil {
				return err
			}
		}
		return r.countLetters(ctx)
	})
	if err == nil {
		r.o.Logger.InfoContext(ctx, "dead letters were sent again", slog.String("destination", r.o.Name), slog.Int("taken", sent), slog.Int("refused", refused))
	}
	return err
}

// postponeReplays lets what overtakes go first; what is to be sent again is looked for anew after it.
func (r *Runner) postponeReplays() {
	if len(r.replays) > 0 {
		r.replays = nil
		r.asked.Store(true)
	}
}
