package geo

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode"
)

//go:embed countries.csv
var countryTable string

// Countries translates between names and ISO 3166-1 alpha-2 codes.
type Countries struct {
	codes, names map[string]string
}

// NewCountries reads the built-in table.
func NewCountries() (*Countries, error) { return parseCountries(countryTable) }

func parseCountries(table string) (*Countries, error) {
	c := &Countries{codes: make(map[string]string), names: make(map[string]string)}
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		code, all, ok := strings.Cut(line, ",")
		if !ok || len(code) != 2 {
			return nil, fmt.Errorf("countries, line %d: found %q, expected CODE,name|other name", i+1, line)
		}
		names := strings.Split(all, "|")
		c.names[code] = names[0]
		for _, name := range append(names, code) {
			key := foldName(name)
			if other, twice := c.codes[key]; key == "" || twice && other != code {
				return nil, fmt.Errorf("countries, line %d: the name %q is empty or stands for %s already", i+1, name, other)
			}
			c.codes[key] = code
		}
	}
	return c, nil
}

// Code is the code of a country by its English name or its code, in any case and punctuation; empty when not known.
func (c *Countries) Code(name string) string {
	if code, ok := c.codes[name]; ok {
		return code
	}
	return c.codes[foldName(name)]
}

// Name is the English name of a country by its code, in upper case; empty when not known.
func (c *Countries) Name(code string) string { return c.names[code] }

// foldName writes a name in lower case, with single blanks between words and without punctuation.
func foldName(s string) string {
	words := strings.FieldsFunc(strings.ReplaceAll(strings.ToLower(s), ".", ""), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return strings.Join(words, " ")
}
