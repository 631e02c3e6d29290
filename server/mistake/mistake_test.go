package mistake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server/mistake"
	"github.com/sealwatch/sealwatch/server/problem"
)

const severities = "one of SEVERITY_INFORMATIONAL, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL"

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		message proto.Message
		text    string
		want    string // field: description, joined by |
	}{
		{&pb.BulkUpdateAlertsRequest{}, `{"filter": {"minSeverity": "HIGH"}}`, `filter.minSeverity: found "HIGH", expected ` + severities + `; did you mean SEVERITY_HIGH?`},
		{&pb.BulkUpdateAlertsRequest{}, `{"filter": {"min_severity": "SEVERITY_HIHG"}}`, `filter.min_severity: found "SEVERITY_HIHG", expected ` + severities + `; did you mean SEVERITY_HIGH?`},
		{&pb.BulkUpdateAlertsRequest{}, `{"filter": {"minSeverity": ["x"], "startTime": "gestern", "pageSize": 1}}`, `filter.minSeverity: found "[\"x\"]", expected ` + severities + `|filter.pageSize: there is no such field|filter.startTime: found "gestern", expected a time by RFC 3339, such as 2026-05-01T12:00:00Z`},
		{&pb.BulkUpdateAlertsRequest{}, `{"filtr": {}, "expectedCount": "many", "validateOnly": "yes", "updateMask": 3}`, `expectedCount: found "many", expected a whole number|filtr: there is no such field; did you mean filter?|validateOnly: found "\"yes\"", expected true or false`},
		{&pb.ListAlertsRequest{}, `{"filter": {"detections": "x", "names": [7, null, "a"]}}`, `filter.detections: found "\"x\"", expected a list [ ]|filter.names[0]: found "7", expected a text in quotes`},
		{&pb.QueryRequest{}, `{"limits": {"maxRows": -1, "duration": "1h"}, "parameters": {"a": 3}}`, `limits.duration: found "1h", expected seconds, such as 90s|limits.maxRows: found "-1", expected a whole number of 0 or more|parameters["a"]: found "3", expected a text in quotes`},
		{&pb.ListAlertsRequest{}, `[]`, `: found "[]", expected an object { }`},
		{&pb.ListAlertsRequest{}, `{"filter": {"minScore": "much", "maxScore": 1e3, "minSeverity": 3}, "pageSize": 1.0}`, `filter.minScore: found "much", expected a number`},
		{&pb.ListAlertsRequest{}, `{"pageSize": `, ``},
	} {
		if _, known := any(c.message).(*pb.ListAlertsRequest); known && strings.Contains(c.text, "minScore") && c.message.ProtoReflect().Descriptor().Fields().ByName("filter").Message().Fields().ByJSONName("minScore") == nil {
			t.Fatal("the filter has no minScore any more; take another field of numbers")
		}
		var all []string
		for _, v := range mistake.JSON(c.message.ProtoReflect().Descriptor(), []byte(c.text)) {
			all = append(all, v.Field+": "+v.Description)
		}
		if got := strings.Join(all, "|"); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
	if got := mistake.JSON((&pb.ListAlertsRequest{}).ProtoReflect().Descriptor(), []byte(`{"x":"`+strings.Repeat("y", 1<<20)+`"}`)); got != nil {
		t.Errorf("a text that is too long: %v", got)
	}
	long := strings.Repeat("é", 40)
	all := mistake.JSON((&pb.ListAlertsRequest{}).ProtoReflect().Descriptor(), []byte(`{"`+long+`": 1}`))
	if want := strings.Repeat("é", 32) + "…"; len(all) != 1 || all[0].Field != want {
		t.Errorf("a long name: %v, want %s", all, want)
	}
	all = mistake.JSON((&pb.QueryRequest{}).ProtoReflect().Descriptor(), []byte(`{"parameters": {"`+long+`": 1}}`))
	if want := `parameters["` + strings.Repeat("é", 32) + `…"]`; len(all) != 1 || all[0].Field != want {
		t.Errorf("a long key: %v, want %s", all, want)
	}
	// filters lie in filters for as long as the text goes on; what is wrong below would have paths as long as it is deep
	deep := func(n int) []problem.Violation {
		return mistake.JSON((&pb.CreatePolicyRequest{}).ProtoReflect().Descriptor(), []byte(`{"policy": {"filter": `+strings.Repeat(`{"x": 1, "not": `, n)+`{}`+strings.Repeat(`}`, n)+`}}`))
	}
	if got := deep(30); len(got) != 30 {
		t.Errorf("%d violations of thirty", len(got))
	}
	// the deepest have no say
	if got := mistake.JSON((&pb.CreatePolicyRequest{}).ProtoReflect().Descriptor(), []byte(`{"policy": {"filter": `+strings.Repeat(`{"not": `, 5000)+`{"x": 1}`+strings.Repeat(`}`, 5000)+`}}`)); len(got) != 0 {
		t.Errorf("%d violations below what is looked at, the first at %d bytes", len(got), len(got[0].Field))
	}
	if got := deep(5000); len(got) == 0 || len(got) > 100 {
		t.Errorf("%d violations of 5000", len(got))
	}
	many := map[string]int{}
	for i := range 300 {
		many[fmt.Sprint("f", i)] = i
	}
	text, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	if got := mistake.JSON((&pb.ListAlertsRequest{}).ProtoReflect().Descriptor(), text); len(got) != 100 {
		t.Errorf("%d violations", len(got))
	}
}

// FuzzJSON: what the decoder takes is no mistake, and no text is too strange to look at.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"filter": {"minSeverity": "HIGH", "startTime": "2026-05-01T12:00:00.5+02:00", "names": [null]}, "expectedCount": "7", "alert": {"evidence": {"a": [1]}}}`))
	f.Add([]byte(`{"filter": {"minScore": "NaN", "maxScore": 1e400}, "updateMask": "state,assignee"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := &pb.BulkUpdateAlertsRequest{}
		found := mistake.JSON(m.ProtoReflect().Descriptor(), text)
		if err := protojson.Unmarshal(text, m); err == nil && len(found) > 0 {
			t.Errorf("%q is good, and said to be wrong: %v", text, found)
		}
	})
}
