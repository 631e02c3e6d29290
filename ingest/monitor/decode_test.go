package monitor

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/event"
)

func TestDecode(t *testing.T) {
	text, err := os.ReadFile("testdata/records.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, JSON, Error string
		Want              map[string]any
	}
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			got, err := Decode([]byte(tt.JSON))
			if tt.Error != "" {
				var fe *FieldError
				if !errors.As(err, &fe) || err.Error() != tt.Error {
					t.Errorf("got  %v\nwant %s", err, tt.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := wanted(t, tt.Want)
			want.Raw = []byte(tt.JSON)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// wanted makes a record of the fields that a case names.
func wanted(t *testing.T, fields map[string]any) (r event.Record) {
	t.Helper()
	if d, ok := fields["Data"]; ok {
		r.Data = []byte(d.(string))
		delete(fields, "Data")
	}
	text, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTimestamp(t *testing.T) {
	good := map[string]string{
		"2024-07-07T16:20:36.1227494Z":      "2024-07-07T16:20:36.1227494Z",
		"2024-07-07T09:56:17.606699Z":       "2024-07-07T09:56:17.606699Z",
		"2024-07-07T09:56:17.6Z":            "2024-07-07T09:56:17.6Z",
		"2024-07-07T09:56:17.123456789123Z": "2024-07-07T09:56:17.1234567Z",
		"2024-07-07T09:56:17":               "2024-07-07T09:56:17Z",
		"2024-07-07 09:56:17.5":             "2024-07-07T09:56:17.5Z",
		"2024-07-07t09:56:17z":              "2024-07-07T09:56:17Z",
		"2024-07-07T09:56:17.25+05:30":      "2024-07-07T04:26:17.25Z",
		"2024-07-07T09:56:17-0800":          "2024-07-07T17:56:17Z",
		"2024-07-07T09:56:17+02":            "2024-07-07T07:56:17Z",
		"2024-02-29T00:00:00Z":              "2024-02-29T00:00:00Z",
		"2099-12-31T23:59:59.9999999Z":      "2099-12-31T23:59:59.9999999Z",
	}
	for in, want := range good {
		if got, err := parseTime(in); err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: got %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "2024", "2024-07-07", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-07-07T24:00:00Z",
		"2024-07-07T00:60:00Z", "2024-07-07T00:00:60Z", "2024-07-07T00:00:00.Z", "2024-07-07T00:00:00,5Z", "2024-07-07T00:00:00+5",
		"2024-07-07T00:00:00+25:00", "2024-07-07T00:00:00+05:3x", "2024-07-07T00:00:00Zx", "+024-07-07T00:00:00Z", "2100-01-01T00:00:00Z"} {
		if got, err := parseTime(in); err == nil || !strings.Contains(err.Error(), "expected a time") {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
}

func TestComplete(t *testing.T) {
	at := time.Date(2024, 7, 7, 16, 20, 36, 122749499, time.FixedZone("", 3600))
	r := event.Record{Timestamp: at, EventID: "AAAAAAAA-1111-1111-1111-8684637B1123", Data: []byte(` {"b":["x","y"], "a":1.0}`)}
	if err := Complete(&r); err != nil {
		t.Fatal(err)
	}
	want := event.Record{Timestamp: time.Date(2024, 7, 7, 15, 20, 36, 122749400, time.UTC),
		EventID: "aaaaaaaa-1111-1111-1111-8684637b1123", Data: []byte(`{"a":1,"b":"xy"}`)}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for problem, r := range map[string]event.Record{
		`event "a": timestamp: not there`:       {EventID: "a"},
		`event "a": timestamp: found 1999`:      {EventID: "a", Timestamp: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)},
		`event "a": data: found an array`:       {EventID: "a", Timestamp: at, Data: []byte(`[]`)},
		`event "a": data: invalid JSON at byte`: {EventID: "a", Timestamp: at, Data: []byte(`{`)},
		`eventId: not there`:                    {Timestamp: at},
		`eventId: found 129 bytes`:              {Timestamp: at, EventID: strings.Repeat("a", 129)},
		`event "\xff": eventId: found "\xff"`:   {Timestamp: at, EventID: "\xff"},
		`event "a": longitude: found 200`:       {Timestamp: at, EventID: "a", Longitude: 200},
	} {
		if err := Complete(&r); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("got %v, want %s", err, problem)
		}
	}
}

func FuzzDecode(f *testing.F) {
	text, err := os.ReadFile("testdata/records.yaml")
	if err != nil {
		f.Fatal(err)
	}
	var cases []struct{ JSON string }
	if err := yaml.Unmarshal(text, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add([]byte(c.JSON))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := Decode(raw)
		if err != nil {
			if !errors.As(err, new(*FieldError)) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		again := r
		if err := Complete(&again); err != nil {
			t.Fatalf("what Decode took, Complete refuses: %v", err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Fatalf("Complete changes what Decode made:\n%s", diff)
		}
	})
}
