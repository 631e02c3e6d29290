package ingest

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/event"
)

func hashOf(t *testing.T, json string) uint64 {
	t.Helper()
	r, err := monitor.Decode([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	return contentHash(&r)
}

// roundTrip writes a record as if it had come typed, and reads it again.
func roundTrip(t testing.TB, r event.Record) {
	t.Helper()
	want := contentHash(&r)
	r.Raw = nil
	again, err := monitor.Decode([]byte(encode(&r)))
	if err != nil {
		t.Fatalf("%v\n%s", err, encode(&r))
	}
	again.Raw = nil
	if diff := cmp.Diff(r, again); diff != "" {
		t.Fatalf("(-before +after):\n%s", diff)
	}
	if got := contentHash(&again); got != want {
		t.Fatalf("hash %x, was %x", got, want)
	}
}

func TestHashIgnoresSpelling(t *testing.T) {
	const plain = `{"timestamp":"2024-06-30T07:08:06.1Z","eventId":"aaaaaaaa-1111-1111-1111-8684637b1123","latitude":47.6,"longitude":0,"data":{"A":1,"B":["x","yz"],"C":{"D":null,"E":100}},"site":"é"}`
	same := map[string]string{
		"order":             `{"site":"é","longitude":0,"latitude":47.6,"data":{"C":{"E":100,"D":null},"B":["x","yz"],"A":1},"eventId":"aaaaaaaa-1111-1111-1111-8684637b1123","timestamp":"2024-06-30T07:08:06.1Z"}`,
		"white space":       "{ \"timestamp\":\"2024-06-30T07:08:06.1Z\",\n\"eventId\": \"aaaaaaaa-1111-1111-1111-8684637b1123\" , \"latitude\":47.6,\"longitude\":0,\"data\" : {\"A\" : 1,\"B\":[ \"x\",\"yz\"],\"C\":{\"D\":null,\"E\":100}},\"site\":\"é\"}",
		"numbers":           `{"timestamp":"2024-06-30T07:08:06.1Z","eventId":"aaaaaaaa-1111-1111-1111-8684637b1123","latitude":"4.76e1","longitude":-0.0,"data":{"A":1.0,"B":["x","yz"],"C":{"D":null,"E":1e2}},"site":"é"}`,
		"time":              `{"timestamp":"2024-06-30T09:08:06.100000000+02:00","eventId":"aaaaaaaa-1111-1111-1111-8684637b1123","latitude":47.6,"longitude":0,"data":{"A":1,"B":["x","yz"],"C":{"D":null,"E":100}},"site":"é"}`,
		"case, escapes":     `{"timestamp":"2024-06-30T07:08:06.1Z","eventId":"AAAAAAAA-1111-1111-1111-8684637B1123","latitude":47.6,"longitude":0,"data":{"\u0041":1,"B":["\u0078","yz"],"C":{"D":null,"E":100}},"site":"\u00e9"}`,
		"null, joined name": `{"timestamp":"2024-06-30T07:08:06.1Z","eventId":"aaaaaaaa-1111-1111-1111-8684637b1123","latitude":47.6,"longitude":null,"data":{"A":1,"B":["x","yz"],"C":{"D":null,"E":100}},"site":"é","userId":null,"userName":"J","unknown":1}`,
		"wrapper":           `{"user_info":{"user_name":"J"},"activity_log":` + plain + `}`,
		"nested place":      `{"timestamp":"2024-06-30T07:08:06.1Z","eventId":"aaaaaaaa-1111-1111-1111-8684637b1123","ipAddressLocation":{"latitude":47.6,"longitude":0},"data":{"A":1,"B":["x","yz"],"C":{"D":null,"E":100}},"site":"é"}`,
	}
	want := hashOf(t, plain)
	for name, json := range same {
		if got := hashOf(t, json); got != want {
			t.Errorf("%s: %x, want %x", name, got, want)
		}
	}
	typed := event.Record{Timestamp: time.Date(2024, 6, 30, 7, 8, 6, 1e8, time.UTC), EventID: "AAAAAAAA-1111-1111-1111-8684637B1123", Latitude: 47.6,
		Longitude: math.Copysign(0, -1), Site: "é", Data: []byte(`{"C": {"E":1e2, "D":null}, "B": ["x", "yz"], "A": 1}`)}
	if err := monitor.Complete(&typed); err != nil {
		t.Fatal(err)
	}
	if got := contentHash(&typed); got != want {
		t.Errorf("typed: %x, want %x", got, want)
	}
	long := func(n string) uint64 {
		return hashOf(t, fmt.Sprintf(`{"timestamp":"2024-06-30T07:08:06Z","eventId":"a","data":{"N":%s}}`, n))
	}
	if long("12345678901234567890") != long("1.2345678901234567e19") {
		t.Error("a long number counts as another than the float that the typed form makes of it")
	}
	if empty := hashOf(t, `{"timestamp":"2024-06-30T07:08:06Z","eventId":"a","data":{}}`); empty != hashOf(t, `{"timestamp":"2024-06-30T07:08:06Z","eventId":"a"}`) {
		t.Error("empty data counts as data")
	}
}

// TestHashCoversEveryField changes one field after the other.
func TestHashCoversEveryField(t *testing.T) {
	uncovered := map[string]bool{"UserName": true, "UserEmail": true, "ClientInfo": true, "Raw": true}
	base := contentHash(&event.Record{})
	seen := map[uint64]string{base: "none"}
	for i := range reflect.TypeFor[event.Record]().NumField() {
		var r event.Record
		name := reflect.TypeFor[event.Record]().Field(i).Name
		switch f := reflect.ValueOf(&r).Elem().Field(i).Addr().Interface().(type) {
		case *string:
			*f = "x"
		case *float64:
			*f = 1
		case **bool:
			*f = new(bool)
		case *time.Time:
			*f = f.Add(100 * time.Nanosecond)
		case *[]byte:
			*f = []byte(`{"x":1}`)
		case **event.ClientInfo:
			*f = &event.ClientInfo{OSFamily: "x"}
		default:
			t.Fatalf("%s: a kind of field that is not known here", name)
		}
		h := contentHash(&r)
		if uncovered[name] != (h == base) {
			t.Errorf("%s: changes the hash: %v", name, h != base)
		}
		if other, twice := seen[h]; twice && !uncovered[name] {
			t.Errorf("%s: same hash as %s", name, other)
		}
		seen[h] = name
	}
}

// TestEncode writes random typed records and reads them again.
func TestEncode(t *testing.T) {
	text := rapid.StringN(0, 20, -1)
	rapid.Check(t, func(rt *rapid.T) {
		r := event.Record{Timestamp: time.Unix(rapid.Int64Range(1.1e9, 4e9).Draw(rt, "time"), 100*rapid.Int64Range(0, 9999999).Draw(rt, "fraction"))}
		v := reflect.ValueOf(&r).Elem()
		for i := range v.NumField() {
			if f, ok := v.Field(i).Addr().Interface().(*string); ok {
				*f = text.Draw(rt, "text")
			}
		}
		r.EventID = rapid.StringMatching(`[a-zA-Z0-9-]{1,40}`).Draw(rt, "id")
		r.Latitude, r.Longitude = rapid.Float64Range(-90, 90).Draw(rt, "latitude"), rapid.Float64Range(-180, 180).Draw(rt, "longitude")
		if rapid.Bool().Draw(rt, "flag") {
			flag := rapid.Bool().Draw(rt, "value")
			r.AffectedUserIsMemberOfDomain = &flag
			r.ClientInfo = &event.ClientInfo{BrowserFamily: text.Draw(rt, "browser"), OSMajor: text.Draw(rt, "os"), DeviceBrand: text.Draw(rt, "brand")}
			r.Data = []byte(`{"b":[1.50,"` + rapid.StringMatching(`[a-z]{0,5}`).Draw(rt, "data") + `"],"a":{}}`)
		}
		if err := monitor.Complete(&r); err != nil {
			rt.Fatal(err)
		}
		if r.Latitude == 0 && r.Longitude == 0 {
			r.Latitude, r.Longitude = 0, 0
		}
		roundTrip(t, r)
	})
}
