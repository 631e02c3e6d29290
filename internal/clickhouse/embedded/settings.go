package embedded

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
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
