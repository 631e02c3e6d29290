package sentinel

import (
	"bytes"
	"encoding/json"
	"math"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// kind is the type of a column as a data collection rule declares it.
type kind string

const (
	text    kind = "string"
	number  kind = "int"
	long    kind = "long"
	decimal kind = "real"
	truth   kind = "boolean"
	moment  kind = "datetime"
	dynamic kind = "dynamic"
)

// Classes of a column in the Advanced Security Information Model (ASIM).
const (
	mandatory   = "mandatory"
	recommended = "recommended"
	optional    = "optional"
	alias       = "alias"
)

// column of a row, and where its value comes from. No name is one that Azure reserves: _ResourceId, id, _SubscriptionId, TenantId,
// Type, UniqueId, Title.
type column[S any] struct {
	name  string
	kind  kind
	class string // of ASIM; empty in tables of our own
	about string
	// value is a string, int64, bool, exporters.Score, time.Time, or for dynamic whatever has a JSON form; what is empty is left out.
	value func(S) any
}

// maxField is the most bytes of a value: Azure cuts at 64 KB, without a word, and what it cuts is no JSON any more.
const maxField = 64_000

// row is what is written of one thing.
type row struct {
	b []byte
	// fits is false when a dynamic value is too long.
	fits bool
}

// appendRow writes the columns that have a value as an object. What cut is told of are texts that are too long; it is called before
// the columns that stand behind.
func appendRow[S any](b []byte, columns []column[S], source S, cut func(name string)) row {
	r := row{b: append(b, '{'), fits: true}
	for i := range columns {
		c := &columns[i]
		value := c.value(source)
		if s, ok := value.(string); ok && len(s) > maxField {
			value = payload.Bound(s, maxField)
			cut(c.name)
		}
		encoded := encode(value)
		if len(encoded) == 0 {
			continue
		}
		if c.kind == dynamic && len(encoded) > maxField {
			r.fits = false
		}
		if r.b[len(r.b)-1] != '{' {
			r.b = append(r.b, ',')
		}
		r.b = append(append(append(r.b, '"'), c.name...), `":`...)
		r.b = append(r.b, encoded...)
	}
	r.b = append(r.b, '}')
	return r
}

// encode returns the JSON form of a value, and nothing for what is empty.
func encode(value any) []byte {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		if v == "" {
			return nil
		}
	case time.Time:
		if v.IsZero() || v.Year() < 1 || v.Year() > 9999 {
			return nil
		}
		value = v.UTC().Format(timeFormat)
	case exporters.Score:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) { // a column of numbers takes nothing else
			return nil
		}
	case []string:
		if len(v) == 0 {
			return nil
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil { // no value here is without a JSON form
		return nil
	}
	return exporters.EscapeInvisible(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// timeFormat has the seven digits that a datetime of Azure keeps.
const timeFormat = "2006-01-02T15:04:05.9999999Z07:00"
