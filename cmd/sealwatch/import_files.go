package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/upload"
	"github.com/sealwatch/sealwatch/ingest/monitor"
)

// files reads the records of several files, one after the other.
type files struct {
	names []string
	in    io.Reader
	bad   *badRecords
	// read is told how many bytes were read.
	read func(int)

	name   string
	file   io.Closer
	reader *monitor.Reader
	// unreadable is the number of places that were no records.
	unreadable int64
	// empty is the number of files that hold nothing.
	empty int
}

// next returns the next record of all files, io.EOF after the last. Places that cannot be read are reported and passed
// over; so is the rest of a file that cannot be read on.
func (f *files) next() (upload.Record, error) {
	for {
		if f.reader == nil {
			if err := f.open(); err != nil {
				return upload.Record{}, err
			}
		}
		item, err := f.reader.Next()
		var syntax *monitor.SyntaxError
		switch {
		case err == nil:
			return upload.Record{JSON: item.Raw, File: f.name, Line: item.Line, Index: item.Index}, nil
		case errors.As(err, &syntax) && syntax.Empty:
			f.empty++
			f.bad.say(fmt.Sprintf("%s: %s", f.name, syntax.Problem))
		case errors.As(err, &syntax):
			f.unreadable++
			problem := syntax.Problem
			if syntax.Stopped {
				problem += "; reading stopped here, what came before is kept"
			}
			f.bad.syntax(f.name, syntax.Line, syntax.Index, problem)
		case errors.Is(err, io.EOF):
			f.close()
		default:
			f.unreadable++
			f.bad.report(fmt.Sprintf("%s: %v; what came before is kept", f.name, err))
			f.close()
		}
	}
}

// open goes on to the next file.
func (f *files) open() error {
	if len(f.names) == 0 {
		return io.EOF
	}
	name := f.names[0]
	f.names = f.names[1:]
	f.name = name
	source := f.in
	if name == "-" {
		f.name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		f.file, source = file, file
	}
	f.reader = monitor.NewReader(counted{source, f.read}, monitor.Options{})
	return nil
}

// close ends the present file. It may be called again.
func (f *files) close() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
	}
	f.file, f.reader = nil, nil
}

// counted tells how much was read.
type counted struct {
	io.Reader
	read func(int)
}

// Read counts.
func (c counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.read(n)
	return n, err
}

// maxListed is the number of bad records that are named; the others are counted.
const maxListed = 100

// badRecords names records that were not taken.
type badRecords struct {
	say    func(string)
	mu     sync.Mutex
	listed int
}

// report prints a line, unless there were too many already.
func (b *badRecords) report(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listed == maxListed {
		return
	}
	b.listed++
	b.say(line)
}

// syntax names a place that is no record.
func (b *badRecords) syntax(file string, line, index int, problem string) {
	b.report(fmt.Sprintf("%s:%d: record %d: %s", file, line, index+1, problem))
}

// rejection names a record that the service did not take.
func (b *badRecords) rejection(r upload.Rejection) {
	s := fmt.Sprintf("%s:%d: record %d", r.File, r.Line, r.Index+1)
	if r.EventID != "" {
		s += " (eventId " + r.EventID + ")"
	}
	if r.Field != "" {
		s += ": " + r.Field
	}
	b.report(s + ": " + r.Problem)
}

// summary says how many were not named, of all that there were.
func (b *badRecords) summary(all int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if more := all - int64(b.listed); more > 0 {
		b.say("and " + numbered(int(more), "bad record", "bad records") + " more")
	}
}
