package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// week is two weeks of a middling organisation.
func week() Options {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	return Options{Seed: 1, Users: 40, Start: start, End: start.AddDate(0, 0, 14), Attacks: Kinds(), AttacksPerDay: 3}
}

// row is the part of a record that the tests look at.
type row struct {
	Timestamp     string          `json:"timestamp"`
	EventID       string          `json:"eventId"`
	UserID        string          `json:"userId"`
	UserAgent     string          `json:"userAgent"`
	ClientInfo    json.RawMessage `json:"userAgentClientInfo"`
	IPAddress     string          `json:"ipAddress"`
	Location      json.RawMessage `json:"ipAddressLocation"`
	Latitude      float64         `json:"latitude"`
	Longitude     float64         `json:"longitude"`
	IntegratorKey string          `json:"integratorKey"`
	Object        string          `json:"object"`
	Action        string          `json:"action"`
	Source        string          `json:"source"`
	City          string          `json:"city"`
	at            time.Time
}

// all runs a simulation to its end.
func all(t *testing.T, o Options) (items []Item, rows []row, labels []Label, g *Generator) {
	t.Helper()
	o.OnAttack = func(l Label) { labels = append(labels, l) }
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			return items, rows, labels, g
		}
		if err != nil {
			t.Fatal(err)
		}
		var r row
		if err := json.Unmarshal(item.JSON, &r); err != nil {
			t.Fatalf("%v in %s", err, item.JSON)
		}
		if r.at, err = time.Parse(time.RFC3339Nano, r.Timestamp); err != nil || !r.at.Equal(item.Time) {
			t.Fatalf("timestamp %q of an event at %v: %v", r.Timestamp, item.Time, err)
		}
		items, rows = append(items, item), append(rows, r)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	write := func(seed uint64) (string, []Label) {
		o := week()
		o.Users, o.Seed, o.Late, o.Repeats = 15, seed, 0.2, 0.01
		var labels []Label
		o.OnAttack = func(l Label) { labels = append(labels, l) }
		g, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := g.Write(&b, "ndjson"); err != nil {
			t.Fatal(err)
		}
		return b.String(), labels
	}
	one, labels := write(7)
	two, again := write(7)
	if one != two || len(labels) != len(again) {
		t.Fatal("the same options gave two results")
	}
	if three, _ := write(8); one == three {
		t.Fatal("another seed gave the same")
	}
}

func TestRecordsAreInOrderAndInside(t *testing.T) {
	o := week()
	items, rows, _, _ := all(t, o)
	seen := map[string]bool{}
	for i, item := range items {
		if item.Time.Before(o.Start) || !item.Time.Before(o.End) {
			t.Fatalf("an event at %v is outside", item.Time)
		}
		if i > 0 && item.Arrival.Before(items[i-1].Arrival) {
			t.Fatalf("arrival goes back at %v", item.Arrival)
		}
		if !item.Arrival.Equal(item.Time) {
			t.Fatal("a record is late without Late")
		}
		if seen[rows[i].EventID] {
			t.Fatalf("event id %s twice without Repeats", rows[i].EventID)
		}
		seen[rows[i].EventID] = true
		if bytes.ContainsAny(item.JSON, "\n\r") {
			t.Fatal("a record has a line break")
		}
	}
}

func TestDisorderAndRepeats(t *testing.T) {
	o := week()
	plain, _, _, _ := all(t, o)
	o.Late, o.Repeats = 0.3, 0.02
	items, rows, _, _ := all(t, o)
	count := map[string]int{}
	late := 0
	for i, item := range items {
		count[rows[i].EventID]++
		if d := item.Arrival.Sub(item.Time); d > 0 {
			late++
		} else if d < 0 {
			t.Fatal("a record arrives before it happens")
		}
	}
	repeats := len(items) - len(count)
	if len(count) != len(plain) {
		t.Fatalf("%d events with disorder, %d without", len(count), len(plain))
	}
	if share := float64(late) / float64(len(items)); share < 0.25 || share > 0.4 {
		t.Fatalf("%.2f of the records are late, asked for 0.3", share)
	}
	if share := float64(repeats) / float64(len(count)); share < 0.01 || share > 0.03 {
		t.Fatalf("%.3f of the records are repeated, asked for 0.02", share)
	}
}

func TestLabelsPointAtEvents(t *testing.T) {
	o := week()
	o.End, o.AttacksPerDay, o.Users = o.Start.AddDate(0, 0, 35), 10, 60
	_, rows, labels, g := all(t, o)
	byID := map[string]row{}
	for _, r := range rows {
		byID[r.EventID] = r
	}
	variants := map[string]bool{}
	for _, l := range labels {
		variants[l.Kind+"/"+l.Variant] = true
		if l.ExpectedDetection == "" || len(l.AttackerEventIDs) == 0 {
			t.Fatalf("label %+v says too little", l)
		}
		for i, id := range l.EventIDs {
			r, ok := byID[id]
			if !ok || r.UserID != nobody && !slices.Contains(l.UserIDs, r.UserID) {
				t.Fatalf("label %s names event %s of %s, found %+v", l.ID, id, l.UserIDs, r)
			}
			if i == 0 && !r.at.Equal(l.Start) || i == len(l.EventIDs)-1 && !r.at.Equal(l.End) {
				t.Fatalf("label %s is from %v to %v, its event %d at %v", l.ID, l.Start, l.End, i, r.at)
			}
		}
		if l.Difficulty == "" || l.UserID == "" && l.Kind != "stuffing" {
			t.Fatalf("label %+v says too little", l)
		}
		if l.Start.Before(o.Start.Add(84 * time.Hour)) {
			t.Fatalf("label %s lies in the quiet quarter", l.ID)
		}
	}
	want := 0
	for _, a := range attacks() {
		want += len(a.variants)
	}
	if len(variants) != want || len(labels) < 25 {
		t.Fatalf("%d attacks in %d variants, want at least 25 in %d", len(labels), len(variants), want)
	}
	for _, r := range rows {
		for _, word := range []string{"attack", "label", "hostile"} {
			if strings.Contains(strings.ToLower(r.EventID+r.Object+r.Action), word) {
				t.Fatalf("the record gives the attack away: %+v", r)
			}
		}
	}
	if len(g.Users()) != o.Users {
		t.Fatalf("%d users in the directory", len(g.Users()))
	}
}

// TestNobodyTravelsImpossibly holds the harmless part of the organisation to what is possible.
func TestNobodyTravelsImpossibly(t *testing.T) {
	o := week()
	o.Users, o.Attacks, o.Noise = 60, nil, map[string]float64{"travellers": 0.3, "remote_workers": 0.2, "zone_hopping": 0.05}
	o.End = o.Start.AddDate(0, 0, 28)
	_, rows, labels, g := all(t, o)
	if len(labels) > 0 {
		t.Fatal("attacks without having been asked for")
	}
	cities := map[string]*place{"seattle": g.headquarters, "ashburn": g.datacentre}
	for _, p := range g.places {
		cities[p.city] = p
	}
	type last struct {
		at time.Time
		p  *place
	}
	was := map[string]last{}
	moves := 0
	for _, r := range rows {
		p := cities[r.City]
		if p == nil || p == g.headquarters || r.UserID == nobody || r.Object == "Alert" {
			continue
		}
		if before, ok := was[r.UserID]; ok && before.p != p {
			moves++
			if v := before.p.kilometres(p) / r.at.Sub(before.at).Hours(); v > 900 {
				t.Fatalf("user %s goes from %s to %s at %.0f km/h", r.UserID, before.p.city, p.city, v)
			}
		}
		was[r.UserID] = last{r.at, p}
	}
	if moves == 0 {
		t.Fatal("nobody travels")
	}
}

func TestRecordsLookLikeMonitor(t *testing.T) {
	o := week()
	o.Attacks = []string{"impossible_travel", "failed_logins"}
	_, rows, _, _ := all(t, o)
	guid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	reserved := []netip.Prefix{}
	for _, p := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32", "162.248.186.11/32"} {
		reserved = append(reserved, netip.MustParsePrefix(p))
	}
	found := map[string]int{}
	for _, r := range rows {
		if !guid.MatchString(r.EventID) || r.UserID != nobody && !guid.MatchString(r.UserID) {
			t.Fatalf("ids of %+v", r)
		}
		if (r.UserAgent == "") != (len(r.ClientInfo) == 0) {
			t.Fatalf("agent and client information of %+v", r)
		}
		if (r.IPAddress == "") != (len(r.Location) == 0) || r.IPAddress == "" && (r.Latitude != 0 || r.Longitude != 0) {
			t.Fatalf("address and place of %+v", r)
		}
		if r.IPAddress != "" {
			ip := netip.MustParseAddr(r.IPAddress)
			ok := false
			for _, p := range reserved {
				ok = ok || p.Contains(ip)
			}
			if !ok {
				t.Fatalf("address %s is somebody's", ip)
			}
		}
		found[r.Object+"/"+r.Action]++
		found["source "+r.Source]++
		found["fraction "+map[int]string{28: "7", 27: "6"}[len(r.Timestamp)]]++
		if r.IPAddress == "162.248.186.11" {
			found["DocuSign server"]++
		}
		if r.IPAddress == "" {
			found["no address"]++
		}
		if strings.Contains(r.IPAddress, ":") {
			found["IPv6"]++
		}
		if r.IntegratorKey != notUsed && r.IntegratorKey != "" {
			found["integration"]++
		}
	}
	for _, k := range []string{"User/LoggedIn", "User/LoginFailed", "User/LoggedOut", "Envelope/Created", "Envelope/Sent", "Envelope/Viewed",
		"Envelope/Signed", "Envelope/Completed", "Envelope/Voided", "Envelope/Corrected", "Document/Downloaded", "Template/Created",
		"Account/UserAdded", "Account/Updated", "Alert/TooManyLoginFailures", "source Web", "source API", "source Mobile", "source Other",
		"fraction 7", "fraction 6", "DocuSign server", "no address", "IPv6", "integration"} {
		if found[k] == 0 {
			t.Errorf("no %s in %d records: %v", k, len(rows), found)
		}
	}
	if found["fraction "] > 0 {
		t.Errorf("%d timestamps with other than 6 or 7 digits", found["fraction "])
	}
}

// TestVolumes checks that days look like days of work.
func TestVolumes(t *testing.T) {
	o := week()
	o.Attacks, o.Users = nil, 60
	_, rows, _, _ := all(t, o)
	perUserDay := float64(len(rows)) / 60 / 14
	weekend, night := 0, 0
	logons := map[string]int{}
	for _, r := range rows {
		if r.Action == "LoggedIn" {
			logons[r.UserID]++
			if d := r.at.Weekday(); d == time.Saturday || d == time.Sunday {
				weekend++
			}
		}
		if r.City == "london" && r.Source == "Web" && (r.at.Hour() < 5 || r.at.Hour() > 22) {
			night++
		}
	}
	total := 0
	for _, n := range logons {
		total += n
	}
	if perUserDay < 4 || perUserDay > 60 {
		t.Errorf("%.1f events for each user and day", perUserDay)
	}
	if share := float64(weekend) / float64(total); share > 0.1 {
		t.Errorf("%.2f of the log-ons are on a weekend", share)
	}
	if share := float64(night) / float64(len(rows)); share > 0.02 {
		t.Errorf("%.2f of the events are in London at night", share)
	}
	if perDay := float64(total) / 60 / 10; perDay < 1 || perDay > 4 {
		t.Errorf("%.1f log-ons for each user and working day", perDay)
	}
}

// TestMemoryDoesNotGrow checks that what waits does not grow with the simulated time.
func TestMemoryDoesNotGrow(t *testing.T) {
	most := func(days int) int {
		o := week()
		o.Users, o.End, o.Attacks = 20, o.Start.AddDate(0, 0, days), []string{"impossible_travel", "failed_logins"}
		g, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for {
			if _, err := g.Next(); err != nil {
				return n
			}
			n = max(n, len(g.waiting))
		}
	}
	if short, long := most(14), most(56); long > short*3/2 {
		t.Fatalf("%d records wait in 14 days, %d in 56", short, long)
	}
}

func TestFormats(t *testing.T) {
	o := week()
	o.Users = 12
	plain, _, _, _ := all(t, o)
	for _, format := range Formats() {
		g, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		n, err := g.Write(&b, format)
		if err != nil || n != len(plain) {
			t.Fatalf("%s: %d records, want %d: %v", format, n, len(plain), err)
		}
		got := 0
		d := json.NewDecoder(&b)
		for d.More() {
			var v any
			if err := d.Decode(&v); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			switch v := v.(type) {
			case []any:
				got += len(v)
			case map[string]any:
				key := map[string]string{"page-v2": "data", "page-v3": "resultData"}[format]
				if key == "" {
					got++
					break
				}
				page := v[key].([]any)
				if len(page) == 0 || len(page) > PageSize || v["endCursor"] == "" {
					t.Fatalf("%s: a page of %d", format, len(page))
				}
				got += len(page)
			}
		}
		if got != n {
			t.Fatalf("%s: %d records can be read, %d were written", format, got, n)
		}
	}
	if _, err := (&Generator{}).Write(io.Discard, "xml"); err == nil {
		t.Fatal("an unknown format was accepted")
	}
}

func TestNothingToSimulate(t *testing.T) {
	o := week()
	o.End = o.Start.Add(time.Nanosecond * 100)
	for _, format := range Formats() {
		g, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if n, err := g.Write(&b, format); n != 0 || err != nil {
			t.Fatalf("%d records, %v", n, err)
		}
		if format != "ndjson" && !json.Valid(b.Bytes()) {
			t.Fatalf("%s: %q", format, b.String())
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := New(Options{Users: 0, AttacksPerDay: -1, Late: 2, Repeats: -1, Attacks: []string{"magic"}})
	if err == nil {
		t.Fatal("nothing was found wrong")
	}
	for _, part := range []string{"users: found 0", "end: found", "start: found", "attacks: found magic", "attacks per day: found -1", "disorder: found 2", "repeats: found -1"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	o := week()
	o.Users, o.End = 1000, o.Start.AddDate(2, 0, 0)
	g, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := g.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
