package alert

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// shelf is a list of alerts of a size, in the order of their number of events, the most first.
func shelf(n, evidence int) []Alert {
	all := make([]Alert, n)
	for i := range all {
		all[i] = Alert{ID: fmt.Sprintf("%032x", i), Finding: Finding{EventCount: uint64(n - i), Evidence: strings.Repeat("x", evidence)}}
	}
	return all
}

// TestPage: whatever the size of the alerts, pages put together are the list, and what is read for one is bounded by bytes.
func TestPage(t *testing.T) {
	order := Order{By: OrderEventCount}
	for _, c := range []struct {
		name                    string
		alerts, evidence, limit int
		reads, most, pages      int // of the first page: calls, alerts read at most; pages in all
	}{
		{"none", 0, 0, 51, 1, 0, 1},
		{"a page of the usual size", 300, 2000, 51, 1, 51, 6},
		{"many small ones", 2500, 100, 1001, 2, 1001, 3},
		{"as many as the limit", 1001, 100, 1001, 2, 1001, 1},
		{"large ones are not read by the thousand", 500, 100_000, 1001, 1, 100, 5},
		{"some of them large", 400, 9_000, 1001, 2, 340, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := shelf(c.alerts, c.evidence)
			reads := 0
			list := func(after Cursor, limit int) ([]Alert, error) {
				reads++
				i := 0
				for i < len(whole) && after.Before(order.Key(&whole[i]), whole[i].ID) {
					i++
				}
				return slices.Clone(whole[i:min(len(whole), i+limit)]), nil
			}
			var got []Alert
			pages, more := 0, true
			for after := (Cursor{}); more; pages++ {
				page, others, err := Page(order, after, c.limit, 3<<20, list)
				if err != nil {
					t.Fatal(err)
				}
				if pages == 0 && (reads != c.reads || len(page) > c.most) {
					t.Errorf("the first page took %d reads for %d alerts, want %d and %d at most", reads, len(page), c.reads, c.most)
				}
				got, more = append(got, page...), others || len(page) == c.limit
				if len(page) > 0 {
					after = Cursor{Key: order.Key(&page[len(page)-1]), ID: page[len(page)-1].ID}
				}
			}
			if len(got) != len(whole) || len(got) > 0 && (got[0].ID != whole[0].ID || got[len(got)-1].ID != whole[len(whole)-1].ID) {
				t.Errorf("%d alerts in %d pages, want %d", len(got), pages, len(whole))
			}
		})
	}
}
