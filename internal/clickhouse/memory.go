package clickhouse

import (
	"errors"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// memoryLimitExceeded is ClickHouse's code for a statement that needed more memory than it may have.
const memoryLimitExceeded = 241

// IsMemoryLimit says whether a statement failed because it needed more memory than it may have: a smaller one can succeed.
func IsMemoryLimit(err error) bool {
	var refused *clickhouse.Exception
	return errors.As(err, &refused) && refused.Code == memoryLimitExceeded
}
