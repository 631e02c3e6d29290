package feed

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/intel"
)

// Columns say by which names a CSV file has what; only Address is needed. Case does not matter.
type Columns struct {
	// Address has an address or a network. When it is empty, the first of the usual names that the header has is taken.
	Address string
	// Name, Category, Tags (separated by commas, semicolons, bars or blanks), Confidence (0 to 100), From and To (event times).
	Name, Category, Tags, Confidence, From, To string
}

// usualAddress are names under which addresses are published.
var usualAddress = []string{"ip", "address", "ip_address", "ipaddress", "network", "cidr", "prefix", "subnet", "dst_ip", "src_ip", "ip_prefix"}

// maxHeaderLines is how far into a file its header may be: comments come before it.
const maxHeaderLines = 100

// readCSV reads rows below a header; the header may be a comment, as some publish it.
func (l *List) readCSV(r io.Reader, c Columns, most int) error {
	in := bufio.NewReader(r)
	header, comma, skipped, err := findHeader(in, c)
	if err != nil {
		return err
	}
	at := func(name string) (int, error) {
		if name == "" {
			return -1, nil
		}
		if i := slices.Index(header, strings.ToLower(name)); i >= 0 {
			return i, nil
		}
		return -1, fmt.Errorf("the header has no column %q; it has %.300s", name, strings.Join(header, ", "))
	}
	var address, name, category, tags, confidence, from, to int
	for _, x := range []struct {
		i    *int
		name string
	}{{&address, c.Address}, {&name, c.Name}, {&category, c.Category}, {&tags, c.Tags}, {&confidence, c.Confidence}, {&from, c.From}, {&to, c.To}} {
		if *x.i, err = at(x.name); err != nil {
			return err
		}
	}
	if address < 0 {
		address = slices.IndexFunc(header, func(h string) bool { return slices.Contains(usualAddress, h) })
	}
	rows := csv.NewReader(in)
	rows.Comma, rows.Comment, rows.FieldsPerRecord, rows.LazyQuotes, rows.ReuseRecord, rows.TrimLeadingSpace = comma, '#', -1, true, true, true
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			l.bad("line %d: %s", broken.Line+skipped, broken.Err)
			continue
		}
		if err != nil {
			return err
		}
		if len(l.Entries) == most {
			return errMany(most)
		}
		n, _ := rows.FieldPos(0)
		where := fmt.Sprintf("line %d", n+skipped)
		cell := func(i int) string {
			if i < 0 || i >= len(row) {
				return ""
			}
			return strings.TrimSpace(row[i])
		}
		e := Entry{Name: cell(name), Category: strings.ToLower(cell(category)), Confidence: -1}
		if e.Prefix, err = intel.Parse(cell(address)); err != nil {
			l.bad("%s: %s", where, err)
			continue
		}
		if t := cell(tags); t != "" {
			e.Tags = strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune(",;| ", r) })
		}
		if text := cell(confidence); text != "" {
			if e.Confidence, err = strconv.Atoi(strings.TrimSuffix(text, "%")); err != nil || e.Confidence < 0 {
				l.bad("%s: %s: found %.40q, expected a whole number from 0 to 100", where, c.Confidence, text)
				continue
			}
		}
		if e.From, err = moment(strings.TrimSuffix(cell(from), " UTC")); err == nil {
			e.To, err = moment(strings.TrimSuffix(cell(to), " UTC"))
		}
		if err != nil {
			l.bad("%s: %s", where, err)
			continue
		}
		l.add(where, e)
	}
}

// findHeader reads up to the header: the first line that names the column of addresses.
func findHeader(in *bufio.Reader, c Columns) (header []string, comma rune, skipped int, err error) {
	first := ""
	for skipped = 1; skipped <= maxHeaderLines; skipped++ {
		line, err := in.ReadString('\n')
		text := strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		bare := strings.TrimSpace(strings.TrimLeft(text, "#"))
		if bare != "" {
			for _, comma = range []rune{',', ';', '\t', '|'} {
				r := csv.NewReader(strings.NewReader(bare))
				r.Comma, r.LazyQuotes, r.TrimLeadingSpace = comma, true, true
				names, _ := r.Read() // a line that is no CSV is no header
				for i := range names {
					names[i] = strings.ToLower(strings.TrimSpace(names[i]))
				}
				if slices.ContainsFunc(names, func(n string) bool {
					return c.Address != "" && n == strings.ToLower(c.Address) || c.Address == "" && slices.Contains(usualAddress, n)
				}) {
					return names, comma, skipped, nil
				}
			}
			if first == "" && text[0] != '#' {
				first = bare
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, 0, err
		}
	}
	wanted := c.Address
	if wanted == "" {
		wanted = strings.Join(usualAddress, " or ")
	}
	return nil, 0, 0, fmt.Errorf("no header with the column %s was found; the file begins with %.80q", wanted, first)
}
