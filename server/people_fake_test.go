package server_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// people keeps states in memory.
type people struct {
	mu     sync.Mutex
	states []directory.State
}

func (p *people) ImportPeople(_ context.Context, d directory.Delivery) (directory.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := directory.History{}
	for i := range p.states {
		if s := &p.states[i]; s.Source == d.Source {
			h[s.DirectoryID] = append(h[s.DirectoryID], directory.MarkOf(s))
		}
	}
	states, deleted, o := directory.Plan(&d, h)
	if o.Held || d.DryRun {
		return o, nil
	}
	for _, id := range deleted {
		states = append(states, directory.State{Source: d.Source, DirectoryID: id, Status: "deleted", From: d.AsOf})
	}
	for _, s := range states {
		p.states = slices.DeleteFunc(p.states, func(x directory.State) bool {
			return x.Source == s.Source && x.DirectoryID == s.DirectoryID && x.From.Equal(s.From)
		})
		if !s.Removed {
			p.states = append(p.states, s)
		}
	}
	slices.SortFunc(p.states, order)
	o.Applied = true
	return o, nil
}

// ConfirmDelivery knows of 7 who would leave entra.
func (p *people) ConfirmDelivery(_ context.Context, source string, left int) (directory.Outcome, error) {
	switch {
	case source != "entra":
		return directory.Outcome{}, fault.New(fault.NotFound, "nothing of source %q is held", source)
	case left != 7:
		return directory.Outcome{}, fault.New(fault.InvalidArgument, "left: found %d, expected 7", left)
	}
	return directory.Outcome{People: 40, Left: 7}, nil
}

func order(a, b directory.State) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.DirectoryID, b.DirectoryID), a.From.Compare(b.From))
}

func (p *people) ListPeople(_ context.Context, page directory.Page) ([]directory.State, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	var all []directory.State
	for _, s := range p.states {
		after := page.After
		if after.From.Equal(directory.Earliest) {
			after.From = s.From.UTC()
			if !s.From.IsZero() {
				after.From = directory.Earliest
			}
		}
		if order(s, after) > 0 && in(page.Sources, s.Source) && in(page.Statuses, s.Status) && len(all) < page.Limit &&
			(len(page.Keys) == 0 || slices.ContainsFunc(s.Keys(), func(k string) bool { return slices.Contains(page.Keys, k) })) {
			all = append(all, s)
		}
	}
	return all, nil
}
