package poll

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

// endless is a page that does not end.
type endless struct{ begun bool }

func (e *endless) Read(p []byte) (int, error) {
	const one = `{"eventId":"e","timestamp":"2026-05-04T08:00:00Z"},`
	text := `{"data":[`
	if e.begun {
		text = strings.Repeat(one, max(1, len(p)/len(one)))
	}
	e.begun = true
	return copy(p, text[:min(len(p), len(text))]), nil
}

func TestPageIsBounded(t *testing.T) {
	p := &Page{}
	err := p.read(&endless{})
	var e *docusign.Error
	if !errors.As(err, &e) || e.Kind != docusign.KindResponse || p.EndCursor != "" {
		t.Errorf("%v, cursor %q", err, p.EndCursor)
	}
}

// FuzzPage: whatever comes, a page without an error has a cursor, and an error has a kind.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{`{"data":[{"eventId":"a"}],"endCursor":"c"}`, `{"endCursor":"c","resultData":[null,1,"x"]}`, `{"resultData":null,"endCursor":"c"}`, `{"data":[{]}`, `[`, `{}`, "\x1f\x8b", `{"data":[],"endCursor":7}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		p := &Page{}
		err := p.read(io.MultiReader(strings.NewReader(body)))
		var e *docusign.Error
		switch {
		case err == nil && p.EndCursor == "":
			t.Errorf("no cursor and no error: %q", body)
		case err != nil && (!errors.As(err, &e) || e.Kind == "" || e.Message == ""):
			t.Errorf("%v", err)
		}
	})
}
