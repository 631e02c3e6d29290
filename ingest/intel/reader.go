// Package intel reads what others publish about addresses: plain lists of addresses and networks, one a line, and CSV whose
// first column is one.
package intel

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// maxLine bounds a line, in bytes.
const maxLine = 64 << 10

// LineError says which line of a list cannot be taken.
type LineError struct {
	// Line from 1.
	Line int
	// Problem says what was found and what was expected.
	Problem string
}

// Error names the line and the problem.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// Reader reads a list.
type Reader struct {
	in   *bufio.Scanner
	line int
}

// NewReader reads r.
func NewReader(r io.Reader) *Reader {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	return &Reader{in: in}
}

// Next returns the next network, with what follows it in the line, and io.EOF after the last. After a *LineError reading
// goes on. Lines that are empty or begin with # or ; are passed over, and so is what follows these marks; the first line
// may be a CSV header.
func (r *Reader) Next() (netip.Prefix, string, error) {
	for r.in.Scan() {
		r.line++
		text := strings.TrimSpace(strings.TrimPrefix(r.in.Text(), "\ufeff"))
		if i := strings.IndexAny(text, "#;"); i >= 0 {
			text = strings.TrimSpace(text[:i])
		}
		if text == "" {
			continue
		}
		first, rest, _ := strings.Cut(text, ",")
		if fields := strings.Fields(first); len(fields) > 0 {
			first = fields[0]
		}
		first = strings.Trim(first, `"`)
		p, err := Parse(first)
		if err != nil {
			if r.line == 1 && rest != "" {
				continue // a header
			}
			return netip.Prefix{}, "", &LineError{Line: r.line, Problem: err.Error()}
		}
		return p, strings.Trim(strings.TrimSpace(rest), `"`), nil
	}
	if err := r.in.Err(); err != nil {
		return netip.Prefix{}, "", fmt.Errorf("line %d: %w", r.line+1, err)
	}
	return netip.Prefix{}, "", io.EOF
}

// Parse reads an address or a network in CIDR form; what is beyond the mask is cut off, and IPv4 mapped into IPv6 is IPv4.
func Parse(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if !strings.Contains(s, "/") {
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err == nil && a.Zone() == "" {
			p = netip.PrefixFrom(a, a.BitLen())
		}
	}
	if err != nil || !p.IsValid() {
		return netip.Prefix{}, fmt.Errorf("found %.60q, expected an address such as 192.0.2.1 or a network such as 192.0.2.0/24", s)
	}
	return intelligence.Canonical(p), nil
}
