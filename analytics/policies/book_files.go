package policies

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/policy"
)

// fromFiles are the new versions of what the files say otherwise than before.
func (b *Book) fromFiles() ([]policy.Stored, error) {
	var changed []policy.Stored
	var problems []error
	from := make(map[string]string)
	for _, file := range slices.Sorted(maps.Keys(b.o.Files)) {
		p := b.o.Files[file]
		if other, twice := from[p.ID]; twice {
			problems = append(problems, fmt.Errorf("policies.folder: %s: id: %s is that of %s, too", file, p.ID, other))
			continue
		}
		from[p.ID] = file
		if err := p.Validate(); err != nil {
			problems = append(problems, fmt.Errorf("policies.folder: %s: %s", file, strings.ReplaceAll(err.Error(), "\n", "; ")))
			continue
		}
		old, known := b.all[p.ID]
		if known && !old.Removed && old.File == "" {
			problems = append(problems, fmt.Errorf("policies.folder: %s: id: %s is that of a policy that was saved over the API; expected another one, or that one deleted", file, p.ID))
			continue
		}
		next := b.next(&p, "file "+file)
		next.File = file
		if known && !old.Removed && old.File == file && samePolicy(&old.Policy, &p) {
			continue
		}
		changed = append(changed, next)
	}
	saved := 0
	for _, s := range b.all {
		if s.File == "" && !s.Removed {
			saved++
		}
	}
	if n := len(b.o.Files); n > 0 && saved+n > MaxPolicies {
		problems = append(problems, fmt.Errorf("policies.folder: found %d files beside %d policies that were saved over the API, expected %d in all at most", n, saved, MaxPolicies))
	}
	for id, s := range b.all {
		if s.File != "" && !s.Removed && from[id] == "" {
			gone := b.next(&s.Policy, "file "+s.File)
			gone.File, gone.Removed, gone.Since = s.File, true, b.now()
			changed = append(changed, gone)
		}
	}
	return changed, errors.Join(problems...)
}
