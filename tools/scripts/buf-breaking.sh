#!/bin/sh
# Compares proto/ with the last release, or, before the first one, with the commit before: a change that breaks the wire
# or its JSON form fails. Without history (a shallow clone) there is nothing to compare with, and it says so.
set -eu
cd "$(dirname "$0")/../.."
ref=$(git describe --tags --abbrev=0 2>/dev/null || true)
if [ -z "$ref" ]; then
  echo "buf breaking: no release yet, nothing was promised"
  exit 0
fi
"$1" breaking --against ".git#tag=$ref"
