package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/sealwatch/sealwatch/internal/fault"
)

// ofData are the codes, with ClickHouse's names, by which it refuses data or values: the same statement with other ones
// can succeed.
var ofData = map[int32]string{
	6: "CANNOT_PARSE_TEXT", 26: "CANNOT_PARSE_QUOTED_STRING", 27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED", 38: "CANNOT_PARSE_DATE", 41: "CANNOT_PARSE_DATETIME", 53: "TYPE_MISMATCH",
	69: "ARGUMENT_OUT_OF_BOUND", 70: "CANNOT_CONVERT_TYPE", 72: "CANNOT_PARSE_NUMBER", 117: "INCORRECT_DATA", 131: "TOO_LARGE_STRING_SIZE",
	349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", 376: "CANNOT_PARSE_UUID", 407: "DECIMAL_OVERFLOW", 457: "BAD_QUERY_PARAMETER", 675: "CANNOT_PARSE_IPV4", 676: "CANNOT_PARSE_IPV6",
}

// ofStatement are the codes by which it refuses a statement: that will never succeed as it is, and the schema, a view or
// Sealwatch is at fault. To try again is in vain, and to say that the database does not answer sends people the wrong way.
var ofStatement = map[int32]string{
	1: "UNSUPPORTED_METHOD", 8: "THERE_IS_NO_COLUMN", 10: "NOT_FOUND_COLUMN_IN_BLOCK", 16: "NO_SUCH_COLUMN_IN_TABLE",
	20: "NUMBER_OF_COLUMNS_DOESNT_MATCH", 34: "TOO_MANY_ARGUMENTS_FOR_FUNCTION", 35: "TOO_FEW_ARGUMENTS_FOR_FUNCTION", 36: "BAD_ARGUMENTS",
	37: "UNKNOWN_ELEMENT_IN_AST", 42: "NUMBER_OF_ARGUMENTS_DOESNT_MATCH", 43: "ILLEGAL_TYPE_OF_ARGUMENT", 44: "ILLEGAL_COLUMN", 46: "UNKNOWN_FUNCTION",
	47: "UNKNOWN_IDENTIFIER", 48: "NOT_IMPLEMENTED", 50: "UNKNOWN_TYPE", 51: "EMPTY_LIST_OF_COLUMNS_QUERIED", 57: "TABLE_ALREADY_EXISTS",
	59: "ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER", 60: "UNKNOWN_TABLE", 62: "SYNTAX_ERROR", 63: "UNKNOWN_AGGREGATE_FUNCTION", 80: "INCORRECT_QUERY",
	81: "UNKNOWN_DATABASE", 115: "UNKNOWN_SETTING", 121: "UNSUPPORTED_JOIN_KEYS", 125: "INCORRECT_RESULT_OF_SCALAR_SUBQUERY",
	133: "AGGREGATE_FUNCTION_DOESNT_ALLOW_PARAMETERS", 134: "PARAMETERS_TO_AGGREGATE_FUNCTIONS_MUST_BE_LITERALS", 135: "ZERO_ARRAY_OR_TUPLE_INDEX",
	153: "ILLEGAL_DIVISION", 162: "TOO_DEEP_SUBQUERIES", 164: "READONLY", 167: "TOO_DEEP_AST", 168: "TOO_BIG_AST", 174: "CYCLIC_ALIASES",
	179: "MULTIPLE_EXPRESSIONS_FOR_ALIAS", 181: "ILLEGAL_FINAL", 182: "ILLEGAL_PREWHERE", 183: "UNEXPECTED_EXPRESSION", 184: "ILLEGAL_AGGREGATION",
	190: "SIZES_OF_ARRAYS_DONT_MATCH", 206: "ALIAS_REQUIRED", 207: "AMBIGUOUS_IDENTIFIER", 215: "NOT_AN_AGGREGATE", 223: "UNEXPECTED_AST_STRUCTURE",
	258: "UNION_ALL_RESULT_STRUCTURES_MISMATCH", 264: "INCOMPATIBLE_TYPE_OF_JOIN", 309: "FUNCTION_CANNOT_HAVE_PARAMETERS", 344: "SUPPORT_IS_DISABLED",
	352: "AMBIGUOUS_COLUMN_NAME", 353: "INDEX_OF_POSITIONAL_ARGUMENT_IS_OUT_OF_RANGE", 386: "NO_COMMON_TYPE", 392: "QUERY_IS_PROHIBITED",
	395: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", 403: "INVALID_JOIN_ON_EXPRESSION", 417: "EXPECTED_ALL_OR_ANY", 427: "CANNOT_COMPILE_REGEXP",
	440: "INVALID_LIMIT_EXPRESSION", 446: "FUNCTION_NOT_ALLOWED", 452: "SETTING_CONSTRAINT_VIOLATION", 456: "UNKNOWN_QUERY_PARAMETER",
	497: "ACCESS_DENIED", 516: "AUTHENTICATION_FAILED", 721: "DEPRECATED_FUNCTION",
}

// classify says what an error means to the caller: its own deadline as it is, data that is refused as
// fault.InvalidArgument, a statement that is refused as it is, and everything else as fault.StorageUnavailable: an error
// that is not understood must not be blamed on anybody's data. The text has no address of a request, because that would
// hold every value of it.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = fmt.Errorf("%s: %w", request.Op, request.Err)
	}
	if cause := ctx.Err(); cause != nil {
		return errors.Join(cause, err)
	}
	var refused *clickhouse.Exception
	if errors.As(err, &refused) {
		switch {
		case ofData[refused.Code] != "":
			return &fault.Error{Reason: fault.InvalidArgument, Message: "the database refuses a value", Err: err}
		case ofStatement[refused.Code] != "":
			return err
		}
	}
	return fault.Unavailable(err)
}

// Refusal is the engine's name for why it refuses a statement that will never succeed; empty for every other error.
func Refusal(err error) string {
	var refused *clickhouse.Exception
	if errors.As(err, &refused) {
		return ofStatement[refused.Code]
	}
	return ""
}
