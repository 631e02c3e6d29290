package embedded

import (
	"fmt"
	"strconv"
	"strings"
)

// valueShape says how the values of a column type lie in a Native block, as
// far as is needed to find where they end.
type valueShape int

const (
	shapeFixed          valueShape = iota // size bytes a value
	shapeString                           // length and bytes
	shapeNullable                         // a byte a value, then the inner values
	shapeArray                            // offsets, then the inner values
	shapeTuple                            // the elements one after the other
	shapeLowCardinality                   // dictionary and keys
)

type columnShape struct {
	shape valueShape
	size  int
	inner []columnShape
}

// fixedSizes gives the bytes a value of types without arguments.
var fixedSizes = map[string]int{
	"Bool": 1, "Int8": 1, "UInt8": 1, "Nothing": 1,
	"Int16": 2, "UInt16": 2, "Date": 2, "BFloat16": 2,
	"Int32": 4, "UInt32": 4, "Float32": 4, "Date32": 4, "DateTime": 4, "IPv4": 4, "Time": 4,
	"Int64": 8, "UInt64": 8, "Float64": 8,
	"UUID": 16, "IPv6": 16, "Int128": 16, "UInt128": 16,
	"Int256": 32, "UInt256": 32,
	"Enum8": 1, "Enum16": 2, "DateTime64": 8, "Time64": 8,
	"Decimal32": 4, "Decimal64": 8, "Decimal128": 16, "Decimal256": 32,
}

// geometry gives the types that are names for nested arrays of points.
var geometry = map[string]string{
	"Point":           "Tuple(Float64, Float64)",
	"Ring":            "Array(Point)",
	"LineString":      "Array(Point)",
	"Polygon":         "Array(Ring)",
	"MultiLineString": "Array(LineString)",
	"MultiPolygon":    "Array(Polygon)",
}

// parseShape reads a type's name as the engine writes it in a block. Types
// whose layout depends on their values (JSON, Dynamic, Variant, aggregate
// states) are refused.
func parseShape(name string) (columnShape, error) {
	base, args := splitType(name)
	if alias, ok := geometry[base]; ok {
		return parseShape(alias)
	}
	switch base {
	case "String":
		return columnShape{shape: shapeString}, nil
	case "FixedString":
		n, err := strconv.Atoi(strings.TrimSpace(strings.Join(args, "")))
		if err != nil || n <= 0 {
			return columnShape{}, fmt.Errorf("column type %s has no length", name)
		}
		return columnShape{shape: shapeFixed, size: n}, nil
	case "Decimal":
		return parseDecimal(name, args)
	case "Nullable":
		return nest(shapeNullable, args)
	case "Array":
		return nest(shapeArray, args)
	case "LowCardinality":
		return parseLowCardinality(args)
	case "Tuple":
		return nest(shapeTuple, elementTypes(args))
	case "Map":
		pair, err := nest(shapeTuple, args)
		return columnShape{shape: shapeArray, inner: []columnShape{pair}}, err
	case "Nested":
		row, err := nest(shapeTuple, elementTypes(args))
		return columnShape{shape: shapeArray, inner: []columnShape{row}}, err
	case "SimpleAggregateFunction":
		if len(args) == 2 {
			return parseShape(strings.TrimSpace(args[1]))
		}
	}
	if strings.HasPrefix(base, "Interval") {
		return columnShape{shape: shapeFixed, size: 8}, nil
	}
	if size, ok := fixedSizes[base]; ok {
		return columnShape{shape: shapeFixed, size: size}, nil
	}
	return columnShape{}, fmt.Errorf("column type %s cannot be sent in the Native format by the embedded engine; convert it with toString or toJSONString, or ask for another format", name)
}

func nest(shape valueShape, types []string) (columnShape, error) {
	out := columnShape{shape: shape}
	for _, t := range types {
		inner, err := parseShape(strings.TrimSpace(t))
		if err != nil {
			return columnShape{}, err
		}
		out.inner = append(out.inner, inner)
	}
	if len(out.inner) == 0 && shape != shapeTuple {
		return columnShape{}, fmt.Errorf("column type without an inner type")
	}
	return out, nil
}

// parseLowCardinality keeps the dictionary's type: values of a Nullable one
// are stored without the byte that marks a null.
func parseLowCardinality(args []string) (columnShape, error) {
	out, err := nest(shapeLowCardinality, args)
	if err == nil && out.inner[0].shape == shapeNullable {
		out.inner = out.inner[0].inner
	}
	return out, err
}

func parseDecimal(name string, args []string) (columnShape, error) {
	if len(args) == 0 {
		return columnShape{}, fmt.Errorf("column type %s has no precision", name)
	}
	precision, err := strconv.Atoi(strings.TrimSpace(args[0]))
	if err != nil {
		return columnShape{}, fmt.Errorf("column type %s: precision: %w", name, err)
	}
	size := 32
	switch {
	case precision <= 9:
		size = 4
	case precision <= 18:
		size = 8
	case precision <= 38:
		size = 16
	}
	return columnShape{shape: shapeFixed, size: size}, nil
}

// splitType separates "Name(a, b)" into its name and arguments at the top
// level. Quoted text (enumerations, names) may hold any character.
func splitType(s string) (base string, args []string) {
	s = strings.TrimSpace(s)
	open := strings.IndexByte(s, '(')
	if open < 0 || !strings.HasSuffix(s, ")") {
		return s, nil
	}
	base, body := s[:open], s[open+1:len(s)-1]
	if strings.TrimSpace(body) == "" {
		return base, nil
	}
	depth, start := 0, 0
	sc := scanner{sql: body}
	for t, ok := sc.next(); ok; t, ok = sc.next() {
		switch {
		case t.symbol('('):
			depth++
		case t.symbol(')'):
			depth--
		case t.symbol(',') && depth == 0:
			args = append(args, body[start:t.start])
			start = t.end
		}
	}
	return base, append(args, body[start:])
}

// elementTypes removes the optional names of a tuple's elements: "a UInt8"
// becomes "UInt8".
func elementTypes(args []string) []string {
	types := make([]string, 0, len(args))
	for _, a := range args {
		a = strings.TrimSpace(a)
		s := scanner{sql: a}
		first, _ := s.next()
		if first.kind == tokenWord || first.kind == tokenQuoted {
			if second, ok := s.next(); ok && second.kind == tokenWord {
				a = a[second.start:]
			}
		}
		types = append(types, a)
	}
	return types
}
