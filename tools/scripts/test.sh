#!/bin/sh
# All tests, with the race detector, in two processes side by side. The cases of the detections, which are about half of the
# work, are one of them: within a package go test runs one process, and a core would be idle.
# Arguments go to every go test.
set -u
cd "$(dirname "$0")/../.."
go test -race -timeout 45m "$@" -run '^TestCases$' ./analytics &
cases=$!
trap 'kill $cases 2>/dev/null' INT TERM
go test -race -timeout 45m -p 1 "$@" -skip '^TestCases$' ./analytics
analysis=$?
go test -race -timeout 45m -p 1 "$@" $(go list ./... | grep -v '/analytics$')
others=$?
wait $cases
cases=$?
test "$analysis$others$cases" = 000 || { echo "failed: exit codes $cases (cases of the detections), $analysis (the rest of analytics), $others (all others)"; exit 1; }
