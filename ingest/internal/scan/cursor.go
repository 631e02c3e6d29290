// Package scan reads one JSON text in place, strictly by RFC 8259 and without building a tree.
package scan

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may be nested.
const MaxDepth = 64

// Kind is the kind of the value that comes next.
type Kind string

// Kinds of a value; the text is fit for an error message.
const (
	Object  Kind = "an object"
	Array   Kind = "an array"
	String  Kind = "a string"
	Number  Kind = "a number"
	Boolean Kind = "a boolean"
	Null    Kind = "null"
	End     Kind = "nothing"
	Unknown Kind = "no JSON value"
)

// Error says where a text stops being JSON.
type Error struct {
	// Offset in bytes, from 0.
	Offset int
	// Problem says what was found and what was expected.
	Problem string
}

// Error names the place as people count it, from byte 1.
func (e *Error) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset+1, e.Problem)
}

// Cursor is a position in a JSON text. After an error it MUST NOT be read on.
type Cursor struct {
	text  string
	at    int
	depth int
}

// New starts at the beginning of text.
func New(text string) *Cursor { return &Cursor{text: text} }

// Kind is the kind of the next value; it consumes white space only.
func (c *Cursor) Kind() Kind {
	c.space()
	if c.at == len(c.text) {
		return End
	}
	switch b := c.text[c.at]; {
	case b == '"':
		return String
	case b == '{':
		return Object
	case b == '[':
		return Array
	case b == '-' || b >= '0' && b <= '9':
		return Number
	case b == 't' || b == 'f':
		return Boolean
	case b == 'n':
		return Null
	}
	return Unknown
}

// Object calls visit for each member of the object that comes next; visit MUST consume the value. The key of a member
// that occurs twice is visited twice.
func (c *Cursor) Object(visit func(key string) error) error {
	if err := c.open('{', Object); err != nil {
		return err
	}
	if c.closed('}') {
		return nil
	}
	for {
		if c.Kind() != String {
			return c.unexpected("a key in double quotes")
		}
		key, err := c.Text()
		if err != nil {
			return err
		}
		if c.space(); c.at == len(c.text) || c.text[c.at] != ':' {
			return c.unexpected("':' after a key")
		}
		c.at++
		if err := visit(key); err != nil {
			return err
		}
		if c.closed('}') {
			return nil
		}
		if c.at == len(c.text) || c.text[c.at] != ',' {
			return c.unexpected("',' or '}' after a value")
		}
		c.at++
	}
}

// Array calls visit before each element of the array that comes next; visit MUST consume it.
func (c *Cursor) Array(visit func() error) error {
	if err := c.open('[', Array); err != nil {
		return err
	}
	if c.closed(']') {
		return nil
	}
	for {
		if err := visit(); err != nil {
			return err
		}
		if c.closed(']') {
			return nil
		}
		if c.at == len(c.text) || c.text[c.at] != ',' {
			return c.unexpected("',' or ']' after an element")
		}
		c.at++
	}
}

// Skip consumes the next value and checks it.
func (c *Cursor) Skip() error {
	var err error
	switch c.Kind() {
	case Object:
		return c.Object(func(string) error { return c.Skip() })
	case Array:
		return c.Array(c.Skip)
	case String:
		_, err = c.Text()
	case Number:
		_, err = c.Number()
	case Boolean:
		_, err = c.Bool()
	case Null:
		err = c.Null()
	default:
		err = c.unexpected("a value")
	}
	return err
}

// Raw consumes the next value and returns its text as it stands.
func (c *Cursor) Raw() (string, error) {
	c.space()
	from := c.at
	err := c.Skip()
	return c.text[from:c.at], err
}

// Finish returns an error when anything but white space is left.
func (c *Cursor) Finish() error {
	if c.Kind() != End {
		return c.unexpected("nothing after the value")
	}
	return nil
}

func (c *Cursor) open(b byte, k Kind) error {
	if c.Kind() != k {
		return c.unexpected(string(k))
	}
	if c.depth++; c.depth > MaxDepth {
		return &Error{c.at, fmt.Sprintf("nested deeper than %d levels", MaxDepth)}
	}
	c.at++
	return nil
}

// closed consumes white space and, when it comes next, the closing bracket.
func (c *Cursor) closed(b byte) bool {
	c.space()
	if c.at == len(c.text) || c.text[c.at] != b {
		return false
	}
	c.at++
	c.depth--
	return true
}

func (c *Cursor) space() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

func (c *Cursor) unexpected(expected string) error {
	found := "the end"
	if c.at < len(c.text) {
		r, _ := utf8.DecodeRuneInString(c.text[c.at:])
		found = fmt.Sprintf("%q", r)
	}
	return &Error{c.at, "found " + found + ", expected " + expected}
}

// literal consumes word, which comes next or else is an error.
func (c *Cursor) literal(word string) error {
	if !strings.HasPrefix(c.text[c.at:], word) {
		return c.unexpected(word)
	}
	c.at += len(word)
	return nil
}
