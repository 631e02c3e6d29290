package feed

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/status"
)

// TestHistory: what leaves a list was listed until then, what comes back is listed again, and nothing is forgotten.
func TestHistory(t *testing.T) {
	w := newWorld(t)
	both := []string{"192.0.2.1", "2001:db8::1"}
	w.p.publish("192.0.2.1", "2001:db8::/32")
	w.taken()
	w.later(2 * time.Hour)
	w.p.publish("2001:db8::/32")
	w.taken()
	w.later(5 * time.Hour)
	w.p.publish("2001:db8::/32", "192.0.2.1")
	w.taken()
	for at, want := range map[time.Duration]string{
		-2 * time.Hour: "", -30 * time.Minute: "192.0.2.1 2001:db8::1", time.Hour: "192.0.2.1 2001:db8::1", 3 * time.Hour: "2001:db8::1", 6*time.Hour + 30*time.Minute: "192.0.2.1 2001:db8::1",
	} {
		if got := w.book.at(start.Add(at), both...); got != want {
			t.Errorf("at %s: %q is listed, expected %q", at, got, want)
		}
	}
	s := w.feed.Status()
	if s.State != status.FeedCurrent || s.Entries != 2 || s.Added != 1 || s.Removed != 0 || s.LastError != "" || strings.Contains(s.Address, "hidden") {
		t.Errorf("status %+v", s)
	}
	w.later(time.Minute) // away for a minute is not away at all
	w.p.publish("2001:db8::/32")
	w.taken()
	w.later(time.Minute)
	w.p.publish("2001:db8::/32", "192.0.2.1")
	w.taken()
	if got := w.book.at(w.clock().Add(-time.Minute/2), both...); got != "192.0.2.1 2001:db8::1" {
		t.Errorf("between two minutes %q is listed", got)
	}
}

// TestSameCopy is not read again: not by its ETag, not by its contents, and not after a restart.
func TestSameCopy(t *testing.T) {
	w := newWorld(t)
	w.p.publish("192.0.2.1")
	w.taken()
	w.later(time.Hour)
	w.taken()
	w.restart()
	w.taken()
	calls := w.p.seen()
	if calls[0].Header.Get("If-None-Match") != "" || calls[1].Header.Get("If-None-Match") != `"v1"` || calls[2].Header.Get("If-None-Match") != `"v1"` {
		t.Errorf("the marks were %q, %q and %q", calls[0].Header, calls[1].Header, calls[2].Header)
	}
	if s := w.feed.Status(); !s.LastSuccess.Equal(start.Add(time.Hour)) || !s.LastChange.Equal(start) || s.Entries != 1 {
		t.Errorf("status %+v", s)
	}
	w.options.Says.Tags = []string{"vpn"} // read by other rules it is another copy
	w.later(time.Hour)
	w.restart()
	w.taken()
	tagsAt := func(at time.Time) (tags []string) {
		for _, r := range w.book.ranges {
			if !r.From.After(at) && (r.To.IsZero() || at.Before(r.To)) {
				tags = append(tags, r.Tags...)
			}
		}
		return tags
	}
	if before, after := tagsAt(start), tagsAt(w.clock()); !slices.Equal(before, []string{"tor"}) || !slices.Equal(after, []string{"vpn"}) {
		t.Errorf("it was %q and is %q", before, after)
	}
	clear(w.book.ranges) // taken back by hand
	w.taken()
	if len(w.book.ranges) != 0 {
		t.Error("the same copy was read again")
	}
	if err := w.asked((*Feed).Refresh); err != nil || len(w.book.ranges) != 1 {
		t.Errorf("refresh: %v, %d ranges", err, len(w.book.ranges))
	}
}

// TestFailures leave the last good copy in force, say what is wrong, and are tried again.
func TestFailures(t *testing.T) {
	w := newWorld(t)
	w.p.publish("192.0.2.1")
	w.taken()
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	for _, c := range []struct {
		name, kind, words string
		answer            http.HandlerFunc
	}{
		{"refused", KindStatus, "answers 403 Forbidden: it wants a token", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
		{"moved", KindStatus, "404 Not Found: the list has moved", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }},
		{"a page", KindFormat, "2 of 2 entries cannot be read, more than 5 %: line 1", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>\nplease log in\n")) }},
		{"empty", KindFormat, "", func(http.ResponseWriter, *http.Request) {}},
		{"cut off", KindNetwork, "the connection to", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("192.0.2.1\n"))
		}},
		{"away from TLS", KindNetwork, "it redirects to http://", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }},
		{"in a circle", KindNetwork, "more than 5 times", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }},
		{"too large", KindSize, "larger than 2000 bytes", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat("192.0.2.1\n", 300)))
		}},
	} {
		w.later(time.Hour)
		w.options.MaxBytes = 2000
		w.restart()
		w.p.answer = nil
		for range 6 {
			w.p.once(c.answer)
		}
		err := w.fetch()
		w.p.answer = nil
		if c.name == "empty" { // not a broken list, but one that lost everything
			if s := w.feed.Status(); err != nil || s.State != status.FeedHeld {
				t.Errorf("%s: %v, %+v", c.name, err, s)
			}
			continue
		}
		s := w.feed.Status()
		var fail *Failure
		if !errors.As(err, &fail) || fail.Kind != c.kind || !strings.Contains(s.LastError, c.words) || s.State != status.FeedRetrying || s.Errors[c.kind] != 1 || s.Entries != 1 || strings.Contains(s.LastError, "hidden") {
			t.Errorf("%s: %v, %+v", c.name, err, s)
		}
		if wait := s.NextAttempt.Sub(w.clock()); wait < 30*time.Second || wait > 2*time.Minute {
			t.Errorf("%s: it is tried again after %s", c.name, wait)
		}
	}
	if got := w.book.at(w.clock(), "192.0.2.1"); got != "192.0.2.1" {
		t.Errorf("the last good copy is gone: %q", got)
	}
	w.book.failing = 1
	w.p.publish("192.0.2.1", "192.0.2.2")
	if err := w.fetch(); err == nil || w.feed.Status().Errors[KindStorage] != 1 {
		t.Errorf("%v, %+v", err, w.feed.Status())
	}
	w.taken() // although the server would say that nothing is new
	if s := w.feed.Status(); s.State != status.FeedCurrent || s.LastError != "" || s.Entries != 2 {
		t.Errorf("status %+v", s)
	}
	w.p.once(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1800")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_ = w.fetch()
	if wait := w.feed.Status().NextAttempt.Sub(w.clock()); wait < 30*time.Minute || wait > time.Hour {
		t.Errorf("Retry-After was not obeyed: %s", wait)
	}
}

// TestShrinking: a list that lost more than half is held until somebody confirms it, over a restart; what it says is not taken
// meanwhile.
func TestShrinking(t *testing.T) {
	w := newWorld(t)
	w.p.publish(many(100)...)
	w.taken()
	w.later(time.Hour)
	w.p.publish(many(50)...)
	w.taken()
	if s := w.feed.Status(); s.State != status.FeedCurrent || s.Removed != 50 {
		t.Errorf("half: %+v", s)
	}
	w.later(time.Hour)
	w.p.publish(many(20)...)
	w.taken()
	since := w.clock()
	w.later(time.Hour)
	w.restart()
	w.taken()
	s := w.feed.Status()
	if s.State != status.FeedHeld || s.HeldEntries != 20 || !s.HeldSince.Equal(since) || s.Entries != 50 || !strings.Contains(s.LastError, "sealwatch feeds confirm tor") || w.book.at(w.clock(), "192.0.2.49") == "" {
		t.Errorf("held: %+v", s)
	}
	w.p.publish(many(17)...) // it went on shrinking
	if err := w.asked((*Feed).Confirm); err != nil || w.feed.Status().State != status.FeedHeld || w.feed.Status().HeldEntries != 17 {
		t.Errorf("%v, %+v", err, w.feed.Status())
	}
	if err := w.asked((*Feed).Confirm); err != nil {
		t.Fatal(err)
	}
	if s := w.feed.Status(); s.State != status.FeedCurrent || s.Entries != 17 || s.Removed != 33 || !s.HeldSince.IsZero() || w.book.at(w.clock(), "192.0.2.49") != "" {
		t.Errorf("confirmed: %+v", s)
	}
	if err := w.asked((*Feed).Confirm); !errors.Is(err, ErrNothingHeld) {
		t.Errorf("confirmed again: %v", err)
	}
	w.p.publish(many(2)...)
	w.taken()
	w.p.publish(many(17)...) // it was an accident
	w.taken()
	if s := w.feed.Status(); s.State != status.FeedCurrent || s.HeldEntries != 0 {
		t.Errorf("grown again: %+v", s)
	}
	w.p.publish("# nothing")
	w.taken()
	if err := w.asked((*Feed).Confirm); err != nil || w.book.at(w.clock(), many(20)...) != "" {
		t.Errorf("an empty list that somebody confirmed: %v, %q", err, w.book.at(w.clock(), many(20)...))
	}
}

// TestGuard: no list is fetched from an address that is not of the Internet, whatever a name or a redirect leads to.
func TestGuard(t *testing.T) {
	w := newWorld(t)
	w.options.AllowPrivate = false
	w.restart()
	w.p.publish("192.0.2.1")
	if err := w.fetch(); err == nil || !strings.Contains(err.Error(), "127.0.0.1 is no address of the Internet") || len(w.p.seen()) != 0 {
		t.Errorf("%v, %d calls", err, len(w.p.seen()))
	}
}

// TestToken goes to the server of the list alone.
func TestToken(t *testing.T) {
	w := newWorld(t)
	other := newPublisher(t)
	other.publish("192.0.2.1")
	other.TLS.Certificates = w.p.TLS.Certificates
	w.options.TokenFile, w.options.TokenHeader = filepath.Join(t.TempDir(), "token"), "X-Api-Key"
	if err := os.WriteFile(w.options.TokenFile, []byte(" secret-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.p.once(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, other.URL+"/moved", http.StatusFound)
	})
	w.taken()
	if first, moved := w.p.seen()[0].Header.Get("X-Api-Key"), other.seen()[0].Header.Get("X-Api-Key"); first != "secret-1" || moved != "" {
		t.Errorf("the token came as %q, and elsewhere as %q", first, moved)
	}
	if err := os.WriteFile(w.options.TokenFile, []byte("a\nb"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.fetch(); err == nil || !strings.Contains(err.Error(), "expected one line") {
		t.Errorf("%v", err)
	}
	for mode, words := range map[os.FileMode]string{0o644: "found mode 0644, expected 0600 or 0640 at most", 0o600: "found more than 16384 bytes"} {
		if err := os.WriteFile(w.options.TokenFile, []byte(strings.Repeat("s", maxTokenBytes+1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(w.options.TokenFile, mode); err != nil {
			t.Fatal(err)
		}
		if err := w.fetch(); err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "sss") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

// TestFile is read when it has changed.
func TestFile(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "list.txt")
	w.options.URL = "file://" + file
	w.restart()
	if err := w.fetch(); err == nil || w.feed.Status().Errors[KindFile] != 1 {
		t.Errorf("a file that is not there: %v", err)
	}
	for i, text := range []string{"192.0.2.1\n", "192.0.2.1\n192.0.2.2\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.taken()
		w.taken()
		if s := w.feed.Status(); s.Entries != i+1 || s.State != status.FeedCurrent {
			t.Errorf("status %+v", s)
		}
	}
	w.options.URL = t.TempDir()
	w.restart()
	if err := w.fetch(); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("a folder: %v", err)
	}
}

// TestRun fetches by itself, when it is time, and ends.
func TestRun(t *testing.T) {
	w := newWorld(t)
	w.states.failing = 2
	w.p.publish("192.0.2.1")
	w.options.FirstRetry, w.options.Now = 20*time.Millisecond, time.Now
	f, err := New(w.options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	w.p.once(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	go func() { defer close(done); f.Run(ctx) }()
	for range 2000 {
		if f.Status().State == status.FeedCurrent {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if s := f.Status(); s.Entries != 1 || s.Errors[KindStatus] != 1 || s.NextAttempt.Before(time.Now().Add(50*time.Minute)) {
		t.Errorf("status %+v", s)
	}
	w.p.publish("192.0.2.1", "192.0.2.2")
	if err := f.Refresh(ctx); err != nil || f.Status().Entries != 2 {
		t.Errorf("%v, %+v", err, f.Status())
	}
	cancel()
	<-done
}

// TestSystemsAreReadAgain when the database of networks is another one, although the list is the same.
func TestSystemsAreReadAgain(t *testing.T) {
	w := newWorld(t)
	known := systems{64496: {"192.0.2.0/24"}}
	w.options.Format, w.options.Networks = FormatASN, known
	w.restart()
	w.p.publish("AS64496", "AS64497")
	w.taken()
	known[64497] = []string{"198.51.100.0/24"}
	w.taken()
	if got := w.book.at(w.clock(), "192.0.2.1", "198.51.100.1"); got != "192.0.2.1 198.51.100.1" {
		t.Errorf("%q is listed", got)
	}
}

// TestSTIX: indicators hold for their own span, whenever they were fetched, and end when they leave the collection.
func TestSTIX(t *testing.T) {
	w := newWorld(t)
	w.options.Format = FormatSTIX
	w.restart()
	indicator := func(address, from, until string) string {
		return `{"type":"indicator","id":"indicator--` + address + `","pattern_type":"stix","pattern":"[ipv4-addr:value = '` + address + `']","valid_from":"` + from + `"` + until + `}`
	}
	one := indicator("192.0.2.1", "2026-01-01T00:00:00Z", `,"valid_until":"2026-02-01T00:00:00Z"`)
	w.p.publish(`{"objects":[` + one + `]}`) // over, and yet it was so
	w.taken()
	two := indicator("192.0.2.2", "2026-03-01T00:00:00Z", "")
	w.p.publish(`{"objects":[` + one + `,` + two + `]}`)
	w.taken()
	w.later(time.Hour)
	w.p.publish(`{"objects":[` + one + `]}`)
	if err := w.fetch(); err != nil || w.feed.Status().State != status.FeedHeld { // nothing holds any more, which is either so or a broken list
		t.Fatalf("%v, %+v", err, w.feed.Status())
	}
	if err := w.asked((*Feed).Confirm); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"2025-12-31": "", "2026-01-15": "192.0.2.1", "2026-02-15": "", "2026-03-15": "192.0.2.2", "2026-05-04": "192.0.2.2", "2026-05-05": ""} {
		when, err := time.Parse(time.DateOnly, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.book.at(when, "192.0.2.1", "192.0.2.2"); got != want {
			t.Errorf("on %s: %q, expected %q", at, got, want)
		}
	}
	if accept := w.p.seen()[0].Header.Get("Accept"); !strings.Contains(accept, "application/taxii+json;version=2.1") {
		t.Errorf("accept %q", accept)
	}
}

// TestCompareSettles: whatever a list says and said before, what is stored says at present what the list says, the past of it
// does not change, and the same list changes nothing.
func TestCompareSettles(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	at := func(stored map[string]intelligence.Range, when time.Time, a netip.Addr) (said []string) {
		for _, x := range stored {
			if x.Prefix.Contains(a) && !x.From.After(when) && (x.To.IsZero() || when.Before(x.To)) {
				said = append(said, x.Category+strings.Join(x.Tags, ","))
			}
		}
		slices.Sort(said)
		return said
	}
	for range 300 {
		stored := map[string]intelligence.Range{}
		says := Says{Tenant: "t", Source: "s", Category: "risky", Before: []time.Duration{0, 90 * time.Minute, Always}[r.IntN(3)]}
		now := start
		past := map[time.Time][][]string{}
		for range 12 {
			l := &List{}
			for i := range 4 {
				if r.IntN(2) == 0 {
					l.add("", Entry{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 32), Tags: [][]string{nil, {"tor"}, {"vpn"}}[r.IntN(3)], Confidence: r.IntN(100)})
				}
			}
			l.merge()
			var have []intelligence.Range
			for _, x := range stored {
				have = append(have, x)
			}
			for _, x := range compare(have, l, says, now).write {
				stored[x.Prefix.String()+x.From.String()] = x
			}
			have = have[:0]
			for _, x := range stored {
				have = append(have, x)
			}
			if again := compare(have, l, says, now); len(again.write) != 0 {
				t.Fatalf("the same list changes %+v", again.write)
			}
			var present [][]string
			for i := range 4 {
				a := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
				var want []string
				for _, e := range l.Entries {
					if e.Prefix.Contains(a) {
						want = []string{"risky" + strings.Join(e.Tags, ",")}
					}
				}
				got := at(stored, now, a)
				if !slices.Equal(got, want) {
					t.Fatalf("%s is %q, the list says %q: %+v", a, got, want, stored)
				}
				present = append(present, got)
			}
			if says.Before == 0 { // with a time before, the past gains what was seen later
				for when, was := range past {
					for i := range was {
						if got := at(stored, when, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})); !slices.Equal(got, was[i]) {
							t.Fatalf("at %s %d was %q and is said to have been %q", when, i, was[i], got)
						}
					}
				}
				past[now] = present
			}
			now = now.Add(time.Duration(1+r.IntN(120)) * time.Minute)
		}
	}
}
