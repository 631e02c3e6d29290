package translate

import (
	"testing"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// TestPolicyWords says that the API has every word of the domain, and that a policy comes back as it went.
func TestPolicyWords(t *testing.T) {
	check := func(kind, prefix string, values map[string]int32, words []string) {
		for _, w := range words {
			if valueOf(values, prefix, w) == 0 {
				t.Errorf("%s: the API has no %q", kind, w)
			}
		}
		if len(values) != len(words)+1 {
			t.Errorf("%s: the API has %d values, the domain %d", kind, len(values)-1, len(words))
		}
	}
	var fields []string
	for i := range policy.Fields {
		fields = append(fields, policy.Fields[i].Name)
	}
	check("field", "POLICY_FIELD_", pb.PolicyField_value, fields)
	check("operator", "POLICY_OPERATOR_", pb.PolicyOperator_value, policy.AllOperators)
	check("role", "POLICY_ROLE_", pb.PolicyRole_value, policy.Roles)
	check("missing", "POLICY_MISSING_", pb.PolicyMissing_value, []string{policy.Match, policy.NoMatch})
	check("key", "POLICY_KEY_", pb.PolicyKey_value, policy.Keys)
	check("type", "POLICY_CONDITION_TYPE_", pb.PolicyConditionType_value, policy.Types)
	check("distinct", "POLICY_DISTINCT_", pb.PolicyDistinct_value, policy.DistinctFields)
	leaf := policy.Filter{Field: "user_group", Operator: policy.DoesNotEqual, Values: []string{"a"}, Role: "any", Missing: policy.Match}
	p := policy.Policy{ID: "x", Name: "X", Severity: "high", Key: policy.KeyUser, Filter: &policy.Filter{All: []policy.Filter{leaf, {Not: &leaf}, {Any: []policy.Filter{leaf}}}},
		Condition: policy.Condition{Type: policy.Sequence, Within: 60e9, Steps: []policy.Step{{Name: "a", Filter: &leaf}, {Name: "b", Filter: &leaf}}}, Scope: policy.Scope{Include: policy.Selection{Users: []string{"u"}}}}
	if got := PolicyOf(PolicyMessage(&p)); (&policy.Stored{Policy: got}).Etag() != (&policy.Stored{Policy: p}).Etag() {
		t.Errorf("it came back as %+v", got)
	}
}
