package token_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/token"
)

// The times that a page token may hold.
var (
	first = time.Date(1925, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

func query(t interface{ Fatal(...any) }, kind, tenant string, f *pb.EventFilter) token.Query {
	q, err := token.NewQuery(kind, tenant, f)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestPageRoundTrip(t *testing.T) {
	q := query(t, "events", "acme", &pb.EventFilter{UserIds: []string{"u"}})
	rapid.Check(t, func(r *rapid.T) {
		want := token.Page{
			Time: time.Unix(rapid.Int64Range(first.Unix(), end.Unix()-1).Draw(r, "s"), rapid.Int64Range(0, 1e9-1).Draw(r, "n")).UTC(),
			ID:   string(rapid.SliceOfN(rapid.Byte(), 0, 128).Draw(r, "id")),
			Head: rapid.Uint64().Draw(r, "head"),
		}
		s, err := q.Encode(want)
		if err != nil {
			r.Fatal(err)
		}
		if len(s) > 1024 {
			r.Fatalf("token of %d characters, the contract allows 1024", len(s))
		}
		got, found, err := q.Decode(s)
		if err != nil || !found || !got.Time.Equal(want.Time) || got.ID != want.ID || got.Head != want.Head {
			r.Fatalf("got %v %v %v, want %v", got, found, err, want)
		}
	})
}

// TestPageTimes: the database has no such times, and would fail on them or take others for them.
func TestPageTimes(t *testing.T) {
	q := query(t, "events", "acme", nil)
	for at, good := range map[time.Time]bool{
		first: true, end.Add(-time.Nanosecond): true, time.Unix(0, 0): true, {}: true,
		first.Add(-time.Nanosecond): false, end: false, time.Time{}.Add(1): false, time.Unix(1<<62, 0): false, time.Unix(-1<<62, 0): false,
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC): false,
	} {
		s, err := q.Encode(token.Page{Time: at, ID: "x"})
		if err != nil {
			t.Fatal(err)
		}
		switch _, _, err := q.Decode(s); {
		case good && err != nil:
			t.Errorf("%v: %v", at, err)
		case !good && !fault.Is(err, fault.InvalidPageToken):
			t.Errorf("%v: got %v, want INVALID_PAGE_TOKEN", at, err)
		}
	}
}

func TestPageOfAnotherCall(t *testing.T) {
	mine := query(t, "events", "acme", &pb.EventFilter{UserIds: []string{"u"}})
	s, err := mine.Encode(token.Page{Time: time.Unix(1, 2), ID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]token.Query{
		"kind":   query(t, "alerts", "acme", &pb.EventFilter{UserIds: []string{"u"}}),
		"tenant": query(t, "events", "other", &pb.EventFilter{UserIds: []string{"u"}}),
		"filter": query(t, "events", "acme", &pb.EventFilter{Activities: []string{"u"}}),
		"none":   query(t, "events", "acme", nil),
	} {
		if _, _, err := other.Decode(s); !fault.Is(err, fault.InvalidPageToken) {
			t.Errorf("%s: got %v, want INVALID_PAGE_TOKEN", name, err)
		}
	}
}

func TestDamagedTokens(t *testing.T) {
	q := query(t, "events", "acme", nil)
	p, err := q.Encode(token.Page{Time: time.Unix(1, 2), ID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	log := token.Log{Tenant: "acme", ID: "a"}
	r := log.Resume(300)
	damage := func(s string) []string {
		out := []string{s[1:], s[:len(s)-1], s + "A", s + "=", " " + s, strings.ToUpper(s)}
		for i := range s {
			c := byte('A')
			if s[i] == c {
				c = 'B'
			}
			out = append(out, s[:i]+string(c)+s[i+1:])
		}
		return out
	}
	for _, s := range damage(p) {
		if _, _, err := q.Decode(s); !fault.Is(err, fault.InvalidPageToken) {
			t.Errorf("page %q: got %v", s, err)
		}
	}
	for _, s := range damage(r) {
		if _, err := log.ParseResume("after", s); !fault.Is(err, fault.InvalidResumeToken) {
			t.Errorf("resume %q: got %v", s, err)
		}
	}
}

func TestResumeTokenOfAnotherLog(t *testing.T) {
	s := token.Log{Tenant: "acme", ID: "a"}.Resume(300)
	for log, good := range map[token.Log]bool{
		{Tenant: "acme", ID: "a"}: true, {Tenant: "acme"}: true,
		{Tenant: "acme", ID: "b"}: false, {Tenant: "other", ID: "a"}: false, {Tenant: "other"}: false,
	} {
		switch n, err := log.ParseResume("after", s); {
		case good && (err != nil || n != 300):
			t.Errorf("%+v: got %d, %v", log, n, err)
		case !good && !fault.Is(err, fault.InvalidResumeToken):
			t.Errorf("%+v: got %v, want INVALID_RESUME_TOKEN", log, err)
		}
	}
	if _, err := (token.Log{Tenant: "acme", ID: "a"}).ParseResume("after", token.Log{Tenant: "acme"}.Resume(1)); !fault.Is(err, fault.InvalidResumeToken) {
		t.Errorf("a token that names no log: got %v", err)
	}
}

func TestResumeRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want, log := rapid.Uint64().Draw(r, "sequence"), token.Log{Tenant: rapid.String().Draw(r, "tenant"), ID: rapid.String().Draw(r, "log")}
		s := log.Resume(want)
		if got, err := log.ParseResume("after", s); err != nil || got != want || len(s) > 128 {
			r.Fatalf("got %d, %v from %q, want %d", got, err, s, want)
		}
	})
}

func FuzzPage(f *testing.F) {
	q := query(f, "events", "acme", nil)
	s, err := q.Encode(token.Page{Time: time.Unix(1, 2), ID: "x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		p, found, err := q.Decode(s)
		if err != nil {
			if !fault.Is(err, fault.InvalidPageToken) {
				t.Fatalf("error %v has another reason", err)
			}
			return
		}
		if again, encErr := q.Encode(p); found && (encErr != nil || again != s) {
			t.Fatalf("%q was accepted and is not what %v encodes to", s, p)
		}
	})
}

func FuzzResume(f *testing.F) {
	log := token.Log{Tenant: "acme", ID: "a"}
	f.Add(log.Resume(1))
	f.Add("0")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := log.ParseResume("after", s)
		if err != nil {
			if !fault.Is(err, fault.InvalidResumeToken) {
				t.Fatalf("error %v has another reason", err)
			}
			return
		}
		if log.Resume(n) != s {
			t.Fatalf("%q was accepted and is not what %d encodes to", s, n)
		}
	})
}
