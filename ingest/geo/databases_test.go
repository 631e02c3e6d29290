package geo

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// put renames a file with the text over another one, as a download should be put in place.
func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// TestReload: a new file is taken up while addresses are looked up, a broken one leaves what was there in force and is
// said, and so is one that is gone.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "asn-2026-05-01.csv")
	put(t, file, "8.8.8.0,8.8.8.255,15169,Old\n")
	d, err := OpenDatabases(Options{ASN: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	who := func() string {
		l, _ := d.Locate(netip.MustParseAddr("8.8.8.8"), at)
		return l.ASOrganization
	}
	ctx, cancel := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	for range 4 {
		looking.Go(func() {
			for ctx.Err() == nil {
				if w := who(); w != "Old" && w != "New" && w != "Newest" {
					t.Errorf("found %q", w)
					return
				}
			}
		})
	}
	epoch := d.Epoch(at)
	d.Check(ctx)
	if d.Epoch(at) != epoch {
		t.Error("it was opened again although nothing has changed")
	}
	for _, c := range []struct{ text, want, problem string }{
		{"8.8.8.0,8.8.8.255,15169,New\n", "New", ""},
		{"8.8.8.0,8.8.8.255,fifteen,Broken\n", "New", "line 1"},
		{"", "", ""},
		{"8.8.8.0,8.8.8.255,15169,Newest\n", "Newest", ""},
	} {
		if c.text == "" { // gone
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			c.want, c.problem = "New", "holds no file"
		} else {
			put(t, file, c.text)
		}
		before := d.Epoch(at)
		d.Check(ctx)
		s := d.Status()
		if got := who(); got != c.want || (c.problem == "") != (s.LastError == "") || !strings.Contains(s.LastError, c.problem) {
			t.Errorf("after %q: %q, %+v", c.text, got, s)
		}
		if changed := d.Epoch(at) != before; changed != (c.problem == "") {
			t.Errorf("after %q the epoch changed: %t", c.text, changed)
		}
		if len(s.Databases) != 1 || s.Databases[0].Kind != "asn" || s.Databases[0].Name != "asn" || s.Databases[0].Built.Format(time.DateOnly) != "2026-05-01" {
			t.Errorf("status %+v", s)
		}
	}
	put(t, filepath.Join(dir, "asn-2026-07-01.csv"), "8.8.8.0,8.8.8.255,15169,Later\n") // another release, of another time
	d.Check(ctx)
	if l, _ := d.Locate(netip.MustParseAddr("8.8.8.8"), at.AddDate(0, 2, 0)); l.ASOrganization != "Later" || who() != "Newest" || d.ASNEdition() != "asn 2026-07-01" {
		t.Errorf("found %q, edition %q", l.ASOrganization, d.ASNEdition())
	}
	cancel()
	looking.Wait()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	d.Check(t.Context())
}

// TestReloadOfAFileThatIsCutOffWhileItIsRead: reading what is not there any more is no reason to end the process.
func TestReloadOfAFileThatIsCutOffWhileItIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "city.mmdb")
	whole, err := os.ReadFile(write(t, "City", "81.2.69.0/24", mmdbtype.Map{"country_code": mmdbtype.String("GB"), "latitude": mmdbtype.Float64(51.5), "longitude": mmdbtype.Float64(-0.1)}))
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, string(whole))
	d, err := OpenDatabases(Options{City: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	if l, ok := d.Locate(netip.MustParseAddr("81.2.69.142"), time.Now()); ok {
		t.Errorf("found %+v in a file that is empty", l)
	}
	if s := d.Status(); !strings.Contains(s.LastError, "rename a whole file over it") {
		t.Errorf("status %+v", s)
	}
	put(t, file, string(whole))
	d.Check(t.Context())
	if s := d.Status(); s.LastError != "" {
		t.Errorf("status %+v", s)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestAnnouncedOfAFileThatIsCutOffWhileItIsRead is an error, wherever it was cut, and the process goes on.
func TestAnnouncedOfAFileThatIsCutOffWhileItIsRead(t *testing.T) {
	whole, err := os.ReadFile(write(t, "GeoLite2-ASN", "81.2.69.0/24", mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64496), "autonomous_system_organization": mmdbtype.String("X")}))
	if err != nil {
		t.Fatal(err)
	}
	for _, rest := range []int64{0, 1, int64(len(whole)) / 2, int64(len(whole)) - 300} {
		file := filepath.Join(t.TempDir(), "asn.mmdb")
		put(t, file, string(whole))
		d, err := OpenDatabases(Options{ASN: []string{file}})
		if err != nil {
			t.Fatal(err)
		}
		announced := func() (n int, err error) {
			err = d.Announced(func(uint32) bool { return true }, func(uint32, netip.Prefix) error { n++; return nil })
			return n, err
		}
		if n, err := announced(); n != 1 || err != nil {
			t.Fatalf("whole: %d networks, %v", n, err)
		}
		if err := os.Truncate(file, rest); err != nil {
			t.Fatal(err)
		}
		if n, err := announced(); err == nil {
			t.Errorf("cut off after %d of %d bytes: %d networks and no error", rest, len(whole), n)
		}
		put(t, file, string(whole))
		d.Check(t.Context())
		if n, err := announced(); n != 1 || err != nil || d.Status().LastError != "" {
			t.Errorf("whole again: %d networks, %v, %+v", n, err, d.Status())
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAnnounced(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "asn.csv")
	put(t, file, "8.8.8.0,8.8.9.127,15169,Google\n8.8.10.0,8.8.10.0,64496,X\n2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,15169,Google\n0.0.0.0,255.255.255.255,64497,All\n::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,64497,All\n")
	d, err := OpenDatabases(Options{ASN: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for wanted, want := range map[uint32]string{15169: "8.8.8.0/24 8.8.9.0/25 2001:4860::/32", 64496: "8.8.10.0/32", 64497: "0.0.0.0/0 ::/0", 1: ""} {
		var got []string
		if err := d.Announced(func(n uint32) bool { return n == wanted }, func(_ uint32, p netip.Prefix) error { got = append(got, p.String()); return nil }); err != nil || strings.Join(got, " ") != want {
			t.Errorf("AS%d: %q, %v; expected %q", wanted, got, err, want)
		}
	}
}
