package geo

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// built writes a release of a product that knows one network, into a folder.
func built(t *testing.T, dir, kind, date, network, city string) string {
	t.Helper()
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: at.Unix()})
	if err != nil {
		t.Fatal(err)
	}
	prefix := netip.MustParsePrefix(network)
	if err := tree.InsertRange(prefix.Addr().AsSlice(), endOf(prefix).AsSlice(), mmdbtype.Map{"country_code": mmdbtype.String("DE"), "city": mmdbtype.String(city),
		"latitude": mmdbtype.Float32(52.5), "longitude": mmdbtype.Float32(13.5)}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, kind+"-"+date+".mmdb")
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

func on(date string) time.Time {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return at
}

// TestTheReleaseOfTheTime: the newest built by the time of the event, the earliest before all, whatever the order of the
// files; the date of building itself belongs to the release.
func TestTheReleaseOfTheTime(t *testing.T) {
	dir := t.TempDir()
	may, june, july := built(t, dir, "city", "2026-05-01", "81.2.0.0/16", "May"), built(t, dir, "city", "2026-06-01", "81.2.0.0/16", "June"), built(t, dir, "city", "2026-07-01", "81.3.0.0/16", "July")
	addr, other := netip.MustParseAddr("81.2.3.4"), netip.MustParseAddr("81.3.3.4")
	for name, files := range map[string][]string{"files": {june, july, may}, "other order": {may, june, july}, "folder": {dir}} {
		t.Run(name, func(t *testing.T) {
			l := open(t, Options{City: files})
			for _, tt := range []struct {
				addr       netip.Addr
				date, city string
			}{
				{addr, "2020-01-01", "May"}, {addr, "2026-05-31", "May"}, {addr, "2026-06-01", "June"},
				{addr, "2027-01-01", "June"}, // the one of July does not know the address
				{other, "2026-05-02", "July"},
			} {
				if loc, ok := l.Locate(tt.addr, on(tt.date)); !ok || loc.City != tt.city || !strings.HasPrefix(loc.LocatedBy, "city 2026-0") {
					t.Errorf("%s on %s: %q by %q, expected %q", tt.addr, tt.date, loc.City, loc.LocatedBy, tt.city)
				}
			}
			// what a cache may keep together
			if a, b := l.Epoch(on("2026-05-31")), l.Epoch(on("2026-06-01")); a == b {
				t.Error("two releases in one epoch")
			}
			if a, b := l.Epoch(on("2026-06-01")), l.Epoch(on("2026-06-30")); a != b {
				t.Error("one release in two epochs")
			}
		})
	}
}

// TestProductsAreAskedInTurn: a newer release of the second product does not come before the first product.
func TestProductsAreAskedInTurn(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{City: []string{built(t, dir, "first", "2026-05-01", "81.2.0.0/16", "First"), built(t, dir, "second", "2026-06-01", "81.2.0.0/15", "Second")}})
	for addr, want := range map[string]string{"81.2.3.4": "First", "81.3.3.4": "Second"} {
		if loc, _ := l.Locate(netip.MustParseAddr(addr), now); loc.City != want {
			t.Errorf("%s: %q, expected %q", addr, loc.City, want)
		}
	}
}

func TestNetworksOfTheTime(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"asn-ipv4-2026-05-01.csv": "81.2.0.0,81.2.255.255,1,Old\n", "asn-ipv4-2026-06.csv": "81.2.0.0,81.2.255.255,2,New\n", "notes.txt": "?",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, Options{ASN: []string{dir}})
	for date, want := range map[string]uint32{"2026-04-01": 1, "2026-05-31": 1, "2026-06-01": 2} {
		if loc, _ := l.Locate(netip.MustParseAddr("81.2.3.4"), on(date)); loc.ASN != want {
			t.Errorf("on %s: network %d, expected %d", date, loc.ASN, want)
		}
	}
}

func TestSplitName(t *testing.T) {
	for file, want := range map[string]string{
		"/x/asn-ipv4.csv": "asn-ipv4 0001-01-01", "asn-ipv4-2026-06-05.csv": "asn-ipv4 2026-06-05", "asn.20260605.csv": "asn 2026-06-05", "asn_2026-06.csv": "asn 2026-06-01",
		"asn-2026-13-01.csv": "no date", "as64500.csv": "as64500 0001-01-01",
	} {
		name, at, err := splitName(file)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, expected %s", file, err, want)
			}
			continue
		}
		if got := name + " " + at.Format(time.DateOnly); got != want {
			t.Errorf("%s: %q, expected %q", file, got, want)
		}
	}
}

func TestAFolderWithoutDatabases(t *testing.T) {
	if _, err := Open(Options{City: []string{t.TempDir()}}); err == nil || !strings.Contains(err.Error(), "holds no file that ends in .mmdb") {
		t.Errorf("an empty folder: %v", err)
	}
}
