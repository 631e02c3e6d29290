package alert

import "strings"

// What is looked for in evidence, as the expressions of the columns in alert_history say it. Evidence may have megabytes, and expressions
// that begin with any letters take a microsecond for ten bytes; facets_test.go holds the two against each other.

// quotedAddresses are what "([0-9A-Fa-f:.]{2,45})" finds that may be an address.
func quotedAddresses(text string, found func(string)) {
	for i := strings.IndexByte(text, '"'); i >= 0; {
		end := i + 1
		separated := false
		for end < len(text) && end <= i+45+1 && addressByte(text[end]) {
			separated = separated || text[end] == '.' || text[end] == ':'
			end++
		}
		next := i + 1
		if n := end - i - 1; n >= 2 && n <= 45 && end < len(text) && text[end] == '"' {
			if separated {
				found(text[i+1 : end])
			}
			next = end + 1
		}
		i = after(text, next, '"')
	}
}

func addressByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == '.' || c == ':'
}

// after is the next place of c from a place on; -1 when there is none.
func after(text string, from int, c byte) int {
	if from >= len(text) {
		return -1
	}
	if i := strings.IndexByte(text[from:], c); i >= 0 {
		return from + i
	}
	return -1
}

// member is a key with its value in a text, and where its value begins.
type member struct{ begin, value, end int }

// members are what (?i)"[a-z]*ENDING"\s*:\s*("[^"]*"|[0-9]+|\[[^\]]*\]) finds, the number only where numbers are wanted.
func members(text string, numbers bool, endings ...string) (all []member) {
	open := true // there is a ] behind
	for i := strings.IndexByte(text, '"'); i >= 0; {
		key := i + 1
		for key < len(text) && letter(text[key]) {
			key++
		}
		next := i + 1
		if key < len(text) && text[key] == '"' && endsWith(text[i+1:key], endings) {
			if value := blanks(text, key+1); value < len(text) && text[value] == ':' {
				value = blanks(text, value+1)
				if end := valueEnd(text, value, numbers, &open); end > value {
					all = append(all, member{i, value, end})
					next = end
				}
			}
		}
		i = after(text, next, '"')
	}
	return all
}

func valueEnd(text string, begin int, numbers bool, open *bool) int {
	if begin >= len(text) {
		return -1
	}
	switch c := text[begin]; {
	case c == '"':
		return after(text, begin+1, '"') + 1
	case c == '[' && *open:
		end := after(text, begin+1, ']') + 1
		*open = end > 0
		return end
	case numbers && digit(c):
		for begin < len(text) && digit(text[begin]) {
			begin++
		}
		return begin
	}
	return -1
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func blanks(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] >= '\t' && text[i] <= '\r' && text[i] != '\v') {
		i++
	}
	return i
}

func endsWith(key string, endings []string) bool {
	for _, e := range endings {
		if len(key) >= len(e) && strings.EqualFold(key[len(key)-len(e):], e) {
			return true
		}
	}
	return false
}

// folded says that the text has a letter that is another for an expression without cases: ſ is an s, and the sign for kelvin a k.
func folded(text string) bool {
	return strings.Contains(text, "\u017f") || strings.Contains(text, "\u212a")
}

// countryCodes are what "([A-Z]{2})" finds.
func countryCodes(text string, found func(string)) {
	for i := strings.IndexByte(text, '"'); i >= 0; {
		next := i + 1
		if i+3 < len(text) && capital(text[i+1]) && capital(text[i+2]) && text[i+3] == '"' {
			found(text[i+1 : i+3])
			next = i + 4
		}
		i = after(text, next, '"')
	}
}

func capital(c byte) bool { return c >= 'A' && c <= 'Z' }

// networkNames are what ([^",\[\]][^"\[\]]*) finds.
func networkNames(text string, found func(string)) {
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(`",[]`, text[i]) >= 0 {
			continue
		}
		n := strings.IndexAny(text[i:], `"[]`)
		if n < 0 {
			n = len(text) - i
		}
		found(text[i : i+n])
		i += n
	}
}
