package clickhouse

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/bits-and-blooms/bloom/v3"
	"github.com/cespare/xxhash/v2"

	"github.com/sealwatch/sealwatch/internal/event"
)

const (
	// firstFilter is the capacity of the first filter; each next one has twice that of the one before.
	firstFilter = 1 << 20
	// falseRate is how many new ids of a filter look stored and are looked up in vain: 14 bits an id.
	falseRate = 0.001
)

// Identities answers which ids are stored, without asking the database about most of those that are not: Bloom filters
// hold every stored id, 18 MB for ten million. It is right only while this process is the one writer of events.
type Identities struct {
	db *DB

	mu      sync.RWMutex
	filters []*bloom.BloomFilter
	held    uint // ids in the last filter
	loaded  bool
}

// NewIdentities knows nothing yet: it asks the database about every id until Load is done.
func NewIdentities(db *DB) *Identities { return &Identities{db: db} }

// Load reads the ids that are stored. It may run while events are appended.
func (x *Identities) Load(ctx context.Context) error {
	const chunk = 1 << 14
	hashes := make([]uint64, 0, chunk)
	flush := func() {
		x.mu.Lock()
		for _, h := range hashes {
			x.add(h)
		}
		x.mu.Unlock()
		hashes = hashes[:0]
	}
	err := x.db.rows(ctx, "events_id_hashes", func(r driver.Rows) error {
		var h uint64
		if err := r.Scan(&h); err != nil {
			return err
		}
		if hashes = append(hashes, h); len(hashes) == chunk {
			flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	flush()
	x.mu.Lock()
	x.loaded = true
	x.mu.Unlock()
	return nil
}

// Known is KnownEvents for the one writer.
func (x *Identities) Known(ctx context.Context, tenant string, ids []string) (map[string]KnownEvent, error) {
	x.mu.RLock()
	if x.loaded {
		var maybe []string
		for _, id := range ids {
			if x.has(hashOf(tenant, id)) {
				maybe = append(maybe, id)
			}
		}
		ids = maybe
	}
	x.mu.RUnlock()
	return x.db.KnownEvents(ctx, tenant, ids)
}

// Append is AppendEvents; the ids are remembered before the insert, because one whose answer is lost may have succeeded.
func (x *Identities) Append(ctx context.Context, token string, events []event.Event) error {
	x.mu.Lock()
	for i := range events {
		x.add(hashOf(events[i].Tenant, events[i].ID))
	}
	x.mu.Unlock()
	return x.db.AppendEvents(ctx, token, events)
}

func hashOf(tenant, id string) uint64 {
	d := xxhash.New()
	_, _ = d.WriteString(tenant)
	_, _ = d.Write([]byte{0})
	_, _ = d.WriteString(id)
	return d.Sum64()
}

func key(h uint64) []byte { return binary.LittleEndian.AppendUint64(nil, h) }

func (x *Identities) has(h uint64) bool {
	k := key(h)
	for _, f := range x.filters {
		if f.Test(k) {
			return true
		}
	}
	return false
}

func (x *Identities) add(h uint64) {
	if x.has(h) { // a retry, or an id that Load and Append both bring
		return
	}
	last := len(x.filters) - 1
	if last < 0 || x.held >= firstFilter<<last {
		last++
		x.filters = append(x.filters, bloom.NewWithEstimates(firstFilter<<last, falseRate))
		x.held = 0
	}
	x.filters[last].Add(key(h))
	x.held++
}
