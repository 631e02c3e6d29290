package server_test

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// feeds has one feed, of which a copy is held.
type feeds struct{ one status.Feed }

func heldFeed() *feeds {
	return &feeds{status.Feed{Name: "tor-exits", Preset: "tor-exits", State: status.FeedHeld, Entries: 1000, HeldEntries: 3, HeldSince: epoch, LastSuccess: epoch, LastError: "it shrank", Tags: []string{"tor"}}}
}

func (f *feeds) List() []status.Feed { return []status.Feed{f.one} }

func (f *feeds) Refresh(_ context.Context, name string) (status.Feed, error) {
	if name != f.one.Name {
		return status.Feed{}, fault.New(fault.NotFound, "no feed %q", name)
	}
	f.one.Entries++
	return f.one, nil
}

func (f *feeds) Confirm(context.Context, string) (status.Feed, error) {
	if f.one.HeldSince.IsZero() {
		return status.Feed{}, fault.New(fault.InvalidArgument, "nothing is held")
	}
	f.one = status.Feed{Name: f.one.Name, State: status.FeedCurrent, Entries: 3, Removed: 997}
	return f.one, nil
}
