package policies

import (
	"context"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// Trial backtests a policy that need not be saved, beside the one with its id.
type Trial struct {
	Book     *Book
	Comparer Comparer
}

// Backtest evaluates a policy over the stored events and stores nothing. One without a condition means the saved one.
func (t Trial) Backtest(ctx context.Context, p policy.Policy, q alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
	present := t.Book.compiledAs(p.ID)
	if p.Condition.Type == "" && p.Name == "" && p.Filter == nil {
		s, err := t.Book.Policy(p.ID)
		if err != nil {
			return err
		}
		p = s.Policy
	}
	d, err := Compile(&p)
	if err != nil {
		return fault.New(fault.InvalidArgument, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	doubts, err := t.Book.Doubts(ctx, &p)
	if err != nil {
		return err
	}
	return t.Comparer.Compare(ctx, d, present, q, progress, func(r alert.BacktestResult) error {
		if len(d.Inputs.Matches) > 0 {
			r.Notes = append(slices.Clip(r.Notes), "It looks at the stored alerts of "+strings.Join(d.Inputs.Matches, " and ")+" as they are now: what other settings of these would raise or withdraw is not in it.")
		}
		for _, doubt := range doubts {
			r.Notes = append(slices.Clip(r.Notes), doubt.Where+": "+doubt.Text+".")
		}
		return result(r)
	})
}
