package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
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
	for range 20 { // not signed at all
		if ok, _ := f.Receive(t.Context(), "main", nil, nil); ok {
			t.Fatal("taken")
		}
	}
	expect("one too few, and such as are not signed", "back connect/main")
	f.watch.fail = errors.New("the database does not answer")
	stranger(3)
	f.watch.fail = nil
	stranger(3)
	expect("a call that failed is not made again at once", "back connect/main")
	f.now = f.now.Add(tellAgain)
	stranger(3)
	expect("lost, once", "back connect/main", "lost")
	if l := f.watch.last; l.Source != "connect/main" || l.Kind != "signature" || l.Failures < lostRefusals || !l.Since.Equal(f.now.Add(-lostAfter-tellAgain)) || !strings.Contains(l.Problem, "hmacKeyFiles") {
		t.Errorf("loss %+v", l)
	}
	docusign(4)
	docusign(5)
	expect("and back, once", "back connect/main", "lost", "back connect/main")
}
