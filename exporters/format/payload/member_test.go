package payload

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// decoded is what at has to find, by decoding everything.
func decoded(object []byte, path string) []string {
	var value any
	if path == "" || json.Unmarshal(object, &value) != nil {
		return nil
	}
	if _, ok := value.(map[string]any); !ok {
		return nil
	}
	return texts(value, strings.Split(path, "."))
}

func FuzzAt(f *testing.F) {
	for _, object := range []string{
		`{}`, ` { } `, `{"a":"x"}`, `{"a" : "x" , "b":["y", {"c":"z"}], "n":-1.5e3,"t":true}`, `{"b":[{"c":["1","2"]},{"c":"3"},[{"c":"4"}]],"b.c":"no"}`, `{"a":"x","a":["y"]}`,
		`{"\u0061":"escaped","q\"":"\\"}`, `{"x":{"a":"inner"},"y":"\"a\":\"text\"","a":null}`, `["a"]`, `"a"`, `null`, `{"a":"x"`, `{"a":"x"}}`, `{"":"empty"}`, "{\"a\":\"\xff\"}",
	} {
		for _, path := range []string{"a", "b", "b.c", "x.a", "", ".", "q\"", "t"} {
			f.Add([]byte(object), path)
		}
	}
	f.Fuzz(func(t *testing.T, object []byte, path string) {
		if !json.Valid(object) {
			_ = at(object, path) // it may be anything, and must not panic
			return
		}
		if got, want := at(object, path), decoded(object, path); !slices.Equal(got, want) {
			t.Errorf("%q in %s: %q, want %q", path, object, got, want)
		}
	})
}
