// Package countries translates between the names of countries and their codes. It imports the standard library only.
package countries

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode"
)

//go:embed countries.csv
var countryTable string

// Table translates between names and ISO 3166-1 alpha-2 codes.
type Table struct {
	codes, names map[string]string
}

// New reads the built-in table.
func New() (*Table, error) { return parse(countryTable) }

func parse(table string) (*Table, error) {
	c := &Table{codes: make(map[string]string), names: make(map[string]string)}
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
func (c *Table) Code(name string) string {
	if code, ok := c.codes[name]; ok {
		return code
	}
	return c.codes[foldName(name)]
}

// Name is the English name of a country by its code, in upper case; empty when not known.
func (c *Table) Name(code string) string { return c.names[code] }

// foldName writes a name in lower case, with single blanks between words and without punctuation.
func foldName(s string) string {
	words := strings.FieldsFunc(strings.ReplaceAll(strings.ToLower(s), ".", ""), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return strings.Join(words, " ")
}
