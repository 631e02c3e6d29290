#!/bin/sh
# All tests, with the race detector, two test binaries at a time, since a test waits for the engine as often as it computes. What takes
# longest comes first, so that no core is idle at the end; the cases of the detections are a part of their own, for a package is one process.
# Arguments go to every go test.
set -u
cd "$(dirname "$0")/../.."
long='./internal/app ./analytics/policies ./internal/clickhouse ./internal/simulate ./internal/clickhouse/embedded ./server ./exporters/syslog'
short=$(go list ./...) || exit 1
for package in ./analytics $long; do
	short=$(printf '%s\n' "$short" | grep -v "/sealwatch/${package#./}\$")
done
{
	echo '-run ^TestCases$ ./analytics'
	echo '-skip ^TestCases$ ./analytics'
	printf '%s\n' $long
	printf '%s\n' "$short" | awk 'NR % 2' | xargs
	printf '%s\n' "$short" | awk 'NR % 2 == 0' | xargs
} | xargs -P 2 -L 1 go test -race -timeout 45m -p 1 "$@"
code=$?
test $code = 0 || echo 'some tests failed: look for FAIL above'
exit $code
