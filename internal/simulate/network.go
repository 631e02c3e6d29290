package simulate

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Blocks of 198.19.0.0/16 for services that many share.
const (
	vpnBlock     = 192
	relayBlock   = 193
	proxyBlock   = 194
	airlineBlock = 195
	cloudBlock   = 196
	natBlock     = 197
	torBlock     = 200
	badBlock     = 201
)

// Network says who runs the network of an address, as a geo database would; numbers are of the range for private use
// (RFC 6996).
type Network struct {
	ASN          uint32
	Organization string
	// Kind is office, residential, mobile, guest, hosting, vpn, relay, security_proxy, airline, cloud, tor or bad.
	Kind string
}

// NetworkOf tells the network of an address of the simulation; ok is false for others.
func NetworkOf(a netip.Addr) (n Network, ok bool) {
	const first = 4_200_000_000
	made := func(number uint32, organization, kind string) (Network, bool) {
		return Network{first + number, organization, kind}, true
	}
	if a.Is6() {
		b := a.As16()
		switch [6]byte(b[:6]) {
		case [6]byte{0x20, 0x01, 0x0d, 0xb8, 0, 1}:
			return made(100+uint32(b[7])%8, "Example Fibre", "residential")
		case [6]byte{0x20, 0x01, 0x0d, 0xb8, 0, 0xf}:
			return made(400, "Example Rented Machines Six", "hosting")
		}
		return Network{}, false
	}
	b := a.As4()
	switch {
	case within(b, 203, 0, 113):
		return made(1, "Example Corporation", "office")
	case within(b, 198, 18):
		return made(110+uint32(b[3])%12, "Example Broadband "+strconv.Itoa(int(b[3])%12+1), "residential")
	case within(b, 192, 0, 2):
		return made(401, "Example Rented Machines", "hosting")
	case within(b, 198, 51, 100) && b[3] < 128:
		return made(402, "Example Cheap Servers", "hosting")
	case within(b, 198, 51, 100):
		return made(403, "Example Cloud East", "cloud")
	case !within(b, 198, 19):
		return Network{}, false
	}
	switch block := uint32(b[2]); {
	case block < 64:
		return made(500+block%16, "Example Mobile", "mobile")
	case block < 128:
		return made(200+block%32, "Example Guest Networks", "guest")
	case block < 192:
		return made(110+block%12, "Example Broadband "+strconv.Itoa(int(block)%12+1), "residential")
	default:
		names := map[uint32][2]string{vpnBlock: {"Example Private Tunnel", "vpn"}, relayBlock: {"Example Relay", "relay"}, proxyBlock: {"Example Secure Edge", "security_proxy"},
			airlineBlock: {"Example In-flight", "airline"}, cloudBlock: {"Example Cloud", "cloud"}, natBlock: {"Example Broadband Shared", "residential"},
			torBlock: {"Example Onion Exit", "tor"}, badBlock: {"Example Bulletproof", "bad"}}
		n, known := names[block]
		if !known {
			return Network{}, false
		}
		return made(700+block, n[0], n[1])
	}
}

// within says whether an address begins with some bytes.
func within(a [4]byte, first ...byte) bool { return slices.Equal(a[:len(first)], first) }

// Intelligence is a line of what lists of addresses would say about the simulated networks. It knows the services, and of
// the attackers' machines those that made themselves a name.
type Intelligence struct {
	Range netip.Prefix
	// Kind is tor, vpn, relay, hosting, security_proxy, airline or bad.
	Kind string
}

// AllIntelligence lists the ranges.
func AllIntelligence() []Intelligence {
	var all []Intelligence
	add := func(kind string, ranges ...string) {
		for _, r := range ranges {
			all = append(all, Intelligence{netip.MustParsePrefix(r), kind})
		}
	}
	block := func(n int) string { return strings.Join([]string{"198.19", strconv.Itoa(n), "0/24"}, ".") }
	add("tor", block(torBlock))
	add("vpn", block(vpnBlock))
	add("relay", block(relayBlock))
	add("security_proxy", block(proxyBlock))
	add("bad", block(badBlock))
	add("airline", block(airlineBlock))
	add("hosting", "192.0.2.0/24", "198.51.100.0/24", "2001:db8:f::/48", block(cloudBlock))
	return all
}
