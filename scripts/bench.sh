#!/usr/bin/env bash
# The benchmarks against peers and plain loops; arguments go to bench/run.py.
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
exec "$VENV/bin/python" bench/run.py "$@"
