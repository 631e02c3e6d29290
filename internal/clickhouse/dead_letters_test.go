package clickhouse_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// testDeadLetters runs in a database that other tests made.
func testDeadLetters(t *testing.T, db *clickhouse.DB, base time.Time) {
	t.Helper()
	ctx := t.Context()
	base = base.Truncate(time.Millisecond) // as the column has it
	add := func(l ...status.DeadLetter) {
		t.Helper()
		if err := db.AddDeadLetters(ctx, fmt.Sprint(l), l); err != nil {
			t.Fatal(err)
		}
	}
	keys := func(l []status.DeadLetter, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, one := range l {
			out += fmt.Sprintf("%s/%d/%s/%s ", one.Destination, one.Sequence, one.State, one.Payload)
		}
		return out
	}
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	letters := []status.DeadLetter{{Destination: "b", Sequence: 3, AlertID: "x", Reason: "r", Time: base, Payload: "p3"}}
	for i := range uint64(3) {
		letters = append(letters, status.DeadLetter{Destination: "a", Sequence: i + 1, AlertID: []string{"x", "y", "x"}[i], Reason: "r", Time: base, Payload: fmt.Sprint("p", i+1)})
	}
	add(letters...)
	add(letters[1])                                                   // again, as after a crash
	a1 := letters[1].Moved(status.LetterReplay, base.Add(-time.Hour)) // a clock that went back hides nothing
	a1.Author = "ann"
	a2 := letters[2].Moved(status.LetterDiscarded, base)
	add(a1)
	add(a2)
	check("all", keys(db.DeadLetters(ctx, status.DeadLetterQuery{Limit: 10, Full: true})), "a/1/replay/p1 a/3//p3 b/3//p3 ")
	check("a page", keys(db.DeadLetters(ctx, status.DeadLetterQuery{Limit: 1, AfterDestination: "a", AfterSequence: 1})), "a/3// ")
	check("of a destination and an alert", keys(db.DeadLetters(ctx, status.DeadLetterQuery{Destination: "a", AlertID: "x", AfterSequence: 1, AfterDestination: "a", Limit: 9})), "a/3// ")
	check("to be sent again", keys(db.Replays(ctx, "a", 9)), "a/1/replay/p1 ")
	if n, err := db.CountDeadLetters(ctx, "a"); err != nil || n != 2 {
		t.Errorf("dead letters %d %v, want 2", n, err)
	}
	got, err := db.GetDeadLetter(ctx, "a", 1)
	if err != nil || !got.First.Equal(base) || !got.Time.After(base) || got.Author != "ann" || got.Payload != "p1" || got.Reason != "r" || got.AlertID != "x" {
		t.Errorf("letter %+v %v", got, err)
	}
	if _, err := db.GetDeadLetter(ctx, "a", 2); !fault.Is(err, fault.NotFound) {
		t.Errorf("a discarded letter: %v", err)
	}
}
