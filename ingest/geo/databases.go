package geo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/status"
)

// maxReleases is more than there are releases of databases in one Locator.
const maxReleases = 1 << 20

// Databases is a Locator that takes new files up while it is used. A file that cannot be used leaves what was there in force.
// Replace a file by renaming a new one over it: what is overwritten in place may be read half old and half new.
type Databases struct {
	o Options

	mu sync.Mutex
	// current answers; its number goes into Epoch.
	current *edition
	number  int
	// seen is what the files looked like when they were opened or tried last.
	seen string
	at   time.Time
	// problem of the last try; empty when it went well.
	problem string
	closed  bool
}

// edition is a Locator that is closed when nobody uses it any more.
type edition struct {
	*Locator
	number, users int
	retired       bool
}

// OpenDatabases opens the databases as Open does.
func OpenDatabases(o Options) (*Databases, error) {
	d := &Databases{o: o, seen: look(o)}
	l, err := Open(o)
	if err != nil {
		return nil, err
	}
	d.current, d.at = &edition{Locator: l}, time.Now()
	return d, nil
}

// look says what the files look like: what is renamed, replaced, added or removed makes another text.
func look(o Options) string {
	var b strings.Builder
	for _, group := range []struct {
		names      []string
		extensions []string
	}{{o.City, []string{".mmdb"}}, {o.ASN, []string{".mmdb", ".csv"}}} {
		files, err := expand(group.names, group.extensions...)
		fmt.Fprintln(&b, err)
		for _, f := range files {
			s, err := os.Stat(f)
			if err != nil {
				fmt.Fprintln(&b, f, err)
				continue
			}
			fmt.Fprintln(&b, f, s.Size(), s.ModTime().UnixNano(), inode(s))
		}
	}
	return b.String()
}

// Watch looks for changes of the files every interval, until ctx ends.
func (d *Databases) Watch(ctx context.Context, interval time.Duration) {
	for again := time.NewTicker(interval); ; {
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case <-again.C:
			d.Check(ctx)
		}
	}
}

// Check opens the files again when they have changed, once they do not change any more.
func (d *Databases) Check(ctx context.Context) {
	now := look(d.o)
	d.mu.Lock()
	same := now == d.seen || d.closed
	d.mu.Unlock()
	if same {
		return
	}
	l, err := Open(d.o)
	if err == nil {
		if after := look(d.o); after != now { // it changes still; the next look sees to it
			_ = l.Close()
			return
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = now
	if err != nil {
		d.problem = err.Error()
		d.logger().WarnContext(ctx, "a geo database cannot be used; those that were open stay in use", slog.Any("error", err))
		return
	}
	if d.closed {
		_ = l.Close()
		return
	}
	old := d.current
	d.number++
	d.current, d.problem, d.at = &edition{Locator: l, number: d.number}, "", time.Now()
	old.retired = true
	if old.users == 0 {
		_ = old.Close()
	}
	d.logger().InfoContext(ctx, "geo databases were opened again", slog.Int("edition", d.number))
}

func (d *Databases) logger() *slog.Logger {
	if d.o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.o.Logger
}

func (d *Databases) acquire() *edition {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current.users++
	return d.current
}

func (d *Databases) release(e *edition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.users--; e.users == 0 && e.retired {
		_ = e.Close()
	}
}

// Epoch numbers the spans of time between releases, anew for each edition of the files.
func (d *Databases) Epoch(at time.Time) int {
	e := d.acquire()
	defer d.release(e)
	return e.number*maxReleases + e.Epoch(at)
}

// Locate is that of the Locator in use. Of a file that was cut off while it is open nothing is known.
func (d *Databases) Locate(addr netip.Addr, at time.Time) (loc Location, ok bool) {
	e := d.acquire()
	defer d.release(e)
	if d.reads(func() { loc, ok = e.Locate(addr, at) }) != nil {
		return Location{}, false
	}
	return loc, ok
}

// reads calls read, which reads an edition. The error says that a file was cut off or changed while it is open: reading what is not
// there any more is a fault of memory, which would end the process.
func (d *Databases) reads(read func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = d.broken(fmt.Sprint(fault))
		}
	}()
	read()
	return nil
}

func (d *Databases) broken(what string) error {
	err := errors.New("a database was changed in place while it was open (" + what + "); rename a whole file over it")
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.problem == "" {
		d.problem = err.Error()
		d.logger().Warn("a geo database cannot be read", slog.String("problem", d.problem))
	}
	return err
}

// Announced is that of the Locator in use. Of a file that was cut off while it is open it returns an error, after it may have said
// some of the networks.
func (d *Databases) Announced(wanted func(asn uint32) bool, yield func(asn uint32, p netip.Prefix) error) error {
	e := d.acquire()
	defer d.release(e)
	if len(e.asn) == 0 {
		return errors.New("there is no database of networks; set ingest.asnDatabases")
	}
	var err error
	if fault := d.reads(func() { err = e.Announced(wanted, yield) }); fault != nil {
		return fault
	}
	return err
}

// ASNEdition is that of the Locator in use.
func (d *Databases) ASNEdition() string {
	e := d.acquire()
	defer d.release(e)
	return e.ASNEdition()
}

// Status says what is in use.
func (d *Databases) Status() status.Geo {
	e := d.acquire()
	defer d.release(e)
	d.mu.Lock()
	s := status.Geo{LoadTime: d.at, LastError: d.problem}
	d.mu.Unlock()
	for _, p := range e.city {
		for _, r := range p.releases {
			s.Databases = append(s.Databases, status.GeoDatabase{Kind: "city", Name: p.name, Built: r.built})
		}
	}
	for _, p := range e.asn {
		for _, r := range p.releases {
			s.Databases = append(s.Databases, status.GeoDatabase{Kind: "asn", Name: p.name, Built: r.built})
		}
	}
	slices.SortStableFunc(s.Databases, func(a, b status.GeoDatabase) int { return strings.Compare(b.Kind, a.Kind) })
	return s
}

// Close gives the databases back. No Locate may run or follow.
func (d *Databases) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed, d.current.retired = true, true
	if d.current.users > 0 {
		return nil // whoever uses it closes it
	}
	return d.current.Close()
}
