package translate

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// PolicyPrefix begins the name of a policy.
const PolicyPrefix = "policies/"

// valueOf is the number of a domain's word in an enumeration; 0 for one that there is not.
func valueOf(values map[string]int32, prefix, word string) int32 {
	return values[prefix+strings.ToUpper(word)]
}

// word is the domain's word for a value of an enumeration; empty for the unspecified one.
func word(value, prefix string) string {
	if w := enumName(value, prefix); w != "unspecified" {
		return w
	}
	return ""
}

// PolicyOf is the domain's form of a policy.
func PolicyOf(m *pb.Policy) policy.Policy {
	p := policy.Policy{ID: strings.TrimPrefix(m.GetName(), PolicyPrefix), Name: m.GetTitle(), Description: m.GetDescription(), Severity: word(m.GetSeverity().String(), "SEVERITY_"), Category: m.GetCategory(),
		Attack: m.GetAttackTechniques(), Disabled: m.GetDisabled(), Filter: filterOf(m.GetFilter()), Key: word(m.GetKey().String(), "POLICY_KEY_"),
		Scope: policy.Scope{Include: selectionOf(m.GetInclude()), Exclude: selectionOf(m.GetExclude())}, MaxAlertsPerDay: int(m.GetMaxAlertsPerDay()), EffectiveFrom: Time(m.GetEffectiveFrom()), Response: m.GetResponse()}
	if c := m.GetCondition(); c != nil {
		p.Condition = policy.Condition{Type: word(c.GetType().String(), "POLICY_CONDITION_TYPE_"), Count: int(c.GetCount()), Within: policy.Duration(c.GetWithin().AsDuration()), Of: word(c.GetOf().String(), "POLICY_DISTINCT_")}
		for _, s := range c.GetSteps() {
			p.Condition.Steps = append(p.Condition.Steps, policy.Step{Name: s.GetTitle(), Filter: filterOf(s.GetFilter())})
		}
	}
	return p
}

func selectionOf(m *pb.PolicySelection) policy.Selection {
	return policy.Selection{Users: m.GetUsers(), Groups: m.GetGroups()}
}

func filterOf(m *pb.PolicyFilter) *policy.Filter {
	if m == nil {
		return nil
	}
	list := func(all []*pb.PolicyFilter) []policy.Filter {
		var out []policy.Filter
		for _, f := range all {
			if one := filterOf(f); one != nil {
				out = append(out, *one)
			}
		}
		return out
	}
	switch k := m.GetKind().(type) {
	case *pb.PolicyFilter_All:
		return &policy.Filter{All: list(k.All.GetFilters())}
	case *pb.PolicyFilter_Any:
		return &policy.Filter{Any: list(k.Any.GetFilters())}
	case *pb.PolicyFilter_Not:
		return &policy.Filter{Not: filterOf(k.Not)}
	case *pb.PolicyFilter_Where:
		w := k.Where
		return &policy.Filter{Field: word(w.GetField().String(), "POLICY_FIELD_"), Operator: word(w.GetOperator().String(), "POLICY_OPERATOR_"), Values: w.GetValues(), From: w.GetFrom(), To: w.GetTo(),
			Role: word(w.GetRole().String(), "POLICY_ROLE_"), Missing: word(w.GetMissing().String(), "POLICY_MISSING_"), TimeZone: w.GetTimeZone(), Property: w.GetProperty(), Days: int(w.GetDays())}
	}
	return &policy.Filter{}
}

// PolicyMessage makes the message of a policy without what is kept beside it.
func PolicyMessage(p *policy.Policy) *pb.Policy {
	m := &pb.Policy{Name: PolicyPrefix + p.ID, Title: Text(p.Name), Description: Text(p.Description), Severity: Severity(p.Severity), Category: Text(p.Category), AttackTechniques: texts(p.Attack), Disabled: p.Disabled,
		Filter: filterMessage(p.Filter), Key: pb.PolicyKey(valueOf(pb.PolicyKey_value, "POLICY_KEY_", p.Key)), Include: selectionMessage(p.Scope.Include), Exclude: selectionMessage(p.Scope.Exclude),
		MaxAlertsPerDay: int32(p.MaxAlertsPerDay), EffectiveFrom: Timestamp(p.EffectiveFrom), Response: texts(p.Response), Detection: p.DetectionID()} //nolint:gosec // bounded by Validate
	c := &p.Condition
	m.Condition = &pb.PolicyCondition{Type: pb.PolicyConditionType(valueOf(pb.PolicyConditionType_value, "POLICY_CONDITION_TYPE_", c.Type)), Count: int32(c.Count), Of: pb.PolicyDistinct(valueOf(pb.PolicyDistinct_value, "POLICY_DISTINCT_", c.Of))} //nolint:gosec // as above
	if c.Within != 0 {
		m.Condition.Within = durationpb.New(time.Duration(c.Within))
	}
	for i := range c.Steps {
		m.Condition.Steps = append(m.Condition.Steps, &pb.PolicyStep{Title: Text(c.Steps[i].Name), Filter: filterMessage(c.Steps[i].Filter)})
	}
	return m
}

func selectionMessage(s policy.Selection) *pb.PolicySelection {
	if len(s.Users)+len(s.Groups) == 0 {
		return nil
	}
	return &pb.PolicySelection{Users: texts(s.Users), Groups: texts(s.Groups)}
}

func filterMessage(f *policy.Filter) *pb.PolicyFilter {
	if f == nil {
		return nil
	}
	list := func(all []policy.Filter) *pb.PolicyFilters {
		out := &pb.PolicyFilters{}
		for i := range all {
			out.Filters = append(out.Filters, filterMessage(&all[i]))
		}
		return out
	}
	switch {
	case len(f.All) > 0:
		return &pb.PolicyFilter{Kind: &pb.PolicyFilter_All{All: list(f.All)}}
	case len(f.Any) > 0:
		return &pb.PolicyFilter{Kind: &pb.PolicyFilter_Any{Any: list(f.Any)}}
	case f.Not != nil:
		return &pb.PolicyFilter{Kind: &pb.PolicyFilter_Not{Not: filterMessage(f.Not)}}
	}
	return &pb.PolicyFilter{Kind: &pb.PolicyFilter_Where{Where: &pb.PolicyWhere{
		Field: pb.PolicyField(valueOf(pb.PolicyField_value, "POLICY_FIELD_", f.Field)), Operator: pb.PolicyOperator(valueOf(pb.PolicyOperator_value, "POLICY_OPERATOR_", f.Operator)), Values: texts(f.Values),
		From: Text(f.From), To: Text(f.To), Role: pb.PolicyRole(valueOf(pb.PolicyRole_value, "POLICY_ROLE_", f.Role)), Missing: pb.PolicyMissing(valueOf(pb.PolicyMissing_value, "POLICY_MISSING_", f.Missing)),
		TimeZone: Text(f.TimeZone), Property: Text(f.Property), Days: int32(f.Days)}}} //nolint:gosec // as above
}

// Policy makes the message of a stored policy.
func Policy(s *policy.Stored, summary string) *pb.Policy {
	m := PolicyMessage(&s.Policy)
	m.Etag, m.File, m.CreateTime, m.UpdateTime, m.Author, m.ApplyTime, m.Summary = s.Etag(), Text(s.File), Timestamp(s.Created), Timestamp(s.Updated), Text(s.Author), Timestamp(s.Since), Text(summary)
	return m
}

// PolicyStatus makes the message of what a policy found on its days; limited says that some were over the limit.
func PolicyStatus(days []policy.Day) *pb.PolicyStatus {
	m := &pb.PolicyStatus{}
	for _, d := range days {
		m.Limited = m.Limited || d.OverLimit > 0
		m.Days = append(m.Days, &pb.PolicyDay{Date: d.Date, Alerts: int32(d.Alerts), OverLimit: int32(d.OverLimit), Suppressed: int32(d.Suppressed)}) //nolint:gosec // findings of a day
	}
	return m
}

// PolicyWarnings makes the messages of values that nothing has.
func PolicyWarnings(doubts []policy.Doubt) (all []*pb.PolicyWarning) {
	for _, d := range doubts {
		all = append(all, &pb.PolicyWarning{Field: d.Where, Description: Text(d.Text)})
	}
	return all
}
