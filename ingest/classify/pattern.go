package classify

import (
	"errors"
	"strings"
)

// fields is the number of fields of a Key.
const fields = 6

// rule matches where each field that has patterns matches one of them.
type rule struct {
	id, activity   string
	administrative bool
	patterns       [fields][]pattern
}

func (r *rule) matches(key *[fields]string) bool {
	for i, patterns := range r.patterns {
		if patterns != nil && !anyMatches(patterns, key[i]) {
			return false
		}
	}
	return true
}

func anyMatches(patterns []pattern, s string) bool {
	for _, p := range patterns {
		if p.matches(s) {
			return true
		}
	}
	return false
}

// pattern is the folded texts between the asterisks; one text means an exact match.
type pattern []string

func newPattern(s string) (pattern, error) {
	p := strings.Split(s, "*")
	letters := 0
	for i, part := range p {
		if part == "" && i > 0 && i < len(p)-1 {
			return nil, errors.New("two asterisks in a row")
		}
		p[i] = fold(part)
		letters += len(p[i])
	}
	if letters == 0 && s != "*" && s != "" {
		return nil, errors.New("a pattern needs a letter or a digit; \"*\" alone matches everything and \"\" what is empty")
	}
	return p, nil
}

func (p pattern) matches(s string) bool {
	last := len(p) - 1
	if last == 0 {
		return s == p[0]
	}
	s, ok := strings.CutPrefix(s, p[0])
	if !ok {
		return false
	}
	for _, part := range p[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, p[last])
}

// fold makes spellings of one name the same: "User Login", "user_login" and "UserLogin".
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '_', '-', '.', '/', ':':
			return -1
		}
		return r
	}, strings.ToLower(s))
}
