package feed

import (
	"errors"
	"fmt"
	"strings"
)

// addressesOf returns the addresses and networks that a STIX pattern names: those for which it holds whatever else is the case.
// A pattern about anything else has none. What is joined by AND to something that an address alone does not tell, such as a port,
// is left out: it would say too much.
func addressesOf(pattern string) ([]string, error) {
	p := &patternParser{tokens: patternTokens(pattern)}
	found, err := p.or(0)
	if err == nil && p.at < len(p.tokens) {
		switch p.tokens[p.at] {
		case "FOLLOWEDBY", "WITHIN", "START", "REPEATS":
			return nil, nil // about several observations, or a span of them
		}
		err = fmt.Errorf("found %.40q, expected the end", p.tokens[p.at])
	}
	if err != nil {
		return nil, fmt.Errorf("%w in %.120q", err, pattern)
	}
	return found.addresses, nil
}

// meaning of a part of a pattern.
type meaning struct {
	addresses []string
	// neutral says only which version of addresses is meant.
	neutral bool
}

// maxDepth bounds parentheses.
const maxDepth = 50

type patternParser struct {
	tokens []string
	at     int
}

func (p *patternParser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *patternParser) take(token string) bool {
	if p.peek() != token {
		return false
	}
	p.at++
	return true
}

func (p *patternParser) or(depth int) (meaning, error) {
	if depth > maxDepth {
		return meaning{}, errors.New("found too many parentheses")
	}
	all, err := p.and(depth)
	for err == nil && p.take("OR") {
		var next meaning
		next, err = p.and(depth)
		all = meaning{addresses: append(all.addresses, next.addresses...)}
	}
	return all, err
}

func (p *patternParser) and(depth int) (meaning, error) {
	all, err := p.one(depth)
	for err == nil && p.take("AND") {
		var next meaning
		next, err = p.one(depth)
		switch {
		case all.neutral:
			all = next
		case !next.neutral:
			all = meaning{}
		}
	}
	return all, err
}

func (p *patternParser) one(depth int) (meaning, error) {
	for _, pair := range [][2]string{{"[", "]"}, {"(", ")"}} {
		if p.take(pair[0]) {
			m, err := p.or(depth + 1)
			if err == nil && !p.take(pair[1]) {
				err = fmt.Errorf("found %.40q, expected %s", p.peek(), pair[1])
			}
			return m, err
		}
	}
	return p.comparison()
}

// comparison reads PATH [NOT] OPERATOR VALUE.
func (p *patternParser) comparison() (meaning, error) {
	path := p.peek()
	if path == "" || !strings.Contains(path, ":") || path[0] == '\'' {
		if p.take("EXISTS") {
			p.at++
			return meaning{}, nil
		}
		return meaning{}, fmt.Errorf("found %.40q, expected a comparison such as ipv4-addr:value = '192.0.2.1'", path)
	}
	p.at++
	negated := p.take("NOT")
	operator := p.peek()
	switch operator {
	case "=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET":
		p.at++
	default:
		return meaning{}, fmt.Errorf("found %.40q, expected an operator behind %.60s", operator, path)
	}
	values, err := p.values(operator == "IN")
	if err != nil || negated {
		return meaning{}, err
	}
	switch {
	case strings.HasSuffix(path, "_ref.type") && operator == "=" && (values[0] == "ipv4-addr" || values[0] == "ipv6-addr"):
		return meaning{neutral: true}, nil
	case operator != "=" && operator != "IN" && operator != "ISSUBSET":
		return meaning{}, nil
	}
	switch path {
	case "ipv4-addr:value", "ipv6-addr:value", "network-traffic:src_ref.value", "network-traffic:dst_ref.value":
		return meaning{addresses: values}, nil
	}
	return meaning{}, nil
}

func (p *patternParser) values(list bool) (values []string, err error) {
	if list && !p.take("(") {
		return nil, fmt.Errorf("found %.40q, expected (", p.peek())
	}
	for {
		v := p.peek()
		if v == "" || strings.ContainsAny(v[:1], "[](),") {
			return nil, fmt.Errorf("found %.40q, expected a value", v)
		}
		p.at++
		values = append(values, strings.Trim(v, "'"))
		switch {
		case !list, p.take(")"):
			return values, nil
		case !p.take(","):
			return nil, fmt.Errorf("found %.40q, expected , or )", p.peek())
		}
	}
}

// patternTokens takes a pattern apart; texts keep their quotation mark at the beginning.
func patternTokens(s string) (tokens []string) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case strings.IndexByte("[](),", c) >= 0:
			tokens = append(tokens, s[i:i+1])
			i++
		case strings.IndexByte("=!<>", c) >= 0:
			end := i + 1
			if end < len(s) && s[end] == '=' {
				end++
			}
			tokens = append(tokens, s[i:end])
			i = end
		case c == '\'':
			text, end := quoted(s, i)
			tokens = append(tokens, text)
			i = end
		default:
			end := i
			for end < len(s) && strings.IndexByte(" \t\r\n[](),=!<>", s[end]) < 0 {
				if s[end] == '\'' { // a key in quotation marks inside a path
					_, end = quoted(s, end)
					continue
				}
				end++
			}
			tokens = append(tokens, s[i:end])
			i = end
		}
	}
	return tokens
}

// quoted reads a text in quotation marks; one that does not end reaches to the end.
func quoted(s string, i int) (string, int) {
	var b strings.Builder
	b.WriteByte('\'')
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case '\'':
			return b.String(), i + 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), len(s)
}
