package embedded

import (
	"slices"
	"strconv"
)

// readerMayLower are limits that the reader can make stricter for a query.
var readerMayLower = []string{
	"max_execution_time", "max_memory_usage", "max_result_rows", "max_result_bytes", "max_rows_to_read", "max_bytes_to_read", "max_threads",
}

// readerMaySet are settings that change how a result looks and nothing else.
// They are named one by one, never by a prefix: among the engine's settings
// for formats are names of files that it reads (format_schema,
// format_template_row) and one that it writes (output_format_schema).
var readerMaySet = []string{
	"aggregate_functions_null_for_empty", "date_time_input_format", "date_time_output_format", "extremes", "group_by_use_nulls",
	"join_use_nulls", "limit", "log_comment", "max_block_size", "offset", "result_overflow_mode", "session_timezone",
	"transform_null_in", "union_default_mode",

	"format_csv_delimiter", "format_csv_null_representation", "format_tsv_null_representation",
	"output_format_arrow_compression_method", "output_format_arrow_low_cardinality_as_dictionary",
	"output_format_arrow_string_as_string", "output_format_arrow_use_signed_indexes_for_dictionary",
	"output_format_csv_crlf_end_of_line", "output_format_csv_header_serialize_tuple_into_separate_columns",
	"output_format_csv_serialize_tuple_into_separate_columns", "output_format_decimal_trailing_zeros", "output_format_float_precision",
	"output_format_json_array_of_rows", "output_format_json_escape_forward_slashes", "output_format_json_map_as_array_of_tuples",
	"output_format_json_named_tuples_as_objects", "output_format_json_pretty_print", "output_format_json_quote_64bit_floats",
	"output_format_json_quote_64bit_integers", "output_format_json_quote_decimals", "output_format_json_quote_denormals",
	"output_format_json_skip_null_value_in_named_tuples", "output_format_json_validate_utf8",
	"output_format_markdown_escape_special_characters", "output_format_parquet_compression_method", "output_format_parquet_string_as_string",
	"output_format_pretty_color", "output_format_pretty_display_footer_column_names", "output_format_pretty_fallback_to_vertical",
	"output_format_pretty_grid_charset", "output_format_pretty_highlight_digit_groups", "output_format_pretty_max_rows",
	"output_format_pretty_multiline_fields", "output_format_pretty_named_tuples_as_json", "output_format_pretty_row_numbers",
	"output_format_pretty_single_large_number_tip_threshold",
	"output_format_sql_insert_include_column_names", "output_format_sql_insert_quote_names", "output_format_sql_insert_table_name",
	"output_format_sql_insert_use_replace", "output_format_trim_fixed_string", "output_format_tsv_crlf_end_of_line",
	"output_format_values_escape_quote_with_quote", "output_format_write_statistics",
}

// readerSettings merges what the reader asked for into the limits. A wish
// above a limit becomes the limit, because clients derive max_execution_time
// from their own deadline; a setting outside the two lists is refused.
func readerSettings(limits map[string]uint64, wanted map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for name, limit := range limits {
		out[name] = strconv.FormatUint(limit, 10)
	}
	for name, value := range wanted {
		switch {
		case slices.Contains(readerMayLower, name):
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return nil, newException(codeBadArguments, "BAD_ARGUMENTS", "setting %s wants a whole number, not %q", name, value)
			}
			if limit := limits[name]; n > 0 && (limit == 0 || n < limit) {
				out[name] = value
			}
		case slices.Contains(readerMaySet, name):
			out[name] = value
		default:
			return nil, newException(codeReadonly, "READONLY", "the user reader cannot change the setting %s", name)
		}
	}
	return out, nil
}
