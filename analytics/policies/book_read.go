package policies

import (
	"cmp"
	"maps"
	"slices"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// Refusal is why a policy is not evaluated, or not as its file says now; empty when it is, or is off.
func (b *Book) Refusal(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused[id] == "" && b.all[id].File != "" {
		return b.folder
	}
	return b.refused[id]
}

// Problem is what is wrong with the policies as a whole; empty when nothing is.
func (b *Book) Problem() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	problem := b.folder
	for _, id := range slices.Sorted(maps.Keys(b.refused)) {
		problem = cmp.Or(problem, "policy "+id+" is not evaluated: "+b.refused[id])
	}
	return problem
}

func (b *Book) compiledAs(id string) *analytics.Detection {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d, ok := b.compiled[id]; ok {
		return &d
	}
	return nil
}

// Detections are those of the policies that are there, by id, disabled ones with them.
func (b *Book) Detections() []analytics.Detection {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]analytics.Detection, 0, len(b.compiled))
	for _, id := range slices.Sorted(maps.Keys(b.compiled)) {
		all = append(all, b.compiled[id])
	}
	return all
}

// Policies are all that are not deleted, by id.
func (b *Book) Policies() []policy.Stored {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []policy.Stored
	for _, s := range b.all {
		if !s.Removed {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y policy.Stored) int { return cmp.Compare(x.ID, y.ID) })
	return all
}

// Policy returns one, or fault.NotFound.
func (b *Book) Policy(id string) (policy.Stored, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.all[id]; ok && !s.Removed {
		return s, nil
	}
	var there []string
	for name, s := range b.all {
		if !s.Removed {
			there = append(there, name)
		}
	}
	slices.Sort(there)
	return policy.Stored{}, fault.New(fault.NotFound, "there is no policy %q%s", id, spelling.Instead(id, there))
}

// Name is what people call the policy, or called it before it was deleted; empty when there never was one.
func (b *Book) Name(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[id].Name
}
