package scan

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Style is how Canonical writes.
type Style struct {
	// JoinLetters makes one string of an array of one-character strings, where it is a member of the outermost object:
	// a published export of DocuSign's data has its strings exploded in this way.
	JoinLetters bool
	// Floats writes every number as a 64-bit float would be. Otherwise whole numbers keep all their digits.
	Floats bool
}

// Canonical consumes the next value and appends it to dst in one spelling: members sorted by key with the last of equal
// keys only, no white space, the shortest escapes and numbers.
func (c *Cursor) Canonical(dst []byte, s Style) ([]byte, error) {
	switch c.Kind() {
	case Object:
		return c.canonicalObject(dst, s)
	case Array:
		return c.canonicalArray(dst, s)
	case String:
		t, err := c.Text()
		return AppendText(dst, t), err
	case Number:
		n, err := c.Number()
		if err != nil {
			return dst, err
		}
		return appendNumber(dst, n, s), nil
	default:
		raw, err := c.Raw()
		return append(dst, raw...), err
	}
}

func (c *Cursor) canonicalArray(dst []byte, s Style) ([]byte, error) {
	dst = append(dst, '[')
	from := len(dst)
	s.JoinLetters = false
	err := c.Array(func() (err error) {
		if len(dst) > from {
			dst = append(dst, ',')
		}
		dst, err = c.Canonical(dst, s)
		return err
	})
	return append(dst, ']'), err
}

// member is where one member of an object was written.
type member struct {
	key      string
	from, to int
}

func (c *Cursor) canonicalObject(dst []byte, s Style) ([]byte, error) {
	dst = append(dst, '{')
	from, sorted := len(dst), true
	join := s.JoinLetters
	s.JoinLetters = false
	var room [8]member
	members := room[:0]
	err := c.Object(func(key string) (err error) {
		if n := len(members); n > 0 {
			sorted = sorted && members[n-1].key < key
			dst = append(dst, ',')
		}
		at := len(dst)
		dst = append(AppendText(dst, key), ':')
		if t, ok := c.letters(join); ok {
			dst = AppendText(dst, t)
		} else {
			dst, err = c.Canonical(dst, s)
		}
		members = append(members, member{key, at, len(dst)})
		return err
	})
	if err == nil && !sorted {
		dst = reorder(dst, from, members)
	}
	return append(dst, '}'), err
}

// reorder sorts the members that were written to dst behind from.
func reorder(dst []byte, from int, members []member) []byte {
	slices.SortStableFunc(members, func(a, b member) int { return strings.Compare(a.key, b.key) })
	old := slices.Clone(dst[from:])
	dst = dst[:from]
	for i, m := range members {
		if i+1 < len(members) && members[i+1].key == m.key {
			continue
		}
		if len(dst) > from {
			dst = append(dst, ',')
		}
		dst = append(dst, old[m.from-from:m.to-from]...)
	}
	return dst
}

// letters consumes an array whose elements all are strings of one character, and leaves any other value alone.
func (c *Cursor) letters(join bool) (string, bool) {
	if !join || c.Kind() != Array {
		return "", false
	}
	probe := *c
	var out strings.Builder
	err := probe.Array(func() error {
		t, err := probe.Text()
		if err == nil && utf8.RuneCountInString(t) != 1 {
			err = probe.unexpected("one character")
		}
		out.WriteString(t)
		return err
	})
	if err != nil || out.Len() == 0 {
		return "", false
	}
	*c = probe
	return out.String(), true
}

// AppendText appends t as a JSON string with the fewest escapes.
func AppendText(dst []byte, t string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(t); i++ {
		b := t[i]
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, t[from:i]...)
		from = i + 1
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', digits[b>>4], digits[b&15])
		}
	}
	return append(append(dst, t[from:]...), '"')
}

// exactDigits is how many digits a whole number may have and be the same as a 64-bit float.
const exactDigits = 15

func appendNumber(dst []byte, n string, s Style) []byte {
	whole := !strings.ContainsAny(n, ".eE")
	if whole && n != "-0" && (len(n) <= exactDigits || !s.Floats) {
		return append(dst, n...)
	}
	f, err := strconv.ParseFloat(n, 64)
	switch {
	case err != nil: // beyond the range of a float: the spelling is all there is
		return append(dst, n...)
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}
