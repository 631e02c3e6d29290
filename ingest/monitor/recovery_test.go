package monitor

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// TestABrokenLineTakesNoOther: whatever is wrong with a line of a file of lines, all other lines are read.
func TestABrokenLineTakesNoOther(t *testing.T) {
	for _, broken := range []string{
		`{"eventId":"b"`, `{"eventId":"b`, `{"eventId":`, `{"eventId"`, `{`, `[`, `[1`, `[{"eventId":"in"},`, `{"data":`, `{"data":[`, `{"data":[{`, `{"data":[{"eventId":"in"}`, `{"data":[{"eventId":"in"},`,
		`{"data":[{"eventId":"in"}]`, `{"resultData":[`, `{"endCursor":"x",`, `{"a":[`, `{"a":{`, `{"a":1,`, `{"a":[1,`, `nonsense`, `{"a" 1}`, `{"a":1}}`, `}`, `]`, `{"a":1]`, `"x"`, `{"a":"b\`, `{"a":tru`, `{'a':1}`, `{"a":1,}`,
	} {
		var text strings.Builder
		var want []string
		for i := range 7 {
			line := fmt.Sprintf(`{"eventId":"good-%d"}`, i)
			if i == 2 {
				text.WriteString(broken + "\n")
			}
			want = append(want, line)
			text.WriteString(line + "\n")
		}
		r := NewReader(strings.NewReader(text.String()), Options{})
		var got []string
		problems := 0
		for {
			item, err := r.Next()
			var syntax *SyntaxError
			if errors.Is(err, io.EOF) {
				break
			}
			if errors.As(err, &syntax) {
				problems++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(item.Raw), "good") {
				got = append(got, string(item.Raw))
			}
		}
		if !slices.Equal(got, want) || problems != 1 {
			t.Errorf("%s: read %v with %d problems", broken, got, problems)
		}
	}
}

// TestAListWithAMissingComma gives all of its records and one problem.
func TestAListWithAMissingComma(t *testing.T) {
	r := NewReader(strings.NewReader("{\"data\":[\n{\"eventId\":\"1\"},\n{\"eventId\":\"2\"}\n{\"eventId\":\"3\"},\n{\"eventId\":\"4\"}\n]}\n"), Options{})
	records, problems := 0, 0
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			problems++
			continue
		}
		records++
	}
	if records != 4 || problems != 1 || r.EndCursor() != "" {
		t.Errorf("%d records, %d problems, cursor %q", records, problems, r.EndCursor())
	}
}
