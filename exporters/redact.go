package exporters

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	redacted = "[secret]"
	// leastSecret is how many characters that count a text has at least that is taken out, leastPart a part of a path.
	leastSecret, leastPart = 4, 8
	// mostDecodings is how often one writing may stand in another.
	mostDecodings = 4
)

// Redact takes secrets out of a text, and the parts of their paths: in any case of letters, with white space and invisible characters
// within, and however they are written in JSON, HTML, a URL, Base64 or hexadecimal, or several of these.
func Redact(text string, secrets ...string) string {
	var wanted []string
	for _, s := range secrets {
		wanted = append(wanted, writings(s)...)
	}
	if len(wanted) == 0 {
		return text
	}
	var out [][2]int
	for units, n := unitsOf(text), 0; n <= mostDecodings; n++ {
		out = append(out, find(units, wanted)...)
		decoded, changed := decode(units)
		if !changed {
			break
		}
		units = decoded
	}
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	var b strings.Builder
	at := 0
	for _, r := range out {
		if r[0] >= at {
			b.WriteString(text[at:r[0]])
			b.WriteString(redacted)
		}
		at = max(at, r[1])
	}
	b.WriteString(text[at:])
	return b.String()
}

// writings are what is looked for of a secret, folded.
func writings(secret string) (all []string) {
	secret = strings.TrimSpace(secret)
	add := func(s string, least int) {
		for units, n := unitsOf(s), 0; n <= mostDecodings; n++ {
			if f, _ := fold(units); utf8.RuneCountInString(f) >= least {
				all = append(all, f)
			}
			decoded, changed := decode(units)
			if !changed {
				return
			}
			units = decoded
		}
	}
	add(secret, leastSecret)
	for _, part := range strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune("/?&", r) }) {
		add(part, leastPart)
	}
	if len(secret) < leastSecret {
		return all
	}
	add(hex.EncodeToString([]byte(secret)), leastSecret)
	add(base64.StdEncoding.EncodeToString([]byte(secret)), leastSecret)
	add(base64.URLEncoding.EncodeToString([]byte(secret)), leastSecret)
	for before := range 3 { // Base64 depends on how many bytes stand before
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := e.EncodeToString(append(make([]byte, before), secret...))
			end := len(text)
			if (before+len(secret))%3 > 0 {
				end-- // it depends on what comes behind
			}
			add(text[(before*8+5)/6:end], leastSecret)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// unit is a character and where in the text it is written.
type unit struct {
	r        rune
	from, to int
}

func unitsOf(text string) []unit {
	units := make([]unit, 0, len(text))
	for i, r := range text {
		n := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, n = utf8.DecodeRuneInString(text[i:])
		}
		units = append(units, unit{r, i, i + n})
	}
	return units
}

// fold makes a text that is the same for all ways of writing it that do not matter, with the unit of each of its bytes.
func fold(units []unit) (text string, at []int) {
	var b strings.Builder
	for i, u := range units {
		switch {
		case u.r == '+', u.r == '\\', u.r == utf8.RuneError, unicode.IsSpace(u.r),
			unicode.In(u.r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Mn, unicode.Variation_Selector):
			continue
		}
		for range utf8.RuneLen(foldRune(u.r)) {
			at = append(at, i)
		}
		b.WriteRune(foldRune(u.r))
	}
	return b.String(), at
}

// foldRune is the least of the characters that differ in their case only.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return unicode.ToLower(least)
}

func find(units []unit, wanted []string) (out [][2]int) {
	text, at := fold(units)
	for _, w := range wanted {
		for from := 0; ; {
			i := strings.Index(text[from:], w)
			if i < 0 {
				break
			}
			first, last := at[from+i], at[from+i+len(w)-1]
			out = append(out, [2]int{units[first].from, units[last].to})
			from += i + 1
		}
	}
	return out
}

// decode undoes one writing of each character.
func decode(units []unit) (out []unit, changed bool) {
	out = make([]unit, 0, len(units))
	for i := 0; i < len(units); {
		n, runes := 0, []rune(nil)
		switch units[i].r {
		case '\\':
			n, runes = backslash(units[i:])
		case '%':
			n, runes = percent(units[i:])
		case '&':
			n, runes = entity(units[i:])
		}
		if n == 0 {
			out = append(out, units[i])
			i++
			continue
		}
		for _, r := range runes {
			out = append(out, unit{r, units[i].from, units[i+n-1].to})
		}
		i, changed = i+n, true
	}
	return out, changed
}

// backslash reads \n, \/, \x2f, \u002f, \u{2f} or \U0000002f; a backslash that begins nothing of these means what is behind it.
func backslash(units []unit) (int, []rune) {
	if len(units) < 2 {
		return 0, nil
	}
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[units[1].r]
	if digits > 0 {
		if r, ok := number(units[2:], digits); ok {
			return 2 + digits, []rune{r}
		}
		if len(units) > 2 && units[2].r == '{' {
			if end := slices.IndexFunc(units[:min(len(units), 12)], func(u unit) bool { return u.r == '}' }); end > 3 {
				if r, ok := number(units[3:], end-3); ok {
					return end + 1, []rune{r}
				}
			}
		}
	}
	if strings.ContainsRune("nrtbfv", units[1].r) {
		return 2, []rune{' '}
	}
	return 2, []rune{units[1].r}
}

func number(units []unit, digits int) (rune, bool) {
	if len(units) < digits {
		return 0, false
	}
	n, err := strconv.ParseUint(plainText(units[:digits]), 16, 31)
	return rune(n), err == nil
}

// percent reads a row of %2f.
func percent(units []unit) (int, []rune) {
	var bytes []byte
	n := 0
	for n+2 < len(units) && units[n].r == '%' {
		b, ok := number(units[n+1:], 2)
		if !ok {
			break
		}
		bytes, n = append(bytes, byte(b)), n+3 //nolint:gosec // of two digits
	}
	return n, []rune(string(bytes))
}

// entity reads &#47; or &sol; and those without the last character.
func entity(units []unit) (int, []rune) {
	n := 1
	for n < min(len(units), 32) && (units[n].r == '#' || units[n].r < utf8.RuneSelf && (unicode.IsLetter(units[n].r) || unicode.IsDigit(units[n].r))) {
		n++
	}
	if n < len(units) && units[n].r == ';' {
		n++
	}
	text := plainText(units[:n])
	decoded := html.UnescapeString(text)
	if decoded == text {
		return 0, nil
	}
	return n, []rune(decoded)
}

func plainText(units []unit) string {
	var b strings.Builder
	for _, u := range units {
		b.WriteRune(u.r)
	}
	return b.String()
}
