package payload

import (
	"bytes"
	"encoding/json"
	"strings"
)

// at are the texts that a JSON object, which MUST be valid, has at a path of keys; lists on the way are walked through. Only what is at the
// first key is decoded: evidence has many, and this is asked of each alert.
func at(object []byte, path string) []string {
	first, rest, more := strings.Cut(path, ".")
	if path == "" {
		return nil
	}
	raw := member(object, first)
	var value any
	if raw == nil || json.Unmarshal(raw, &value) != nil {
		return nil
	}
	if !more {
		return texts(value, nil)
	}
	return texts(value, strings.Split(rest, "."))
}

// member is the value of a key of an object that is valid JSON, the last one where there are several; nil without one.
func member(object []byte, key string) (value []byte) {
	i := blanks(object, 0)
	if i == len(object) || object[i] != '{' {
		return nil
	}
	for i = blanks(object, i+1); i < len(object) && object[i] == '"'; i = blanks(object, i+1) {
		end := textEnd(object, i)
		name := object[i:end]
		i = blanks(object, blanks(object, end)+1) // behind the colon
		begin := i
		i = valueEnd(object, i)
		if named(name, key) {
			value = object[begin:i]
		}
		i = blanks(object, i) // at the comma
	}
	return value
}

// named says whether a name in quotes is the key.
func named(quoted []byte, key string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == key
	}
	var name string
	return json.Unmarshal(quoted, &name) == nil && name == key
}

func blanks(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return min(i, len(text))
}

// textEnd is behind the quotation mark that ends the text which begins at i.
func textEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// valueEnd is behind the value that begins at i.
func valueEnd(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = textEnd(text, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // the object's own end
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}
