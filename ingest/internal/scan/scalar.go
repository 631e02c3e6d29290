package scan

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Null consumes null.
func (c *Cursor) Null() error {
	c.space()
	return c.literal("null")
}

// Bool consumes true or false.
func (c *Cursor) Bool() (bool, error) {
	if c.space(); c.at < len(c.text) && c.text[c.at] == 't' {
		return true, c.literal("true")
	}
	return false, c.literal("false")
}

// Number consumes a number and returns its spelling.
func (c *Cursor) Number() (string, error) {
	c.space()
	from := c.at
	if c.at < len(c.text) && c.text[c.at] == '-' {
		c.at++
	}
	if c.at < len(c.text) && c.text[c.at] == '0' {
		c.at++
	} else if !c.digits() {
		return "", c.unexpected("a digit")
	}
	if c.at < len(c.text) && c.text[c.at] == '.' {
		if c.at++; !c.digits() {
			return "", c.unexpected("a digit after the decimal point")
		}
	}
	if c.at < len(c.text) && (c.text[c.at] == 'e' || c.text[c.at] == 'E') {
		if c.at++; c.at < len(c.text) && (c.text[c.at] == '+' || c.text[c.at] == '-') {
			c.at++
		}
		if !c.digits() {
			return "", c.unexpected("a digit in the exponent")
		}
	}
	return c.text[from:c.at], nil
}

func (c *Cursor) digits() bool {
	from := c.at
	for c.at < len(c.text) && c.text[c.at] >= '0' && c.text[c.at] <= '9' {
		c.at++
	}
	return c.at > from
}

// Text consumes a string and returns its value. It is a part of the scanned text wherever that is possible, so it keeps
// that text alive. Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD.
func (c *Cursor) Text() (string, error) {
	if c.Kind() != String {
		return "", c.unexpected("a string")
	}
	from := c.at + 1
	ascii := true
	for i := from; i < len(c.text); i++ {
		switch b := c.text[i]; {
		case b == '"':
			c.at = i + 1
			if s := c.text[from:i]; ascii || utf8.ValidString(s) {
				return s, nil
			}
			return strings.ToValidUTF8(c.text[from:i], "\uFFFD"), nil
		case b == '\\':
			c.at = i
			return c.unescape(from)
		case b < ' ':
			c.at = i
			return "", c.unexpected("the end of a string (control characters are written as escapes)")
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	c.at = len(c.text)
	return "", c.unexpected("the end of a string")
}

// unescape reads the rest of a string that began at from; the cursor stands at its first backslash.
func (c *Cursor) unescape(from int) (string, error) {
	var out strings.Builder
	for {
		out.WriteString(strings.ToValidUTF8(c.text[from:c.at], "\uFFFD"))
		if c.at == len(c.text) {
			return "", c.unexpected("the end of a string")
		}
		switch b := c.text[c.at]; {
		case b == '"':
			c.at++
			return out.String(), nil
		case b < ' ':
			return "", c.unexpected("the end of a string (control characters are written as escapes)")
		}
		c.at++
		if err := c.escape(&out); err != nil {
			return "", err
		}
		for from = c.at; c.at < len(c.text); c.at++ {
			if b := c.text[c.at]; b == '"' || b == '\\' || b < ' ' {
				break
			}
		}
	}
}

// escape reads what follows a backslash.
func (c *Cursor) escape(out *strings.Builder) error {
	if c.at == len(c.text) {
		return c.unexpected("the end of an escape")
	}
	switch b := c.text[c.at]; b {
	case '"', '\\', '/':
		out.WriteByte(b)
	case 'b':
		out.WriteByte('\b')
	case 'f':
		out.WriteByte('\f')
	case 'n':
		out.WriteByte('\n')
	case 'r':
		out.WriteByte('\r')
	case 't':
		out.WriteByte('\t')
	case 'u':
		r, ok := hex4(c.text[c.at+1:])
		if !ok {
			return c.unexpected("four hexadecimal digits after \\u")
		}
		c.at += 5
		if rest := c.text[c.at:]; utf16.IsSurrogate(r) && strings.HasPrefix(rest, `\u`) {
			if low, ok := hex4(rest[2:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				r = utf16.DecodeRune(r, low)
				c.at += 6
			}
		}
		out.WriteRune(r)
		return nil
	default:
		return c.unexpected("an escape")
	}
	c.at++
	return nil
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		b := s[i]
		switch {
		case b >= '0' && b <= '9':
			b -= '0'
		case b >= 'a' && b <= 'f':
			b -= 'a' - 10
		case b >= 'A' && b <= 'F':
			b -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(b)
	}
	return r, true
}
