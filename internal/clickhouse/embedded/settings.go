package embedded

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]{0,127}$`)

// httpArguments are URL arguments that steer the interface and are not
// settings of a query. Those without an effect here are accepted, because
// clients send them as a matter of course.
var httpArguments = map[string]bool{
	"query": true, "database": true, "default_format": true, "query_id": true, "quota_key": true,
	"user": true, "password": true, "client_protocol_version": true,
	"compress": true, "decompress": true, "enable_http_compression": true, "http_zlib_compression_level": true,
	"network_compression_method": true, "network_zstd_compression_level": true,
	"wait_end_of_query": true, "buffer_size": true, "send_progress_in_http_headers": true,
	"http_headers_progress_interval_ms": true, "http_response_buffer_size": true, "http_write_exception_in_output_format": true,
	"add_http_cors_header": true, "cancel_http_readonly_queries_on_client_close": true, "stacktrace": true,
	"send_profile_events": true, "send_logs_level": true,
}

// splitArguments separates a request's URL arguments into bindings
// ("param_x=1") and settings. Sessions, roles and external tables do not exist
// here and are refused rather than ignored.
func splitArguments(q url.Values) (params parameters, settings map[string]string, err error) {
	settings = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		value := q.Get(name)
		switch {
		case httpArguments[name]:
		case strings.HasPrefix(name, "param_"):
			params.names = append(params.names, strings.TrimPrefix(name, "param_"))
			params.values = append(params.values, value)
		case name == "session_id" || name == "session_timeout" || name == "session_check":
			return params, nil, newException(codeNotImplemented, "NOT_IMPLEMENTED", "sessions (%s) are not supported by the embedded engine: each request stands alone", name)
		case name == "role":
			return params, nil, newException(codeNotImplemented, "NOT_IMPLEMENTED", "roles cannot be chosen in the embedded engine")
		case !settingName.MatchString(name):
			return params, nil, newException(codeUnknownSetting, "UNKNOWN_SETTING", "%q is not the name of a setting", name)
		default:
			settings[name] = value
		}
	}
	return params, settings, nil
}

// readerMayLower are limits that the reader can make stricter for a query.
var readerMayLower = []string{
	"max_execution_time", "max_memory_usage", "max_result_rows", "max_result_bytes", "max_rows_to_read", "max_bytes_to_read", "max_threads",
}

// readerMaySet are settings that change how a result looks and nothing else.
var readerMaySet = []string{
	"max_block_size", "date_time_output_format", "date_time_input_format", "session_timezone", "join_use_nulls", "limit", "offset",
	"log_comment", "extremes", "union_default_mode", "group_by_use_nulls", "transform_null_in", "aggregate_functions_null_for_empty",
	"result_overflow_mode",
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
		case slices.Contains(readerMaySet, name), strings.HasPrefix(name, "output_format_"), strings.HasPrefix(name, "format_csv_"):
			out[name] = value
		default:
			return nil, newException(codeReadonly, "READONLY", "the user reader cannot change the setting %s", name)
		}
	}
	return out, nil
}

// setStatement builds SET name = 'value', ... in the order of the names.
func setStatement(settings map[string]string) string {
	parts := make([]string, 0, len(settings))
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, name+" = "+quoteLiteral(settings[name]))
	}
	return "SET " + strings.Join(parts, ", ")
}

// quoteLiteral writes s as a string literal of ClickHouse's SQL.
func quoteLiteral(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
}

// quoteIdentifier writes s as a quoted identifier.
func quoteIdentifier(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`", "\x00", `\0`).Replace(s) + "`"
}

// sessionArguments gives settings as arguments of a new connection.
func sessionArguments(settings map[string]string) []string {
	args := make([]string, 0, len(settings))
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, fmt.Sprintf("--%s=%s", name, settings[name]))
	}
	return args
}

// escapeParameter writes s as the value of a parameter, which the engine reads
// as a tab-separated field.
func escapeParameter(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`).Replace(s)
}
