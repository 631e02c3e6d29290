package clickhouse_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// finding are the columns of a finding; what follows says over which rows.
const finding = `SELECT 'default' AS tenant, 'user' AS subject_type, 'u' AS subject_id, '' AS subject_email, '' AS subject_name, 'k' AS finding_key,
	toDateTime64('2026-01-01 00:00:00', 7, 'UTC') AS anchor_time, anchor_time AS start_time, anchor_time AS end_time, CAST([], 'Array(String)') AS event_ids, toUInt64(1) AS event_count,
	1.0 AS score, 'low' AS severity, '' AS title, '{}' AS evidence, CAST([], 'Array(String)') AS suppressed_by FROM `

// TestAStatementThatCannotWork wants what the engine says of it, at once, and nobody told that the database does not answer.
func TestAStatementThatCannotWork(t *testing.T) {
	db := testkit.Database(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pattern := []clickhouse.Argument{{Name: "pattern", Type: "String", Value: "("}}
	for rows, want := range map[string]string{
		"numbers(10) WHERE match(toString(number), {pattern:String})":                   "CANNOT_COMPILE_REGEXP",
		"(SELECT * FROM numbers(10)) PREWHERE number = 1":                               "ILLEGAL_PREWHERE",
		"numbers(10) WHERE arrayExists((a, b) -> a = b, [number], [number, number])":    "SIZES_OF_ARRAYS_DONT_MATCH",
		"numbers_mt(200000) WHERE throwIf(number = 199999, 'after many rows went') = 0": "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO",
	} {
		_, err := db.Findings(ctx, clickhouse.Call{Detection: "odd", Tenant: "default", Text: finding + rows, Arguments: pattern})
		if err == nil || fault.Is(err, fault.StorageUnavailable) || clickhouse.Refusal(err) != want || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "detection odd") {
			t.Errorf("%s: %v, expected detection odd and %s", rows, err, want)
		}
	}
	// candidates come as they are found: the error comes after rows
	_, err := db.Candidates(ctx, clickhouse.Call{Detection: "odd", Tenant: "default", Arguments: pattern,
		Text: "SELECT toString(number) FROM numbers(3000000) WHERE NOT (number > 2999990 AND match(toString(number), concat({pattern:String}, toString(number))))"})
	if err == nil || fault.Is(err, fault.StorageUnavailable) || !strings.Contains(err.Error(), "candidates of odd") {
		t.Errorf("candidates: %v", err)
	}
}

// TestCodesAreTheEngines compares our codes with what the engine calls them.
func TestCodesAreTheEngines(t *testing.T) {
	db := testkit.Database(t)
	all := maps.Clone(clickhouse.OfData)
	maps.Copy(all, clickhouse.OfStatement)
	names, err := clickhouse.ErrorNames(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for code, name := range all {
		if names[code] != name {
			t.Errorf("code %d is %s, not %s", code, names[code], name)
		}
	}
}

// TestKnown wants a call that knows events up to a time to see none after it, wherever its text reads them.
func TestKnown(t *testing.T) {
	db := testkit.Database(t)
	if err := db.AppendEvents(t.Context(), "known", []event.Event{sample("id-1", 1), sample("id-2", 2), sample("id-3", 3)}); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(finding, "toUInt64(1) AS event_count", `toUInt64(count() * 10 + (SELECT count() FROM events WHERE event_id IN (SELECT event_id FROM events PREWHERE activity = 'logon'))) AS event_count`, 1) +
		"events AS e INNER JOIN events AS f ON f.tenant = e.tenant AND f.event_id = e.event_id PREWHERE e.activity = 'logon' WHERE e.user_id = 'u1'"
	for _, c := range []struct {
		known time.Time
		want  uint64
	}{{time.Time{}, 33}, {sample("", 2).Time, 22}, {sample("", 2).Time.Add(-100 * time.Nanosecond), 11}, {base, 0}} {
		found, err := db.Findings(t.Context(), clickhouse.Call{Detection: "count", Tenant: "default", Text: text, Known: c.known})
		if err != nil || len(found) != 1 || found[0].EventCount != c.want {
			t.Errorf("known until %v: %+v, %v; expected %d", c.known, found, err, c.want)
		}
	}
}
