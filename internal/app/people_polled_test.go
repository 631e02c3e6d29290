package app

import (
	"testing"

	"github.com/sealwatch/sealwatch/internal/directory"
)

// TestConfirmation is about the people who were to leave when it was given: as many others are held again.
func TestConfirmation(t *testing.T) {
	b := &peopleBook{}
	woken := 0
	b.polled.register("entra", func() { woken++ })
	held := func(ids ...string) directory.Outcome {
		return directory.Outcome{People: 20, Left: len(ids), Leaving: ids, Held: true}
	}
	b.polled.settle("entra", held("a", "b", "c"))
	if b.polled.allowed("entra", held("a", "b", "c")) {
		t.Error("nobody has confirmed it")
	}
	if _, err := b.ConfirmDelivery(t.Context(), "entra", 3); err != nil || woken != 1 {
		t.Fatalf("%v, woken %d", err, woken)
	}
	for name, c := range map[string]struct {
		o    directory.Outcome
		want bool
	}{"the same": {held("a", "b", "c"), true}, "some": {held("b"), true}, "others": {held("x", "y", "z"), false}, "one other": {held("a", "x"), false}} {
		if got := b.polled.allowed("entra", c.o); got != c.want {
			t.Errorf("%s: allowed %v", name, got)
		}
	}
	applied := held("a")
	applied.Held, applied.Applied = false, true
	b.polled.settle("entra", applied)
	if b.polled.allowed("entra", held("a")) {
		t.Error("a confirmation is good for one delivery")
	}
}
