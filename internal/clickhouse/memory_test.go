package clickhouse_test

import (
	"testing"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestMemoryLimit wants an evaluation to have no more memory than its call says, and the engine's own refusal to be known as one, through all that
// is wrapped around it.
func TestMemoryLimit(t *testing.T) {
	db := testkit.Database(t)
	greedy := clickhouse.Call{Detection: "greedy", Tenant: "default",
		Text: `SELECT 'default' AS tenant, 'user' AS subject_type, 'u' AS subject_id, '' AS subject_email, '' AS subject_name, toString(length(groupArray(number))) AS finding_key,
			toDateTime64('2026-01-01 00:00:00', 7, 'UTC') AS anchor_time, anchor_time AS start_time, anchor_time AS end_time, CAST([], 'Array(String)') AS event_ids, toUInt64(1) AS event_count,
			1.0 AS score, 'low' AS severity, '' AS title, '{}' AS evidence, CAST([], 'Array(String)') AS suppressed_by
			FROM numbers(3000000)`}
	candidates := clickhouse.Call{Detection: "greedy", Tenant: "default", Text: "SELECT toString(length(groupArray(number))) FROM numbers(3000000)"}
	for _, c := range []struct {
		most    uint64
		refused bool
	}{{10_000_000, true}, {0, false}} {
		greedy.MaxMemory, candidates.MaxMemory = c.most, c.most
		if _, err := db.Findings(t.Context(), greedy); clickhouse.IsMemoryLimit(err) != c.refused || (err != nil) != c.refused {
			t.Errorf("an evaluation with %d bytes: error %v", c.most, err)
		}
		if _, err := db.Candidates(t.Context(), candidates); clickhouse.IsMemoryLimit(err) != c.refused || (err != nil) != c.refused {
			t.Errorf("candidates with %d bytes: error %v", c.most, err)
		}
	}
}
