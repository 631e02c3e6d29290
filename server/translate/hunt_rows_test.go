package translate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server/translate"
)

// slow is the same message by way of structpb.
func slow(t testing.TB, rows []json.RawMessage) *pb.HuntRows {
	m := &pb.HuntRows{}
	for _, row := range rows {
		var values []any
		if err := json.Unmarshal(row, &values); err != nil {
			t.Fatal(err)
		}
		list, err := structpb.NewList(values)
		if err != nil {
			t.Fatal(err)
		}
		m.Rows = append(m.Rows, list)
	}
	return m
}

func TestHuntRows(t *testing.T) {
	for _, texts := range [][]string{
		{}, {`[]`}, {`[1, -0.5, 1e300, "x", "", null, true, false]`, `["18446744073709551615"]`},
		{`[[], {}, [[1, [2]], {"a": {"b": [null, {"": ""}]}, "c": 3}], "ü\u001b\u2028"]`},
		{`[` + strings.Repeat(`"123456",`, 50_000) + `1]`}, {`[{"k": "` + strings.Repeat("v", 20_000) + `"}]`},
	} {
		var rows []json.RawMessage
		for _, text := range texts {
			rows = append(rows, json.RawMessage(text))
		}
		wire, err := translate.HuntRows(rows)
		if err != nil {
			t.Fatal(err)
		}
		var got pb.QueryResponse
		if err := proto.Unmarshal(wire, &got); err != nil {
			t.Fatal(err)
		}
		if want := slow(t, rows); got.GetRows() == nil || !proto.Equal(got.GetRows(), want) {
			t.Errorf("%.200q became %.200v, want %.200v", texts, got.GetRows(), want)
		}
		var part pb.RunHuntResponse
		if err := proto.Unmarshal(translate.HuntPart(wire), &part); err != nil || !proto.Equal(part.GetPart(), &got) {
			t.Errorf("the part of %.200q: %v", texts, err)
		}
	}
	for _, text := range []string{``, `{}`, `1`, `[1`, `[1,`, `[{"a"]`, `["` + "\xff", `[1e999]`} {
		if _, err := translate.HuntRows([]json.RawMessage{json.RawMessage(text)}); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}
