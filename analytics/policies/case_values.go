package policies

import "github.com/sealwatch/sealwatch/internal/policy"

// Values are those that fields have in the case.
func (c *Case) Values() policy.Values {
	v := policy.Values{}
	add := func(field string, values ...string) {
		for _, one := range values {
			if one != "" && one != "-" {
				v[field] = append(v[field], one)
			}
		}
	}
	events := append(append([]CaseEvent{c.Defaults}, c.Events...), c.Late...)
	for i := range events {
		e := &events[i]
		add("action", e.Action)
		add("object", e.Object)
		add("property", e.Property)
		add("result", e.Result)
		add("channel", e.Channel)
		add("source", e.Source)
	}
	for _, r := range append(append([]CaseRange{}, c.Ranges...), c.LateRanges...) {
		add("ip_tag", r.Tags...)
	}
	for _, p := range append(append([]CasePerson{}, c.Directory...), c.LateDirectory...) {
		add("user_group", p.Groups...)
		add("user_role", p.Role)
	}
	return v
}
