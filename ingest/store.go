package ingest

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/event"
)

// Store keeps events. Every method may return fault.StorageUnavailable, or the deadline of its context: then the outcome
// is not known and the same call is made again. Any other error means that the call is refused for good.
type Store interface {
	// Known returns what stands under the ids; ids that are not stored are absent. Where a Replace was cut short and two
	// events stand, it is the one that Beats the other.
	Known(ctx context.Context, tenant string, ids []string) (map[string]Known, error)
	// Append stores new events; nil means they are on disk. A retry of the same batch carries the same token, another
	// batch another token. It may be refused after a part was stored.
	Append(ctx context.Context, token string, events []event.Event) error
	// SetAside keeps records that lost against a standing one with the same id. Same token rule. Storing one again is
	// harmless.
	SetAside(ctx context.Context, token string, losers []event.Event) error
	// Replace puts each winner in the place of the standing event with its id, which it sets aside; a standing event with
	// the same content, which happens when a more trusted source delivers it too, need not be set aside but MUST go as
	// well. The winner is the event with the winner's sequence. Safe to repeat after any failure.
	Replace(ctx context.Context, token string, winners []event.Event) error
	// LastSequence is the highest sequence ever stored, 0 when none.
	LastSequence(ctx context.Context) (uint64, error)
}

// Known is what stands under an id.
type Known struct {
	ContentHash uint64
	Trust       uint8
}

// Beats says which of two records with one id stands: the more trusted one, then the one with the higher content hash,
// never the one that came first. It is a strict order, so the order of arrival does not matter.
func (k Known) Beats(other Known) bool {
	if k.Trust != other.Trust {
		return k.Trust > other.Trust
	}
	return k.ContentHash > other.ContentHash
}

func known(e *event.Event) Known { return Known{ContentHash: e.ContentHash, Trust: e.Trust} }
