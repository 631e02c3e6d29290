package intel

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, in io.Reader) (prefixes []string, problems []string) {
	t.Helper()
	for r := NewReader(in); ; {
		p, _, err := r.Next()
		var bad *LineError
		switch {
		case errors.Is(err, io.EOF):
			return prefixes, problems
		case errors.As(err, &bad):
			problems = append(problems, bad.Error())
		case err != nil:
			t.Fatal(err)
		default:
			prefixes = append(prefixes, p.String())
		}
	}
}

func TestReader(t *testing.T) {
	prefixes, problems := read(t, strings.NewReader("\ufeffnetwork,name\n192.0.2.1\n\n# a comment\n198.51.100.77/24, \"office\"\n2001:db8::1/32 ; gone\nnonsense\n::ffff:192.0.2.9\n::ffff:10.1.0.0/104\n300.1.1.1/8\n"))
	if got := strings.Join(prefixes, " "); got != "192.0.2.1/32 198.51.100.0/24 2001:db8::/32 192.0.2.9/32 10.0.0.0/8" {
		t.Errorf("got %s", got)
	}
	if len(problems) != 2 || !strings.HasPrefix(problems[0], `line 7: found "nonsense"`) {
		t.Errorf("problems: %q", problems)
	}
}

func TestPublishedLists(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "ip-lists")
	for name, least := range map[string]int{"x4bnet-output-vpn-ipv4.txt": 5000, "x4bnet-output-vpn-ipv6.txt": 100, "x4bnet-input-vpn-ips-apple.txt": 1000} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skipf("needs the published lists: %v", err)
		}
		prefixes, problems := read(t, f)
		_ = f.Close()
		if len(prefixes) < least || len(problems) > 0 {
			t.Errorf("%s: %d networks, problems %q", name, len(prefixes), problems)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add("192.0.2.1/24,x\n#\n")
	f.Fuzz(func(t *testing.T, s string) {
		for r, n := NewReader(strings.NewReader(s)), 0; ; n++ {
			if _, _, err := r.Next(); errors.Is(err, io.EOF) || err != nil && !errors.As(err, new(*LineError)) {
				return
			}
			if n > len(s) {
				t.Fatal("it goes on for ever")
			}
		}
	})
}
