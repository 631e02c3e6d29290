package simulate

import (
	"fmt"
	"strings"
)

// privacyAddresses are IPv6 homes whose machines take another address of the same /64 every hour or so.
func privacyAddresses() noise {
	return noise{name: "privacy_addresses", rate: 0.7, of: "homes with IPv6", alter: func(s *shift, _ float64) {
		if !s.g.has(s.u, "privacy_addresses") {
			return
		}
		for i := range s.sessions {
			on := &s.sessions[i]
			prefix, _, six := strings.Cut(on.from.ip, "::")
			if on.route != nil || !six || !isHome(on.from) {
				continue
			}
			at, n := on.from.at, s.noise("privacy_addresses").Uint64()
			on.route = func(c chance) address {
				k := n + uint64(c.IntN(4))*0x9e3779b97f4a7c15
				return address{fmt.Sprintf("%s:%x:%x:%x:%x", prefix, k>>48&0x7fff|1, k>>32&0xffff|1, k>>16&0xffff|1, k&0xffff|1), at}
			}
		}
	}}
}
