package embedded

import (
	"fmt"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// columnValues gives each column type of the schema two rows of values, in
// the Go types that clickhouse-go scans them into.
func columnValues() []struct {
	ddl    string
	values [2]any
} {
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	text := "text"
	number := uint32(7)
	return []struct {
		ddl    string
		values [2]any
	}{
		{"UInt8", [2]any{uint8(0), uint8(255)}},
		{"UInt16", [2]any{uint16(1), uint16(65535)}},
		{"UInt32", [2]any{uint32(1), uint32(1<<32 - 1)}},
		{"UInt64", [2]any{uint64(1), uint64(1<<64 - 1)}},
		{"Int64", [2]any{int64(-1 << 63), int64(1<<63 - 1)}},
		{"Float32", [2]any{float32(-1.5), float32(3.25)}},
		{"Float64", [2]any{-1.5, 3.25}},
		{"Bool", [2]any{true, false}},
		{"String", [2]any{"", "\x00\n\r\nü"}},
		{"LowCardinality(String)", [2]any{"a", ""}},
		{"Nullable(String)", [2]any{(*string)(nil), &text}},
		{"Nullable(UInt32)", [2]any{&number, (*uint32)(nil)}},
		{"LowCardinality(Nullable(String))", [2]any{(*string)(nil), &text}},
		{"DateTime", [2]any{at, at.Add(time.Second)}},
		{"Date", [2]any{at.Truncate(24 * time.Hour), at.Truncate(24*time.Hour).AddDate(0, 0, 1)}},
		{"DateTime64(3)", [2]any{at.Add(7 * time.Millisecond), at}},
		{"DateTime64(7, 'UTC')", [2]any{at.Add(1234567 * 100), at}},
		{"UUID", [2]any{uuid.Nil, uuid.MustParse("0123f567-89ab-cdef-0123-456789abcdef")}},
		{"IPv4", [2]any{net.IPv4(192, 0, 2, 1).To4(), net.IPv4(203, 0, 113, 255).To4()}},
		{"IPv6", [2]any{net.ParseIP("2001:db8::1"), net.ParseIP("::ffff:192.0.2.1")}},
		{"Enum8('new' = 1, 'it''s (done), now' = 2)", [2]any{"new", "it's (done), now"}},
		{"Array(String)", [2]any{[]string{}, []string{"a", "", "c"}}},
		{"Array(LowCardinality(String))", [2]any{[]string{"x", "x", "y"}, []string{}}},
		{"Array(Array(UInt32))", [2]any{[][]uint32{{}, {1, 2}}, [][]uint32{}}},
		{"Map(String, String)", [2]any{map[string]string{"k": "v", "": ""}, map[string]string{}}},
		{"Map(LowCardinality(String), UInt64)", [2]any{map[string]uint64{"k": 1}, map[string]uint64{}}},
		{"FixedString(16)", [2]any{"0123456789abcdef", "fedcba9876543210"}},
		{"Tuple(latitude Float64, longitude Float64, name LowCardinality(String))", [2]any{
			map[string]any{"latitude": 1.5, "longitude": 2.5, "name": "here"},
			map[string]any{"latitude": -1.5, "longitude": 0.0, "name": ""},
		}},
		{"SimpleAggregateFunction(max, UInt64)", [2]any{uint64(1), uint64(2)}},
	}
}

// TestEveryColumnType writes and reads every type of the schema, with each
// compression that clickhouse-go has over HTTP.
func TestEveryColumnType(t *testing.T) {
	e := useShared(t)
	setup := connect(t, e)
	var columns, names string
	types := columnValues()
	for i, column := range types {
		columns += fmt.Sprintf(", c%d %s", i, column.ddl)
		names += fmt.Sprintf(", c%d", i)
	}
	mustExec(t, setup, "CREATE DATABASE types")
	mustExec(t, setup, "CREATE TABLE types.t (row UInt64"+columns+") ENGINE = MergeTree ORDER BY row")
	for name, method := range map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4, "zstd": clickhouse.CompressionZSTD,
		"gzip": clickhouse.CompressionGZIP, "deflate": clickhouse.CompressionDeflate, "br": clickhouse.CompressionBrotli,
	} {
		t.Run(name, func(t *testing.T) {
			conn := open(t, &clickhouse.Options{
				Addr: []string{e.Addr()}, Protocol: clickhouse.HTTP, Auth: clickhouse.Auth{Username: e.User(), Password: e.Password()},
				Compression: &clickhouse.Compression{Method: method, Level: 3},
			})
			mustExec(t, conn, "TRUNCATE TABLE types.t")
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO types.t")
			if err != nil {
				t.Fatal(err)
			}
			const rows = 1000
			for row := range rows {
				values := []any{uint64(row)}
				for _, column := range types {
					values = append(values, column.values[row%2])
				}
				if err := batch.Append(values...); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			result, err := conn.Query(t.Context(), "SELECT row"+names+" FROM types.t ORDER BY row")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = result.Close() }()
			read := 0
			for ; result.Next(); read++ {
				targets := []any{new(uint64)}
				for _, column := range types {
					targets = append(targets, reflect.New(reflect.TypeOf(column.values[0])).Interface())
				}
				if err := result.Scan(targets...); err != nil {
					t.Fatal(err)
				}
				for i, column := range types {
					got := reflect.ValueOf(targets[i+1]).Elem().Interface()
					if want := column.values[read%2]; !same(got, want) {
						t.Fatalf("row %d, %s: got %#v, want %#v", read, column.ddl, got, want)
					}
				}
			}
			if err := result.Err(); err != nil {
				t.Fatal(err)
			}
			if read != rows {
				t.Fatalf("read %d rows of %d", read, rows)
			}
		})
	}
}

// same compares values of a column; times by instant, addresses by address.
func same(got, want any) bool {
	if g, ok := got.(time.Time); ok {
		return g.Equal(want.(time.Time))
	}
	if g, ok := got.(net.IP); ok {
		return g.Equal(want.(net.IP))
	}
	return reflect.DeepEqual(got, want)
}

// TestResultsLargerThanABlock reads more than one block of several columns,
// with the client's own decoder as the judge of the frames between them.
func TestResultsLargerThanABlock(t *testing.T) {
	e := useShared(t)
	conn := connect(t, e)
	rows, err := conn.Query(t.Context(), `SELECT number, toString(number), toLowCardinality(toString(number % 10)),
		range(number % 4), if(number % 3 = 0, NULL, number) FROM numbers(150000)`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var n, sum uint64
	for ; rows.Next(); n++ {
		var number uint64
		var text, low string
		var list []uint64
		var maybe *uint64
		if err := rows.Scan(&number, &text, &low, &list, &maybe); err != nil {
			t.Fatal(err)
		}
		if text != fmt.Sprint(number) || low != fmt.Sprint(number%10) || len(list) != int(number%4) || (maybe == nil) != (number%3 == 0) {
			t.Fatalf("row %d: %d %q %q %v %v", n, number, text, low, list, maybe)
		}
		sum += number
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if n != 150000 || sum != 150000*149999/2 {
		t.Fatalf("%d rows with sum %d", n, sum)
	}
}

// TestExceptionMarkerInData reads text that looks like the frame of an error.
func TestExceptionMarkerInData(t *testing.T) {
	e := useShared(t)
	conn := connect(t, e)
	want := "\r\n__exception__\r\n0123456789abcdef\r\nCode: 1. DB::Exception: no (X)\n"
	if got := queryOne[string](t, conn, "SELECT {v:String}", clickhouse.Named("v", want)); got != want {
		t.Errorf("got %q", got)
	}
}
