package alert_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestCommentsAreBound: by their number, and by their length in bytes together.
func TestCommentsAreBound(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
	}{{"seen", alert.MaxComments}, {strings.Repeat("ж", 4000), alert.MaxCommentBytes / 8003}} {
		var a alert.Alert
		n, err := 0, error(nil)
		for ; err == nil && n < 1000; n++ {
			err = (&alert.Work{Comment: c.text}).Apply(&a, "ann")
		}
		var refusal *alert.Refusal
		if n-1 != c.most || len(a.Triage.Comments) != c.most || !errors.As(err, &refusal) || refusal.Why != alert.RefusedComments || !strings.Contains(refusal.Text, "which is the most") {
			t.Errorf("%d bytes each: %d comments, then %v", len(c.text), len(a.Triage.Comments), err)
		}
	}
}
