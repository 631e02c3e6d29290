package exporters

import "testing"

func TestNoneTaken(t *testing.T) {
	for _, c := range []struct {
		n     int
		thing string
		want  string
	}{
		{1, laneOfAlerts{}.thing(), "the receiver does not take the one change that was sent alone, nor anything else that was tried"},
		{5, laneOfAlerts{}.thing(), "the receiver takes none of the 5 changes that were sent alone"},
		{1, laneOfEvents{}.thing(), "the receiver does not take the one event that was sent alone, nor anything else that was tried"},
		{5, laneOfEvents{}.thing(), "the receiver takes none of the 5 events that were sent alone"},
	} {
		if got := noneTaken(c.n, c.thing); got != c.want {
			t.Errorf("%d: %q, expected %q", c.n, got, c.want)
		}
	}
}
