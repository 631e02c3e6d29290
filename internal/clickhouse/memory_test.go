package clickhouse_test

import (
	"testing"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestMemoryLimit wants the engine's own refusal to be known as one, through all that is wrapped around it.
func TestMemoryLimit(t *testing.T) {
	db := testkit.Database(t)
	_, err := db.Findings(t.Context(), clickhouse.Call{Detection: "greedy", Tenant: "default",
		Text: `SELECT 'default' AS tenant, 'user' AS subject_type, 'u' AS subject_id, '' AS subject_email, '' AS subject_name, toString(length(groupArray(number))) AS finding_key,
			toDateTime64('2026-01-01 00:00:00', 7, 'UTC') AS anchor_time, anchor_time AS start_time, anchor_time AS end_time, CAST([], 'Array(String)') AS event_ids, toUInt64(1) AS event_count,
			1.0 AS score, 'low' AS severity, '' AS title, '{}' AS evidence, CAST([], 'Array(String)') AS suppressed_by
			FROM numbers(1000000000) SETTINGS max_memory_usage = 10000000`})
	if !clickhouse.IsMemoryLimit(err) {
		t.Errorf("error %v is not known as a want of memory", err)
	}
	if clickhouse.IsMemoryLimit(nil) {
		t.Error("no error is taken for one")
	}
}
