#!/usr/bin/env bash
# Writes what is made from the code: web/openapi.json, the web client's types, the settings tables.
# `--check` writes nothing and fails when a file is not what the code says.
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
mode="${1:-write}"
binary="${MEDIA_VAULT_BINARY:-$ROOT/target/release/media-vault}"
[ "$mode" = --check ] || scripts/build.sh
[ -x "$binary" ] || die "$binary is missing: run \`make build\`"

made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT
stale=0

# $1: the file as it should be, $2: its place.
settle() {
  if cmp -s "$1" "$2"; then
    return
  elif [ "$mode" = --check ]; then
    echo "$2 is not what the code says; run \`make generate\`:"
    diff -u "$2" "$1" | head -n 40 || true
    stale=1
  else
    cp "$1" "$2"
    say "wrote $2"
  fi
}

# $1: a page with the marks `<!-- settings:begin -->` and `<!-- settings:end -->`; the table goes between them.
with_settings() {
  awk -v table="$made/settings.md" '
    /<!-- settings:end -->/ { inside = 0 }
    !inside { print }
    /<!-- settings:begin -->/ { inside = 1; print ""; while ((getline line < table) > 0) print line; print "" }
  ' "$1"
}

"$binary" openapi >"$made/openapi.json"
settle "$made/openapi.json" web/openapi.json

(cd web && npx --no-install openapi-typescript "$made/openapi.json" -o "$made/schema.d.ts" >/dev/null)
settle "$made/schema.d.ts" web/src/lib/api/schema.d.ts

"$binary" config --reference >"$made/settings.md"
with_settings README.md >"$made/README.md"
settle "$made/README.md" README.md

[ "$stale" = 0 ] && echo "What is generated is fresh."
exit "$stale"
