package ingest

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/ingest/geo"
	"github.com/sealwatch/sealwatch/ingest/internal/recent"
)

//go:embed server_ranges.yaml
var builtinRanges []byte

// Locator tells where an address is; *geo.Locator is one.
type Locator interface {
	// Locate says where the address was at a time, and what is known of its network.
	Locate(a netip.Addr, at time.Time) (geo.Location, bool)
	// Epoch is the same for two times at which Locate says the same of every address.
	Epoch(at time.Time) int
}

// cachedAddresses bounds the addresses whose place is remembered.
const cachedAddresses = 32 << 10

// addresses tells all that is known about an address.
type addresses struct {
	servers []netip.Prefix
	locator Locator
	known   *recent.Cache[cachedAddress, address]
}

// cachedAddress is an address as a record spells it, in a span of time.
type cachedAddress struct {
	text  string
	epoch int
}

// address is what is known about one.
type address struct {
	ip      netip.Addr
	server  bool
	located bool
	geo.Location
}

func newAddresses(locator Locator, own []netip.Prefix, replace bool) (*addresses, error) {
	a := &addresses{locator: locator, known: recent.New[cachedAddress, address](cachedAddresses)}
	for _, p := range own {
		if !p.IsValid() {
			return nil, fmt.Errorf("server ranges: found %s, expected a network such as 192.0.2.0/24", p)
		}
		a.servers = append(a.servers, p.Masked())
	}
	if replace {
		return a, nil
	}
	var ranges []struct {
		Range     netip.Prefix
		Owner     string
		Confirmed bool
	}
	dec := yaml.NewDecoder(bytes.NewReader(builtinRanges))
	dec.KnownFields(true)
	if err := dec.Decode(&ranges); err != nil {
		return nil, fmt.Errorf("built-in server ranges: %w", err)
	}
	for _, r := range ranges {
		a.servers = append(a.servers, r.Range)
	}
	return a, nil
}

// find returns what is known about an address as a record spells it, at a time.
func (a *addresses) find(text string, at time.Time) address {
	if text == "" {
		return address{}
	}
	key := cachedAddress{text: text}
	if a.locator != nil {
		key.epoch = a.locator.Epoch(at)
	}
	if found, ok := a.known.Get(key); ok {
		return found
	}
	var found address
	if ip, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
		found.ip = ip.Unmap().WithZone("")
		for _, p := range a.servers {
			if p.Contains(found.ip) {
				found.server = true
				break
			}
		}
		if a.locator != nil {
			found.Location, found.located = a.locator.Locate(found.ip, at)
		}
	}
	key.text = strings.Clone(text)
	a.known.Put(key, found)
	return found
}
