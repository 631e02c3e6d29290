package main

import "testing"

// TestMoreExamples: what is not shown is counted, with how to see it.
func TestMoreExamples(t *testing.T) {
	for _, c := range []struct {
		n, shown int
		want     string
	}{
		{10, 10, ""}, {75, 10, "  and 65 more; --examples 75 shows them\n"}, {4000, 1000, "  and 3000 more; --examples shows 1000 of them, and --from and --to less of the time\n"},
	} {
		if got := moreExamples(c.n, c.shown, ""); got != c.want {
			t.Errorf("%d of %d: %q, expected %q", c.shown, c.n, got, c.want)
		}
	}
}
