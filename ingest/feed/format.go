package feed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/intel"
)

// Formats of lists.
const (
	// FormatPlain is an address or a network a line; of more columns the first counts.
	FormatPlain = "plain"
	// FormatCSV has a header; Columns say what is where.
	FormatCSV = "csv"
	// FormatASN is an autonomous system a line; what it announces is taken from the databases of networks.
	FormatASN = "asn"
	// FormatSTIX is a bundle of STIX 2.1, or what a TAXII 2.1 collection returns.
	FormatSTIX = "stix"
)

// Formats are those that there are.
func Formats() []string { return []string{FormatPlain, FormatCSV, FormatASN, FormatSTIX} }

// errMany is a list with more entries than allowed.
type errMany int

func (e errMany) Error() string {
	return fmt.Sprintf("it has more than %d entries; raise maxEntries if that is right", int(e))
}

// read reads a list of the feed's format. An error means that it is no such list.
func (f *Feed) read(r io.Reader) (*List, error) {
	l := &List{}
	var err error
	switch f.o.Format {
	case FormatCSV:
		err = l.readCSV(r, f.o.Columns, f.o.MaxEntries)
	case FormatASN:
		err = l.readASN(r, f.o.Networks, f.o.MaxEntries)
	case FormatSTIX:
		err = l.readSTIX(r, f.o.MaxEntries)
	default:
		err = l.readPlain(r, f.o.MaxEntries)
	}
	if err != nil {
		return nil, err
	}
	l.merge()
	return l, nil
}

func (l *List) readPlain(r io.Reader, most int) error {
	for lines := intel.NewReader(r); ; {
		p, _, err := lines.Next()
		var bad *intel.LineError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			l.bad("%s", bad.Error())
			continue
		case err != nil:
			return err
		case len(l.Entries) == most:
			return errMany(most)
		}
		l.add(p.String(), Entry{Prefix: p, Confidence: -1})
	}
}

var systemLine = regexp.MustCompile(`^(?i:AS)?\s*(\d{1,10})(?:[\s,#;]+(.*))?$`)

// readASN reads numbers of autonomous systems, each with a name behind it, and takes the networks that each announces.
func (l *List) readASN(r io.Reader, networks Networks, most int) error {
	if networks == nil {
		return errors.New("a list of autonomous systems needs a database of networks; set ingest.asnDatabases")
	}
	names := map[uint32]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		m := systemLine.FindStringSubmatch(text)
		if m == nil {
			l.bad("line %d: found %.60q, expected an autonomous system such as AS64496", n, text)
			continue
		}
		number, err := strconv.ParseUint(m[1], 10, 32)
		if err != nil || number == 0 {
			l.bad("line %d: found %.20q, expected a number from 1 to 4294967295", n, m[1])
			continue
		}
		names[uint32(number)] = strings.TrimSpace(m[2])
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if len(names) == 0 {
		return nil
	}
	return networks.Each(names, func(number uint32, e Entry) error {
		if len(l.Entries) >= most {
			return errMany(most)
		}
		e.Name, e.Confidence = strings.TrimSpace(fmt.Sprintf("AS%d %s", number, names[number])), -1
		l.add(e.Prefix.String(), e)
		return nil
	})
}

// Networks are those that autonomous systems announce.
type Networks interface {
	// Each calls yield with each network of the wanted systems, until it returns an error, which Each returns.
	Each(wanted map[uint32]string, yield func(number uint32, e Entry) error) error
	// Edition changes when what Each says may have changed.
	Edition() string
}
