package alert

// firstStep is how many alerts are read while nobody knows how large they are.
const firstStep = 100

// Page reads up to limit alerts of a list after a cursor, in steps, so that large ones are not read by the thousand for an answer that takes
// few of them. It ends when it has read about maxBytes; more says then that others may follow.
func Page(o Order, after Cursor, limit, maxBytes int, list func(after Cursor, limit int) ([]Alert, error)) (all []Alert, more bool, err error) {
	size := 0
	for len(all) < limit {
		step := min(firstStep, limit)
		if len(all) > 0 {
			step = min(limit-len(all), (maxBytes-size)/(size/len(all)+1)+2)
		}
		next, err := list(after, step)
		if err != nil {
			return nil, false, err
		}
		for i := range next {
			size += next[i].size()
		}
		all = append(all, next...)
		switch {
		case len(next) < step:
			return all, false, nil
		case size >= maxBytes:
			return all, len(all) < limit, nil
		}
		last := &all[len(all)-1]
		after = Cursor{Key: o.Key(last), ID: last.ID}
	}
	return all, false, nil
}

// size is about what an alert takes in a message.
func (a *Alert) size() int {
	n := 500 + len(a.Title) + len(a.Evidence)
	for _, id := range a.EventIDs {
		n += len(id) + 2
	}
	for i := range a.Triage.Comments {
		n += 40 + len(a.Triage.Comments[i].Author) + len(a.Triage.Comments[i].Text)
	}
	if c := a.Context; c != nil {
		n += 100 * len(c.Traits)
	}
	return n
}
