#!/usr/bin/env bash
# Writes e2e/requirements.txt (every version and hash) from e2e/requirements.in.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp="$(mktemp -d)"
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install pip-tools
"$tmp/venv/bin/pip-compile" --quiet --upgrade --generate-hashes --strip-extras --no-header --no-annotate \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
  --output-file e2e/requirements.txt e2e/requirements.in
