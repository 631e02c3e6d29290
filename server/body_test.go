package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestBoundedReader(t *testing.T) {
	for _, tt := range []struct {
		size     int
		exceeded bool
	}{{0, false}, {9, false}, {10, false}, {11, true}, {1000, true}} {
		b := &boundedReader{r: strings.NewReader(strings.Repeat("x", tt.size)), left: 10}
		got, err := io.ReadAll(b)
		if b.exceeded != tt.exceeded || errors.Is(err, errTooLarge) != tt.exceeded || len(got) != min(tt.size, 10) {
			t.Errorf("%d bytes: read %d, exceeded %v, %v", tt.size, len(got), b.exceeded, err)
		}
	}
}

// FuzzValueBound: what is let through holds no JSON value above the limit, and a sequence of short lines passes.
func FuzzValueBound(f *testing.F) {
	f.Add([]byte(`{"a":[1,"}"]}` + "\n" + `{"b":"\\\""}`))
	f.Add([]byte(`]]]]{"a":1}`))
	f.Add([]byte(`"` + strings.Repeat("x", 50)))
	f.Fuzz(func(t *testing.T, body []byte) {
		const limit = 32
		v := &valueBound{limit: limit}
		passed := v.scan(body)
		dec := json.NewDecoder(bytes.NewReader(body[:passed]))
		for {
			var value json.RawMessage
			if dec.Decode(&value) != nil {
				break
			}
			if len(value) > limit {
				t.Fatalf("%d bytes of %q were let through", len(value), body)
			}
		}
		if passed == len(body) {
			return
		}
		short := true
		for line := range bytes.Lines(body) {
			short = short && len(line) <= limit && json.Valid(line)
		}
		if short {
			t.Fatalf("%q was stopped at %d", body, passed)
		}
	})
}
