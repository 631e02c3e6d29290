package spelling_test

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/spelling"
)

func TestClosest(t *testing.T) {
	words := []string{"export", "list", "serve", "alerts", "left", "send", "--limit"}
	for typed, want := range map[string]string{"exprot": "export", "lst": "list", "serv": "serve", "alert": "alerts", "lefft": "left", "--limt": "--limit", "EXPORT": "export", "download": "", "": "", "x": "", strings.Repeat("x", 5000): ""} {
		if got := spelling.Closest(typed, words); got != want {
			t.Errorf("%.20q is %q, expected %q", typed, got, want)
		}
	}
	if got := spelling.Hint("exprot", words); got != "; did you mean export?" {
		t.Error(got)
	}
	for typed, want := range map[string]string{"exprot": "; did you mean export?", "download": "; expected one of export, list"} {
		if got := spelling.Instead(typed, words[:2]); got != want {
			t.Errorf("instead of %q: %q, expected %q", typed, got, want)
		}
	}
	if got := spelling.Instead("download", nil); got != "" {
		t.Error(got)
	}
}
