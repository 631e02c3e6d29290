#!/bin/sh
# Fails when gen/ is not what buf generates from proto/.
set -eu
cd "$(dirname "$0")/../.."
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -R gen "$before/gen"
"$1" generate
if ! diff -r "$before/gen" gen >/dev/null; then
  diff -rq "$before/gen" gen || true
  echo "gen/ was not up to date with proto/; 'make proto' makes it so" >&2
  exit 1
fi
