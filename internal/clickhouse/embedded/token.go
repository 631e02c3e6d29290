package embedded

import "strings"

type tokenKind int

const (
	tokenWord    tokenKind = iota // bare identifier or keyword
	tokenQuoted                   // identifier in back-quotes or double quotes
	tokenLiteral                  // string, here-document or number
	tokenSymbol                   // one character of anything else
)

// token is a lexical element of a statement; start and end are byte offsets.
// text is what stands between the quotes for tokenQuoted, escapes not decoded.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

// is reports whether t is the bare word, in any letter case.
func (t token) is(word string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, word)
}

func (t token) symbol(c byte) bool { return t.kind == tokenSymbol && t.text[0] == c }

// scanner splits SQL into tokens by ClickHouse's lexical rules. It never
// fails: what it does not understand is a symbol.
type scanner struct {
	sql string
	at  int
}

// next returns the following token; false at the end of the text.
func (s *scanner) next() (token, bool) {
	s.skipBlank()
	if s.at >= len(s.sql) {
		return token{}, false
	}
	start := s.at
	c := s.sql[start]
	switch {
	case isWordStart(c):
		return s.word(), true
	case c == '`' || c == '"':
		body := s.quoted(c)
		return token{tokenQuoted, body, start, s.at}, true
	case c == '\'':
		body := s.quoted(c)
		return token{tokenLiteral, body, start, s.at}, true
	case isDigit(c):
		for s.at < len(s.sql) && (isWordStart(s.sql[s.at]) || isDigit(s.sql[s.at]) || s.sql[s.at] == '.') {
			s.at++
		}
		return token{tokenLiteral, s.sql[start:s.at], start, s.at}, true
	case c == '$':
		if tag, ok := hereDocumentTag(s.sql[start:]); ok {
			if end := strings.Index(s.sql[start+len(tag):], tag); end >= 0 {
				s.at = start + 2*len(tag) + end
				return token{tokenLiteral, s.sql[start+len(tag) : start+len(tag)+end], start, s.at}, true
			}
		}
		if start+1 < len(s.sql) && isWordPart(s.sql[start+1]) {
			return s.word(), true
		}
	}
	s.at++
	return token{tokenSymbol, s.sql[start:s.at], start, s.at}, true
}

// word consumes a word that starts at s.at. A dollar sign is a part of it like
// a letter.
func (s *scanner) word() token {
	start := s.at
	for s.at < len(s.sql) && isWordPart(s.sql[s.at]) {
		s.at++
	}
	return token{tokenWord, s.sql[start:s.at], start, s.at}
}

// quoted consumes a quoted piece that starts at s.at and returns its inside.
// A backslash escapes the next character; a doubled quote is one quote.
func (s *scanner) quoted(quote byte) string {
	start := s.at + 1
	i := start
	for i < len(s.sql) {
		switch {
		case s.sql[i] == '\\':
			i++
		case s.sql[i] == quote && i+1 < len(s.sql) && s.sql[i+1] == quote:
			i++
		case s.sql[i] == quote:
			s.at = i + 1
			return s.sql[start:i]
		}
		i++
	}
	s.at = len(s.sql)
	return s.sql[min(start, len(s.sql)):]
}

func (s *scanner) skipBlank() {
	for s.at < len(s.sql) {
		rest := s.sql[s.at:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v\x00", rest[0]) >= 0:
			s.at++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				s.at += end + 1
			} else {
				s.at = len(s.sql)
			}
		case strings.HasPrefix(rest, "/*"):
			if end := strings.Index(rest[2:], "*/"); end >= 0 {
				s.at += end + 4
			} else {
				s.at = len(s.sql)
			}
		default:
			return
		}
	}
}

// hereDocumentTag reads the $name$ that opens a here-document; the name may
// hold anything but a dollar sign.
func hereDocumentTag(s string) (string, bool) {
	end := strings.IndexByte(s[1:], '$')
	return s[:end+2], end >= 0
}

func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
