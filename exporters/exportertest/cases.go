package exportertest

import (
	"context"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

func orderIsKept(b *bench) {
	_, kill := b.start()
	for n := 1; n <= 500; n += 10 {
		b.log.Append(Changes(n, 10)...)
	}
	b.verify()
	kill()
	b.once()
}

func downAtStart(b *bench) {
	b.receiver.Behave(Refuse)
	b.log.Append(Changes(1, 150)...)
	r, kill := b.start()
	b.failing(r)
	if s := r.Status(); s.State != status.DestinationRetrying || s.Pending != 150 {
		b.Errorf("status %+v", s)
	}
	b.receiver.Behave(None)
	b.verify()
	kill()
	b.once()
}

func acceptsAndCloses(b *bench) {
	b.receiver.Behave(AcceptAndClose)
	b.log.Append(Changes(1, 50)...)
	r, kill := b.start()
	b.failing(r)
	b.receiver.Behave(None)
	b.verify()
	kill()
}

func stalls(b *bench) {
	b.timeout = 2 * time.Second // it bounds what is sent after the stall, too, which a busy machine encodes slowly
	b.receiver.Behave(Stall)
	b.log.Append(bulky(bulk)...)
	r, kill := b.start()
	b.failing(r)
	b.receiver.Behave(None)
	b.verify()
	kill()
}

func halfClosed(b *bench) {
	b.receiver.Behave(HalfClose)
	b.log.Append(Changes(1, 50)...)
	_, kill := b.start()
	b.eventually("something was read", func() bool { return len(b.receiver.Received()) > 0 })
	b.receiver.Behave(None)
	b.verify()
	kill()
}

func restartBetweenBatches(b *bench) {
	_, kill := b.start()
	for n := 1; n <= 200; n += 40 {
		b.log.Append(Changes(n, 20)...)
		b.verify()
		b.receiver.Behave(Refuse)
		b.log.Append(Changes(n+20, 20)...)
		b.receiver.Behave(None)
	}
	b.verify()
	kill()
}

// lostWhileIdle is about what the receiver had taken in and not read when it died, with no change to follow.
func lostWhileIdle(b *bench) {
	b.timeout = 500 * time.Millisecond
	b.receiver.Behave(Stall)
	b.log.Append(Changes(1, 3)...)
	r, kill := b.start()
	b.eventually("it is sent, or has failed", func() bool { s := r.Status(); return s.Pending == 0 || s.LastError != "" })
	b.receiver.Behave(None)
	b.verify()
	kill()
}

func oversized(b *bench) {
	changes := Changes(1, 21)
	changes[10].Evidence = `{"text": "` + strings.Repeat("x", 5<<20) + `"}`
	b.log.Append(changes...)
	_, kill := b.start()
	b.verify()
	kill()
	for s := range b.store.DeadLetters(destination) {
		if s != 11 {
			b.Errorf("change %d is a dead letter, because of change 11", s)
		}
	}
}

func poisoned(b *bench) {
	changes := Changes(1, 30)
	changes[4], changes[20], changes[29] = b.f.Poisoned, b.f.Poisoned, b.f.Poisoned
	changes[20].Severity, changes[29].Severity = alert.SeverityCritical, alert.SeverityMedium // or they would tell nothing new of the same alert
	b.log.Append(changes...)
	r, kill := b.start()
	b.verify()
	b.log.Append(Change(31))
	b.verify()
	kill()
	letters := b.store.DeadLetters(destination)
	for _, s := range []uint64{5, 21, 30} {
		if letters[s].Reason == "" || letters[s].Payload == "" {
			b.Errorf("change %d has no dead letter with a reason", s)
		}
	}
	if n := r.Status().DeadLetters; n != 3 || len(letters) != 3 {
		b.Errorf("%d dead letters in the status, %d stored, want 3", n, len(letters))
	}
}

func killedBeforeCursor(b *bench) {
	sent := make(chan struct{}, 1)
	b.store.BeforeSent = func(ctx context.Context) error {
		sent <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	b.log.Append(Changes(1, 20)...)
	_, kill := b.start()
	<-sent
	kill()
	b.store.BeforeSent = nil
	_, kill = b.start()
	b.verify()
	b.eventually("everything was sent again", func() bool { return len(b.receiver.Received()) == 40 })
	kill()
}

func cancelled(b *bench) {
	b.timeout = long
	b.receiver.Behave(Stall)
	b.log.Append(bulky(bulk)...)
	r, kill := b.start()
	var before uint64
	b.eventually("the writing is stuck", func() bool {
		pending := r.Status().Pending
		stuck := pending == before
		before = pending
		time.Sleep(100 * time.Millisecond)
		return stuck && (pending < bulk || b.f.Acknowledged)
	})
	kill() // returns, or the test never ends
	b.receiver.Behave(None)
	_, kill = b.start()
	b.log.Append(alert.Change{Kind: alert.ChangeCreated, Alert: Change(bulk + 1).Alert})
	b.eventually("what the cursor had not passed has arrived", func() bool {
		got := b.receiver.Received()
		return len(got) > 0 && got[len(got)-1].Sequence == bulk+1
	})
	kill()
}

func stopped(b *bench) {
	b.log.Append(Changes(1, 350)...)
	r, _ := b.start()
	b.eventually("it has begun", func() bool { return r.Status().Delivered > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		b.Errorf("Stop: %v", err)
	}
	b.verify()
	b.once()
}
