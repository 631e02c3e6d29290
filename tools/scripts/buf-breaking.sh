#!/bin/sh
# Compares proto/ with the API that was promised last, tools/api-baseline.binpb: a change that breaks the wire or its JSON
# form fails. `make api-baseline` makes a new promise; before 1.0 that may break the old one, and the changelog says so.
set -eu
cd "$(dirname "$0")/../.."
"$1" breaking proto --against tools/api-baseline.binpb
