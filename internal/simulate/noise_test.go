package simulate

import (
	"net/netip"
	"testing"
	"time"
)

// TestEachNoiseDoesSomething turns the noises on one by one.
func TestEachNoiseDoesSomething(t *testing.T) {
	base := func(noise map[string]float64) map[string]row {
		o := week()
		o.Users, o.Attacks, o.Noise = 35, nil, noise
		o.Start = time.Date(2026, 3, 24, 0, 0, 0, 0, time.UTC) // beyond the end of a month
		o.End = o.Start.AddDate(0, 0, 10)
		_, rows, _, _ := all(t, o)
		by := map[string]row{}
		for _, r := range rows {
			r.ClientInfo, r.Location = nil, nil
			by[r.EventID] = r
		}
		return by
	}
	differs := func(a, b map[string]row) bool {
		for id, r := range a {
			if q, ok := b[id]; !ok || q.IPAddress != r.IPAddress || q.City != r.City || q.UserAgent != r.UserAgent {
				return true
			}
		}
		return len(a) != len(b)
	}
	without := base(map[string]float64{})
	for _, name := range NoiseNames() {
		noise := map[string]float64{name: 1}
		reference := without
		switch name { // these show in what others do
		case "roaming", "flight_connection":
			noise["travellers"] = 1
			reference = base(map[string]float64{"travellers": 1})
		}
		if !differs(reference, base(noise)) {
			t.Errorf("%s changes nothing", name)
		}
	}
}

// TestEveryAddressHasANetwork holds NetworkOf to the addresses that there are.
func TestEveryAddressHasANetwork(t *testing.T) {
	o := week()
	o.Users, o.AttacksPerDay = 120, 10
	_, rows, _, _ := all(t, o)
	kinds := map[string]int{}
	for _, r := range rows {
		if r.IPAddress == "" || r.IPAddress == "162.248.186.11" {
			continue
		}
		n, ok := NetworkOf(netip.MustParseAddr(r.IPAddress))
		if !ok || n.ASN == 0 || n.Organization == "" {
			t.Fatalf("%s belongs to no network", r.IPAddress)
		}
		kinds[n.Kind]++
	}
	for _, k := range []string{"office", "residential", "mobile", "guest", "hosting", "vpn", "relay", "security_proxy", "cloud"} {
		if kinds[k] == 0 {
			t.Errorf("nobody uses a network of kind %s: %v", k, kinds)
		}
	}
	if _, ok := NetworkOf(netip.MustParseAddr("8.8.8.8")); ok {
		t.Error("an address of somebody else is known")
	}
}
