package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// needlessPasses are rewritings of a query that gain the detections nothing, and none changes a result. They compare
// expressions by all that lies below them, every subquery included, which takes half of the time of a round on few events:
// 20 ms for each AND in a view of ten layers.
var needlessPasses = []string{
	"optimize_and_compare_chain",
	"optimize_extract_common_expressions",
	"optimize_aggregators_of_group_by_keys",
	"optimize_group_by_function_keys",
	"optimize_injective_functions_in_group_by",
	"optimize_redundant_functions_in_order_by",
	"optimize_rewrite_aggregate_function_with_if",
	"optimize_arithmetic_operations_in_aggregate_functions",
	"optimize_or_like_chain",
}

// planQuickly turns needless passes off in settings: those that the server has, since it refuses what it does not know, and
// that the DSN does not set.
func planQuickly(ctx context.Context, conn driver.Conn, settings clickhouse.Settings) error {
	var known []struct {
		Name string `ch:"name"`
	}
	if err := conn.Select(ctx, &known, statement("settings_known"), clickhouse.Named("names", needlessPasses)); err != nil {
		return fmt.Errorf("clickhouse: which settings the server has: %w", classify(ctx, err))
	}
	for _, k := range known {
		if _, set := settings[k.Name]; !set {
			settings[k.Name] = 0
		}
	}
	return nil
}
