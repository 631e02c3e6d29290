package feed

import (
	"bytes"
	"context"
	"strings"
)

// Try fetches and reads a list by the options, and stores nothing; Book and States are not needed. The error is a *Failure, or
// says what of the options is wrong.
func Try(ctx context.Context, o Options) (*List, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o.limits()
	fetcher, err := newFetcher(&o)
	if err != nil {
		return nil, err
	}
	defer fetcher.close()
	c, fail := fetcher.get(ctx, mark{})
	if fail != nil {
		return nil, fail
	}
	l, err := (&Feed{o: o}).read(bytes.NewReader(c.body))
	if err != nil {
		return nil, failure(KindFormat, err, "it is no list of the format %s", o.Format)
	}
	return l, l.check(&o)
}

// check refuses a list of which too much cannot be read, or that is about something else.
func (l *List) check(o *Options) error {
	if n := len(l.Entries) + l.Bad; l.Bad > 0 && float64(l.Bad) > max(0, o.MaxBad)*float64(n) {
		return failure(KindFormat, nil, "%d of %d entries cannot be read, more than %g %%: %s", l.Bad, n, 100*max(0, o.MaxBad), strings.Join(l.Problems, "; "))
	}
	return nil
}
