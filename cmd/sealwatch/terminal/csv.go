package terminal

import "strings"

// dangerous begin a cell that a spreadsheet takes for a formula: the characters that it knows, and their wide forms.
const dangerous = "=+-@＝＋－＠"

// CSV is one cell of a table that may be opened with a spreadsheet. Invisible characters are escaped as in Text. A text that would be taken
// for a formula has an apostrophe before it, also where blanks or quotes come first; a number has none. A text is always in quotes, so
// that a separator that the spreadsheet knows beside the comma does not begin a cell inside of it.
func CSV(s string, number bool) string {
	shown := Text(s)
	if number && isNumber(shown) {
		return shown
	}
	if first := strings.TrimLeft(shown, " '\"\u00a0\u3000"); first != "" && strings.ContainsRune(dangerous, []rune(first)[0]) || begins(s, '\t', '\r') {
		shown = "'" + shown
	}
	return `"` + strings.ReplaceAll(shown, `"`, `""`) + `"`
}

func begins(s string, characters ...byte) bool {
	for _, c := range characters {
		if s != "" && s[0] == c {
			return true
		}
	}
	return false
}

// isNumber says whether a value can be nothing but a number, whatever its column promised.
func isNumber(s string) bool {
	switch strings.TrimLeft(s, "+-") {
	case "nan", "inf":
		return true
	}
	digit := false
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digit = true
		case c == '.' || (c == 'e' || c == 'E') && digit:
		case (c == '-' || c == '+') && (i == 0 || s[i-1] == 'e' || s[i-1] == 'E'):
		default:
			return false
		}
	}
	return digit
}
