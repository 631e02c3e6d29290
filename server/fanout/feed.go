package fanout

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sealwatch/sealwatch/internal/alert"
)

const (
	// chunkSize is how many changes are read at once.
	chunkSize = 256
	// maxKept is about how many bytes of changes and their encodings are kept for other readers.
	maxKept = 32 << 20
	// maxReads are the reads of the database at the same time: many who resume at different points wait for one another. What is
	// new waits for none of them.
	maxReads = 4
	// readTimeout bounds one of them, without the wait for those before it.
	readTimeout = 30 * time.Second
	// readTries are made before all who wait for a read end, with a pause between them, longer each time.
	readTries = 3
	readPause = 100 * time.Millisecond
)

// feed keeps the parts of the log that are being read, live or replayed, and reads each once for all who want it.
type feed struct {
	hub   *Hub
	reads chan struct{}
	// most is about how many bytes are kept.
	most  int
	group singleflight.Group
	// live is held while what the log still has in memory is made messages of, once for all.
	live sync.Mutex

	mu     sync.Mutex
	chunks map[uint64]*chunk
	kept   int
	tick   uint64
}

// chunk is a part of the log: the changes after n*chunkSize, chunkSize at most.
type chunk struct {
	// begin is the position before the first message, which need not be where the chunk begins.
	begin    uint64
	messages []*Message
	bytes    int
	used     uint64
}

// next puts into out the messages that follow after, in order and without a gap, as many as there is room for and none
// beyond head. There is one at least when after is before head.
func (f *feed) next(ctx context.Context, after, head uint64, out []*Message) (int, error) {
	for after < head {
		if n := f.held(after, head, out); n > 0 {
			return n, nil
		}
		if n := f.recent(after, head, out); n > 0 {
			return n, nil
		}
		// Not with the context of a reader: whoever reads does it for all who wait.
		read := f.group.DoChan(strconv.FormatUint(after/chunkSize, 10), func() (any, error) { return nil, f.read(after) })
		select {
		case r := <-read:
			if r.Err != nil {
				return 0, r.Err
			}
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, nil
}

// recent is next of what the log still has in memory, for which nobody waits for the database.
func (f *feed) recent(after, head uint64, out []*Message) int {
	f.live.Lock()
	defer f.live.Unlock()
	n := after / chunkSize
	// Under one lock: a read of the database may bring in what follows after at any time.
	f.mu.Lock()
	if n := f.heldLocked(after, head, out); n > 0 {
		f.mu.Unlock()
		return n // another has made them meanwhile
	}
	c, from := f.chunks[n], after
	if c != nil && after > c.begin {
		from = c.begin + uint64(len(c.messages)) // not beyond after, or it were held
	}
	f.mu.Unlock()
	rest := func(from uint64) []alert.Change { return f.hub.o.Log.Recent(from, int((n+1)*chunkSize-from)) } //nolint:gosec // at most chunkSize
	page := rest(from)
	if len(page) == 0 && from < after { // what lies between is in the database
		page, from = rest(after), after
	}
	messages, size := f.messages(page, from)
	if from+uint64(len(messages)) <= after {
		return 0
	}
	f.keep(n, f.extendable(n, from), from, messages, size)
	messages = messages[after-from:]
	return copy(out, messages[:min(uint64(len(messages)), head-after)])
}

// extendable is the chunk that ends at from, or a new one that begins there.
func (f *feed) extendable(n, from uint64) *chunk {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.chunks[n]; c != nil && c.begin+uint64(len(c.messages)) == from {
		return c
	}
	return &chunk{begin: from}
}

// held is next of what is kept.
func (f *feed) held(after, head uint64, out []*Message) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.heldLocked(after, head, out)
}

func (f *feed) heldLocked(after, head uint64, out []*Message) int {
	c := f.chunks[after/chunkSize]
	if c == nil || after < c.begin || after >= c.begin+uint64(len(c.messages)) {
		return 0
	}
	f.tick++
	c.used = f.tick
	rest := c.messages[after-c.begin:]
	return copy(out, rest[:min(uint64(len(rest)), head-after)])
}

// read brings in what follows after, up to the end of its chunk.
func (f *feed) read(after uint64) error {
	n := after / chunkSize
	f.mu.Lock()
	c := f.chunks[n]
	if c == nil || after < c.begin {
		c = &chunk{begin: after}
	}
	from := c.begin + uint64(len(c.messages))
	f.mu.Unlock()
	if from > after {
		return nil // another has read it meanwhile
	}
	page, err := f.fetch(from, int((n+1)*chunkSize-from)) //nolint:gosec // at most chunkSize
	if err != nil {
		return fmt.Errorf("read the alert log after %d: %w", from, err)
	}
	messages, size := f.messages(page, from)
	if len(messages) == 0 {
		// Going on would lose a change without a word.
		if len(page) > 0 {
			return fmt.Errorf("the alert log gives change %d after %d; expected the next one", page[0].Sequence, from)
		}
		return fmt.Errorf("the alert log gives nothing after %d, but says that it ends at %d", from, f.hub.o.Log.Head())
	}
	f.keep(n, c, from, messages, size)
	return nil
}

// fetch reads from the database when there is room, and tries again: an error ends every reader who waits.
func (f *feed) fetch(from uint64, limit int) (page []alert.Change, err error) {
	life := f.hub.o.Life
	once := func() ([]alert.Change, error) {
		select {
		case f.reads <- struct{}{}:
			defer func() { <-f.reads }()
		case <-life.Done():
			return nil, life.Err()
		}
		ctx, cancel := context.WithTimeout(life, readTimeout)
		defer cancel()
		return f.hub.o.Log.Read(ctx, from, limit)
	}
	pause := readPause
	for try := 1; ; try++ {
		if page, err = once(); err == nil || try == readTries || life.Err() != nil {
			return page, err
		}
		select {
		case <-time.After(pause):
		case <-life.Done():
		}
		pause *= 2
	}
}

// messages are those of a page as far as it has no gap.
func (f *feed) messages(page []alert.Change, after uint64) (list []*Message, size int) {
	for i := range page {
		if page[i].Sequence != after+1+uint64(i) {
			break
		}
		list = append(list, &Message{Change: page[i], hub: f.hub})
		size += sizeOf(&page[i])
	}
	return list, size
}

// keep adds what follows from to a chunk, unless another did meanwhile.
func (f *feed) keep(n uint64, c *chunk, from uint64, messages []*Message, size int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.begin+uint64(len(c.messages)) != from {
		return
	}
	if old := f.chunks[n]; old != nil && old != c {
		f.kept -= old.bytes
	}
	f.tick++
	c.used = f.tick
	if f.chunks[n] != c {
		f.kept += c.bytes
	}
	f.chunks[n] = c
	c.messages = append(c.messages, messages...)
	c.bytes += size
	f.kept += size
	for f.kept > f.most && len(f.chunks) > 1 {
		oldest := n
		for k, v := range f.chunks {
			if v != c && (oldest == n || v.used < f.chunks[oldest].used) {
				oldest = k
			}
		}
		f.kept -= f.chunks[oldest].bytes
		delete(f.chunks, oldest)
	}
}

// sizeOf is about how many bytes a change and its encodings take.
func sizeOf(c *alert.Change) int {
	const fields, id = 4 << 10, 40
	return fields + 4*(len(c.Evidence)+len(c.Title)+id*len(c.EventIDs))
}
