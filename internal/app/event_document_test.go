package app

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/server/translate"
)

// TestEventDocumentIsTheAPIs: a forwarded event in JSON is what the REST API returns, but for what docs/forwarding.md names.
func TestEventDocumentIsTheAPIs(t *testing.T) {
	for _, e := range exportertest.GoldenEvents() {
		api, err := protojson.Marshal(translate.Event(&e, time.Now(), false))
		if err != nil {
			t.Fatal(err)
		}
		d := exporters.NewEventDocument(&e)
		forwarded, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(api, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(forwarded, &got); err != nil {
			t.Fatal(err)
		}
		if got["type"] != "event" || got["outcome"] == "" || got["sequence"] != float64(e.Sequence) {
			t.Errorf("%s", forwarded)
		}
		delete(got, "type")
		delete(got, "outcome")
		delete(got, "sequence")
		if diff := cmp.Diff(pruned(want), pruned(got)); diff != "" {
			t.Errorf("%s %s (-API +forwarded):\n%s", e.Activity, e.ID, diff)
		}
	}
}

// pruned is a value without what is empty, and times without zeroes at their end.
func pruned(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			inner = pruned(inner)
			if m, ok := inner.(map[string]any); ok && len(m) == 0 || inner == "" {
				continue
			}
			out[k] = inner
		}
		return out
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.Format(time.RFC3339Nano)
		}
		return strings.TrimSpace(v)
	}
	return value
}
