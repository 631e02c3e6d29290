package duration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/duration"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10m": 10 * time.Minute, "2h30m": 150 * time.Minute, "7d": 168 * time.Hour, "1w": 168 * time.Hour, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour,
		"744h0m0s": 744 * time.Hour, " 90s ": 90 * time.Second, "1w2d3h4m5s": 219*time.Hour + 4*time.Minute + 5*time.Second, "0": 0, "-5m": -5 * time.Minute,
	} {
		if got, err := duration.Parse(text); err != nil || got != want {
			t.Errorf("%q is %v, %v; expected %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1x", "10", "7d-1h", "1h7d", "d", "99999999w", "300000d", "90000000000h", "7 d"} {
		if got, err := duration.Parse(text); err == nil || !strings.Contains(err.Error(), "2h30m or 7d") {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func TestText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", 10 * time.Minute: "10m", 150 * time.Minute: "2h30m", 24 * time.Hour: "24h", 744 * time.Hour: "31d", 49 * time.Hour: "2d1h", time.Hour + time.Second: "1h0m1s",
		1500 * time.Millisecond: "1.5s", -10 * time.Minute: "-10m",
	} {
		got := duration.Text(d)
		if back, err := duration.Parse(got); got != want || err != nil || back != d {
			t.Errorf("%v is %q (%v, %v), expected %q", d, got, back, err, want)
		}
	}
}
