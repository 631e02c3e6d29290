package outbound_test

import (
	"net/netip"
	"testing"

	"github.com/sealwatch/sealwatch/internal/outbound"
)

func TestPublic(t *testing.T) {
	for _, a := range []string{"127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0", "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "224.0.0.1", "255.255.255.255"} {
		if outbound.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s may be called", a)
		}
	}
	for _, a := range []string{"8.8.8.8", "2606:4700::1111"} {
		if !outbound.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s may not be called", a)
		}
	}
}
