package server_test

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// addresses keeps ranges in memory.
type addresses struct {
	mu  sync.Mutex
	all []intelligence.Range
}

func (a *addresses) Know(_ context.Context, ranges []intelligence.Range) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, ranges...)
	slices.SortFunc(a.all, func(x, y intelligence.Range) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), strings.Compare(x.Prefix.String(), y.Prefix.String()), begin(x).Compare(begin(y)))
	})
	return nil
}

func (a *addresses) Forget(_ context.Context, source string, prefixes []netip.Prefix) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := len(a.all)
	a.all = slices.DeleteFunc(a.all, func(r intelligence.Range) bool {
		return r.Source == source && (len(prefixes) == 0 || slices.Contains(prefixes, r.Prefix))
	})
	return before - len(a.all), nil
}

// Touched counts three events of two users for each prefix.
func (a *addresses) Touched(_ context.Context, _ string, prefixes []netip.Prefix) (events, users uint64, err error) {
	return uint64(3 * len(prefixes)), uint64(2 * len(prefixes)), nil
}

func (a *addresses) ListRanges(_ context.Context, _ string, sources []string, source, prefix string, from time.Time, limit int) ([]intelligence.Range, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var page []intelligence.Range
	for _, r := range a.all {
		if len(page) < limit && (len(sources) == 0 || slices.Contains(sources, r.Source)) && cmp.Or(strings.Compare(r.Source, source), strings.Compare(r.Prefix.String(), prefix), begin(r).Compare(from)) > 0 {
			page = append(page, r)
		}
	}
	return page, nil
}

// begin is the beginning of a range, 1970 for one that has none.
func begin(r intelligence.Range) time.Time {
	if r.From.IsZero() {
		return time.Unix(0, 0)
	}
	return r.From
}
