package server_test

import (
	"context"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// policyBook is a book of policies in memory, one of which comes from a file.
type policyBook struct{ all []policy.Stored }

func storedPolicies() *policyBook {
	filed := policy.Policy{ID: "filed", Name: "Filed", Severity: "low", Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Single}}
	return &policyBook{all: []policy.Stored{{Policy: filed, File: "filed.yaml", Version: 1, Since: epoch, Created: epoch, Updated: epoch, Author: "file filed.yaml"}}}
}

func (b *policyBook) Policies() []policy.Stored {
	all := slices.Clone(b.all)
	slices.SortFunc(all, func(x, y policy.Stored) int { return strings.Compare(x.ID, y.ID) })
	return all
}

func (b *policyBook) Policy(id string) (policy.Stored, error) {
	for _, s := range b.all {
		if s.ID == id {
			return s, nil
		}
	}
	return policy.Stored{}, fault.New(fault.NotFound, "there is no policy %q", id)
}

func (b *policyBook) Create(_ context.Context, p policy.Policy, author string) (policy.Stored, error) {
	if _, err := b.Policy(p.ID); err == nil {
		return policy.Stored{}, fault.New(fault.AlreadyExists, "there is a policy %q", p.ID)
	}
	s := policy.Stored{Policy: p, Version: 1, Since: epoch, Created: epoch, Updated: epoch, Author: author}
	b.all = append(b.all, s)
	return s, nil
}

func (b *policyBook) TryCreate(p policy.Policy, author string) (policy.Stored, error) {
	if _, err := b.Policy(p.ID); err == nil {
		return policy.Stored{}, fault.New(fault.AlreadyExists, "there is a policy %q", p.ID)
	}
	return policy.Stored{Policy: p, Version: 1, Since: epoch, Created: epoch, Updated: epoch, Author: author}, nil
}

func (b *policyBook) TryUpdate(id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error) {
	i, err := b.changeable(id, etag)
	if err != nil {
		return policy.Stored{}, err
	}
	s := b.all[i]
	s.Policy, err = change(s)
	s.Author = author
	return s, err
}

func (b *policyBook) changeable(id, etag string) (int, error) {
	i := slices.IndexFunc(b.all, func(s policy.Stored) bool { return s.ID == id })
	switch {
	case i < 0:
		return 0, fault.New(fault.NotFound, "there is no policy %q", id)
	case b.all[i].File != "":
		return 0, fault.New(fault.ReadOnly, "policy %s comes from a file", id)
	case etag != "" && etag != b.all[i].Etag():
		return 0, fault.New(fault.Conflict, "policy %s was changed", id)
	}
	return i, nil
}

func (b *policyBook) Update(_ context.Context, id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error) {
	i, err := b.changeable(id, etag)
	if err != nil {
		return policy.Stored{}, err
	}
	p, err := change(b.all[i])
	if err != nil {
		return policy.Stored{}, err
	}
	b.all[i].Policy, b.all[i].Author = p, author
	b.all[i].Version++
	return b.all[i], nil
}

func (b *policyBook) Delete(_ context.Context, id, etag, _ string) error {
	i, err := b.changeable(id, etag)
	if err == nil {
		b.all = slices.Delete(b.all, i, i+1)
	}
	return err
}

func (b *policyBook) Backtest(_ context.Context, p policy.Policy, _ alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
	if err := progress(alert.BacktestProgress{Detection: p.DetectionID(), Fraction: 0.5, Reached: epoch}); err != nil {
		return err
	}
	return result(alert.BacktestResult{Detection: p.DetectionID(), Alerts: alert.Compared{Proposed: 3}})
}

func (b *policyBook) Days(context.Context) (map[string][]policy.Day, error) {
	return map[string][]policy.Day{"nights": {{Date: "2026-08-01", Alerts: 2, OverLimit: 1}}}, nil
}

// Doubts knows few activities and one group.
func (b *policyBook) Doubts(_ context.Context, p *policy.Policy) ([]policy.Doubt, error) {
	return p.Doubts(policy.Values{"activity": {"export", "logon", "download", "settings"}, "user_group": {"auditors"}, "ip_tag": {"tor"}}), nil
}

func (b *policyBook) Refusal(string) string { return "" }

func (b *policyBook) Templates() []policy.Policy {
	return []policy.Policy{{ID: "tried", Name: "Tried", Severity: "low", Disabled: true, Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Single}}}
}

func (b *policyBook) Describe(p *policy.Policy) string { return "each event of one " + p.Key }
