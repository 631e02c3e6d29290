package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

// watch writes down what it is told.
type watch struct {
	told []string
	last Loss
	fail error
}

func (w *watch) Lost(_ context.Context, l Loss) error {
	if w.fail == nil {
		w.told, w.last = append(w.told, "lost"), l
	}
	return w.fail
}

func (w *watch) Restored(_ context.Context, source string, _ time.Time) error {
	if w.fail == nil {
		w.told = append(w.told, "back "+source)
	}
	return w.fail
}

// TestLoss: keys that were changed in DocuSign are an alert, and a few deliveries of strangers are none.
func TestLoss(t *testing.T) {
	f := receiver(t)
	stranger := func(n int) {
		t.Helper()
		for range n {
			if ok, _ := f.Receive(t.Context(), "main", []string{sign("a key that is new here", voided)}, []byte(voided)); ok {
				t.Fatal("taken")
			}
		}
	}
	docusign := func(i int) {
		t.Helper()
		body := strings.Replace(voided, `"e"`, fmt.Sprintf(`"e%d"`, i), 1)
		if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, body)}, []byte(body)); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	expect := func(what string, told ...string) {
		t.Helper()
		if strings.Join(f.watch.told, ",") != strings.Join(told, ",") {
			t.Errorf("%s: told %q, expected %q", what, f.watch.told, told)
		}
	}
	docusign(1)
	expect("the first one ends what an earlier process may have told", "back connect/main")
	docusign(2)
	stranger(50)
	expect("many at once, just after an authentic one", "back connect/main")
	f.now = f.now.Add(lostAfter)
	docusign(3)
	stranger(lostRefusals - 1)
	f.now = f.now.Add(lostAfter)
	expect("one too few", "back connect/main")
	f.watch.fail = errors.New("the database does not answer")
	stranger(3)
	f.watch.fail = nil
	stranger(3)
	expect("a call that failed is not made again at once", "back connect/main")
	f.now = f.now.Add(tellAgain)
	stranger(3)
	expect("lost, once", "back connect/main", "lost")
	if l := f.watch.last; l.Source != "connect/main" || l.Kind != outcomeSignature || l.Failures < lostRefusals || !l.Since.Equal(f.now.Add(-lostAfter-tellAgain)) || !strings.Contains(l.Problem, "hmacKeyFiles") {
		t.Errorf("loss %+v", l)
	}
	docusign(4)
	docusign(5)
	expect("and back, once", "back connect/main", "lost", "back connect/main")
}

// TestLossByCause: whatever makes the deliveries fail is a loss, and its text says what to do, and that a stranger may have made it.
func TestLossByCause(t *testing.T) {
	for outcome, tt := range map[string]struct {
		refuse func(f *fixture)
		says   string
	}{
		outcomeUnsigned:  {func(f *fixture) { f.Authentic(t.Context(), "main", nil, nil) }, "Include HMAC Signature"},
		outcomeSignature: {func(f *fixture) { f.Authentic(t.Context(), "main", []string{"x"}, nil) }, "hmacKeyFiles"},
		outcomeOversized: {func(f *fixture) { f.Oversized(t.Context(), "main", 5) }, "documents"},
		outcomeBroken:    {func(f *fixture) { f.Broken(t.Context(), "main") }, "proxy"},
		outcomeBusy:      {func(f *fixture) { f.Busy(t.Context(), "main") }, "database"},
	} {
		t.Run(outcome, func(t *testing.T) {
			f := receiver(t)
			f.now = f.now.Add(lostAfter)
			f.Authentic(t.Context(), "main", []string{"x"}, nil)
			for range lostRefusals - 1 {
				tt.refuse(f)
			}
			if strings.Join(f.watch.told, ",") != "lost" || f.watch.last.Kind != outcome || !strings.Contains(f.watch.last.Problem, tt.says) || !strings.Contains(f.watch.last.Problem, "stranger") {
				t.Errorf("told %q, %+v", f.watch.told, f.watch.last)
			}
			if s := f.state(t); s.Refused != lostRefusals {
				t.Errorf("status %+v", s)
			}
			if n := testutil.ToFloat64(f.Receiver.sources["main"].metrics.deliveries[outcome]); n < lostRefusals-1 {
				t.Errorf("the metric has %v", n)
			}
		})
	}
}

// TestReplayEndsNoLoss: who repeats what he once heard, or what can become no event, does not hide that DocuSign's deliveries fail.
func TestReplayEndsNoLoss(t *testing.T) {
	f := receiver(t)
	old := []string{voided, "{}"}
	repeat := func() {
		t.Helper()
		for _, body := range old {
			if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, body)}, []byte(body)); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
	}
	repeat()
	for range lostRefusals {
		f.now = f.now.Add(lostAfter / 5)
		f.Authentic(t.Context(), "main", nil, nil)
		repeat()
	}
	if told := strings.Join(f.watch.told, ","); told != "back connect/main,lost" {
		t.Errorf("told %q", told)
	}
}

// TestLossOfStrangersEnds: refusals that end are over after an hour, those that an earlier process told of, too.
func TestLossOfStrangersEnds(t *testing.T) {
	f := receiver(t)
	step := func(d time.Duration, told string) {
		t.Helper()
		f.now = f.now.Add(d)
		f.quiet(t.Context())
		if now := strings.Join(f.watch.told, ","); now != told {
			t.Fatalf("told %q, expected %q", now, told)
		}
	}
	step(quietAfter-time.Second, "")
	step(time.Second, "back connect/main")
	step(quietAfter, "back connect/main")
	for range lostRefusals {
		f.Authentic(t.Context(), "main", []string{"x"}, nil)
	}
	step(quietAfter-time.Second, "back connect/main,lost")
	f.Authentic(t.Context(), "main", []string{"x"}, nil)
	step(time.Minute, "back connect/main,lost")
	f.watch.fail = errors.New("the database does not answer")
	step(quietAfter, "back connect/main,lost")
	f.watch.fail = nil
	step(tellAgain, "back connect/main,lost,back connect/main")
	f.Authentic(t.Context(), "main", []string{"x"}, nil)
	step(0, "back connect/main,lost,back connect/main")
}

// TestWatchRunEnds with its context.
func TestWatchRunEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	f := receiver(t)
	go func() { defer close(done); f.Run(ctx) }()
	cancel()
	<-done
}
