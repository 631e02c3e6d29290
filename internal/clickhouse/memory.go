package clickhouse

import (
	"errors"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// memoryLimitExceeded is ClickHouse's code for a statement that needed more memory than it may have.
const memoryLimitExceeded = 241

// ClickHouse's codes for a statement that took too long.
const (
	timeoutExceeded = 159
	tooSlow         = 160
)

// IsMemoryLimit says whether a statement failed because it needed more memory than it may have: a smaller one can succeed.
func IsMemoryLimit(err error) bool {
	var refused *clickhouse.Exception
	return errors.As(err, &refused) && refused.Code == memoryLimitExceeded
}

// Limit is which limit of the engine's a statement exceeded, memory or time; empty when it failed for another reason.
func Limit(err error) string {
	var refused *clickhouse.Exception
	switch {
	case IsMemoryLimit(err):
		return "memory"
	case errors.As(err, &refused) && (refused.Code == timeoutExceeded || refused.Code == tooSlow):
		return "time"
	}
	return ""
}
