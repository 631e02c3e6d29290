package exporters

import "testing"

func TestNoneTaken(t *testing.T) {
	for n, want := range map[int]string{
		1: "the receiver does not take the one change that was sent alone, nor anything else that was tried",
		5: "the receiver takes none of the 5 changes that were sent alone",
	} {
		if got := noneTaken(n); got != want {
			t.Errorf("%d: %q, expected %q", n, got, want)
		}
	}
}
