package geo

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ranges are the networks of a CSV file, sorted, with every organisation kept once.
type ranges struct {
	v4 []span[uint32]
	v6 []span[[16]byte]
	// known are the distinct networks that the spans point to.
	known []network
}

// span is a range of addresses, both ends included.
type span[A any] struct {
	first, last A
	network     uint32
}

// openRanges reads a CSV file with the columns start, end, number and organisation; anything else in it is an error.
// Where two ranges overlap, as the published file has it, the one that begins later counts.
func openRanges(file string) (networks, string, time.Time, error) {
	name, built, err := splitName(file)
	if err != nil {
		return nil, "", time.Time{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", time.Time{}, fmt.Errorf("%w; expected a CSV file: start,end,number,organisation", err)
	}
	defer func() { _ = f.Close() }() // only read
	r, err := parseRanges(f)
	if err != nil {
		return nil, "", time.Time{}, fmt.Errorf("%s: %w", file, err)
	}
	return r, name, built, nil
}

func parseRanges(in io.Reader) (*ranges, error) {
	r := &ranges{}
	index := make(map[network]uint32)
	rows := csv.NewReader(in)
	rows.FieldsPerRecord = 4
	rows.ReuseRecord = true
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := r.add(row, index); err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	r.v4, r.v6, r.known = slices.Clip(r.v4), slices.Clip(r.v6), slices.Clip(r.known)
	slices.SortStableFunc(r.v4, func(a, b span[uint32]) int { return cmp.Compare(a.first, b.first) })
	slices.SortStableFunc(r.v6, func(a, b span[[16]byte]) int { return compare6(a.first, b.first) })
	return r, nil
}

func (r *ranges) add(row []string, index map[network]uint32) error {
	first, err1 := netip.ParseAddr(row[0])
	last, err2 := netip.ParseAddr(row[1])
	asn, err3 := strconv.ParseUint(row[2], 10, 32)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("found %q, expected two addresses, a number and a name: %w", row, err)
	}
	if first.Is4() != last.Is4() || last.Less(first) {
		return fmt.Errorf("found the range %s to %s, expected the lower end first", first, last)
	}
	key := network{uint32(asn), row[3]}
	at, ok := index[key]
	if !ok {
		at = uint32(len(r.known))
		key.organization = strings.Clone(row[3]) // the row is one text
		index[key] = at
		r.known = append(r.known, key)
	}
	if first.Is4() {
		r.v4 = append(r.v4, span[uint32]{number(first), number(last), at})
	} else {
		r.v6 = append(r.v6, span[[16]byte]{first.As16(), last.As16(), at})
	}
	return nil
}

func (r *ranges) lookup(addr netip.Addr) (network, bool, error) {
	if addr.Is4() {
		return find(r, r.v4, number(addr), cmp.Compare[uint32])
	}
	return find(r, r.v6, addr.As16(), compare6)
}

func find[A any](r *ranges, spans []span[A], a A, compare func(a, b A) int) (network, bool, error) {
	i, exact := slices.BinarySearchFunc(spans, a, func(s span[A], a A) int { return compare(s.first, a) })
	if !exact {
		i--
	}
	if i < 0 || compare(spans[i].last, a) < 0 {
		return network{}, false, nil
	}
	n := r.known[spans[i].network]
	return n, n.asn != 0, nil
}

func (r *ranges) close() error { return nil }

func number(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func compare6(a, b [16]byte) int { return slices.Compare(a[:], b[:]) }
