package embedded

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseInsert(t *testing.T) {
	for sql, want := range map[string]*insertStatement{
		"INSERT INTO t FORMAT Native":                                      {"INSERT INTO t ", "Native", ""},
		"insert into d.t (a, `format`) format TSV\n1\t2\n":                 {"insert into d.t (a, `format`) ", "TSV", "1\t2\n"},
		"/* FORMAT x */ INSERT INTO t -- FORMAT y\n FORMAT CSV \r\n1":      {"/* FORMAT x */ INSERT INTO t -- FORMAT y\n ", "CSV", "1"},
		"INSERT INTO t SETTINGS a = 'FORMAT' FORMAT JSONEachRow {\"a\":1}": {"INSERT INTO t SETTINGS a = 'FORMAT' ", "JSONEachRow", "{\"a\":1}"},
		"INSERT INTO t VALUES (1)":                                         nil,
		"INSERT INTO t SELECT 1 FORMAT Null":                               nil,
		"INSERT INTO t FROM INFILE 'x' FORMAT CSV":                         nil,
		"SELECT 1 FORMAT Native":                                           nil,
		"INSERT INTO t FORMAT":                                             nil,
		"":                                                                 nil,
	} {
		got, ok := parseInsert(sql)
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("%q: %+v %v, want %+v", sql, got, ok, want)
		}
	}
}

func TestOutputFormat(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT 1":                                "",
		"SELECT 1 FORMAT JSON":                    "JSON",
		"SELECT 1 format JSON;":                   "JSON",
		"SELECT 1 FORMAT JSON SETTINGS a=1":       "JSON",
		"SELECT 1 SETTINGS a=1 FORMAT CSV -- end": "CSV",
		"SELECT * FROM format(CSV, '1')":          "",
		"SELECT 'FORMAT JSON'":                    "",
		"SELECT 1 AS format":                      "",
		"SELECT (SELECT 1) FORMAT TSV":            "TSV",
		"SELECT 1 FORMAT `Null`":                  "Null",
	} {
		if got := outputFormat(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

func TestRefusedName(t *testing.T) {
	for sql, refused := range map[string]bool{
		"SELECT file('x')":                    true,
		"SELECT `file`('x')":                  true,
		"SELECT \"file\"('x')":                true,
		"SELECT * APPLY file":                 true,
		"SELECT arrayMap(file, x)":            true,
		"SELECT x.file('x')":                  true,
		"SELECT a$b$, file('x'), a$b$":        true,
		"SELECT $b, file('x'), $":             true,
		"SELECT 1 AS file(1)":                 true,
		"SELECT `fi\\x6ce`('x')":              true,
		"SELECT {f:Identifier}":               true,
		"SELECT * FROM icebergS3Cluster('x')": true,
		"SELECT aiGenerate('x')":              true,
		"SELECT 'file(''x'')', $a$file(1)$a$, file_name, url_count": false,
		"SELECT e.file, 1 AS file FROM e":                           false,
		"SELECT icebergHash(1), iceberg FROM t":                     false,
		"SELECT {f:String}":                                         false,
	} {
		if got := refusedName(sql); (got != "") != refused {
			t.Errorf("%q: %q", sql, got)
		}
	}
}

func TestSetsSettings(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT 1 SETTINGS a = 1": true, "SELECT * FROM (SELECT 1 SETTINGS `a` = DEFAULT)": true, "SELECT a$b$ SETTINGS b$b$ = 1": true,
		"SELECT 'SETTINGS a = 1', settings, Settings['a'], `SETTINGS a = 1`": false,
	} {
		if got := setsSettings(sql); got != want {
			t.Errorf("%q: %v", sql, got)
		}
	}
}

func TestFirstWord(t *testing.T) {
	for sql, want := range map[string]string{"  ((select 1))": "SELECT", "/* a */ -- b\nWITH x": "WITH", "1+1": "", "": "", "'SELECT'": ""} {
		if got := firstWord(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

func TestParseShape(t *testing.T) {
	str := columnShape{shape: shapeString}
	fixed := func(n int) columnShape { return columnShape{shape: shapeFixed, size: n} }
	for name, want := range map[string]columnShape{
		"UInt8":                            fixed(1),
		"DateTime64(3, 'UTC')":             fixed(8),
		"Enum8('a, (b' = 1, '\\'' = 2)":    fixed(1),
		"Decimal(38, 10)":                  fixed(16),
		"FixedString(16)":                  fixed(16),
		"IntervalSecond":                   fixed(8),
		"Tuple()":                          {shape: shapeTuple},
		"Array(Nullable(String))":          {shape: shapeArray, inner: []columnShape{{shape: shapeNullable, inner: []columnShape{str}}}},
		"LowCardinality(Nullable(String))": {shape: shapeLowCardinality, inner: []columnShape{str}},
		"Map(String, UInt8)":               {shape: shapeArray, inner: []columnShape{{shape: shapeTuple, inner: []columnShape{str, fixed(1)}}}},
		"Tuple(a UInt8, `b, (c` Tuple(UInt16), Int32)":       {shape: shapeTuple, inner: []columnShape{fixed(1), {shape: shapeTuple, inner: []columnShape{fixed(2)}}, fixed(4)}},
		"Nested(a UInt8, b String)":                          {shape: shapeArray, inner: []columnShape{{shape: shapeTuple, inner: []columnShape{fixed(1), str}}}},
		"SimpleAggregateFunction(max, DateTime64(3, 'UTC'))": fixed(8),
		"Point": {shape: shapeTuple, inner: []columnShape{fixed(8), fixed(8)}},
	} {
		if got, err := parseShape(name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v (%v), want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"JSON", "Dynamic", "Variant(UInt8, String)", "AggregateFunction(sum, UInt64)", "Array(JSON)", "FixedString(x)", "", "Array()", strings.Repeat("(", 100)} {
		if got, err := parseShape(name); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// FuzzNativeBlock gives the walker broken blocks: it has to fail, not to panic
// or to run away.
func FuzzNativeBlock(f *testing.F) {
	f.Add([]byte("\x01\x02\x01a\x05UInt8\x01\x02"))
	f.Add([]byte("\x01\x01\x01a\x16LowCardinality(String)\x01\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x01\x01\x01a\x0dArray(String)\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = newNativeFramer(revisionServed).write(discard{}, b)
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// FuzzScanner checks that tokens lie in order inside the text.
func FuzzScanner(f *testing.F) {
	f.Add("SELECT 'a\\'b', `c``d`, $x$ y $x$ /* z */ -- w")
	f.Fuzz(func(t *testing.T, sql string) {
		at := 0
		for _, token := range tokenize(sql) {
			if token.start < at || token.end <= token.start || token.end > len(sql) {
				t.Fatalf("%q: token %+v after %d", sql, token, at)
			}
			at = token.end
		}
	})
}

func TestHeadLength(t *testing.T) {
	for _, c := range []struct {
		format, piece string
		want          int
	}{
		{"JSONCompactEachRowWithNamesAndTypes", "[\"a\"]\n[\"UInt8\"]\n[1]\n", 16},
		{"JSONCompactEachRow", "[1]\n", 0},
		{"CSVWithNames", "\"a\nb\"\"\"\n1\n", 8},
		{"TSVWithNames", "a\n", 2},
		{"RowBinaryWithNamesAndTypes", "\x01\x01a\x05UInt8\x07", 9},
		{"RowBinaryWithNamesAndTypes", "\x01\x7fa", 3},
		{"RowBinaryWithNames", "", 0},
	} {
		if got := headLength(c.format, []byte(c.piece)); got != c.want {
			t.Errorf("%s %q: %d, want %d", c.format, c.piece, got, c.want)
		}
	}
}

func TestRefusedSystemTable(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT 1 FROM system.one": "", "SELECT * FROM system.processes": "system.processes", "SELECT * FROM `system`.`disks`": "system.disks",
		"SELECT events.system FROM events": "", "SELECT * FROM INFORMATION_SCHEMA.tables": "INFORMATION_SCHEMA.tables", "SELECT 'system.processes'": "",
	} {
		if got := refusedSystemTable(sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
