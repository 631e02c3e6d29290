package policies

import (
	"slices"
	"sync"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
)

// builtIn are the detections that come along.
var builtIn = sync.OnceValues(func() ([]analytics.Definition, error) { return analytics.LoadDefinitions(detections.Files) })

// matched is the text that asks whether an event is evidence of an alert of one of the detections. It MUST NOT stand under a negation:
// of an alert with more events than it names it takes in more than its evidence.
func (c *compiler) matched(ids []string) string {
	c.matches = append(c.matches, ids...)
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	// of which classes the evidence is: the id of a detection that reads some alone, and each of them behind it
	reads, many := []string{}, []string{}
	definitions, err := builtIn()
	if err != nil {
		definitions = nil // the tests read them; without classes it takes in more
	}
	for i := range definitions {
		d := &definitions[i]
		if !slices.Contains(ids, d.ID) {
			continue
		}
		if len(d.Inputs.Activities) > 0 {
			reads = append(reads, d.ID)
		}
		for _, a := range d.Inputs.Activities {
			reads = append(reads, d.ID+" "+a)
		}
		for kind, all := range d.Collective {
			for _, id := range all {
				many = append(many, kind+" "+id)
			}
		}
	}
	slices.Sort(many)
	a := c.list(ids)
	raised := with(fragment("operators", "raised"), "a", a)
	return with(fragment("operators", "equals matched"), "raised", raised, "reads", c.list(reads), "many", c.list(slices.Compact(many)), "whose", c.whose())
}

// lookedAt are the detections with the values that they come with.
func lookedAt(ids []string) ([]analytics.Detection, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	definitions, err := builtIn()
	if err != nil {
		return nil, err
	}
	return analytics.Tune(slices.DeleteFunc(slices.Clone(definitions), func(d analytics.Definition) bool { return !slices.Contains(ids, d.ID) }), nil)
}
