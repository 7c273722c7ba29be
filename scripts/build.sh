#!/usr/bin/env bash
# Builds the web app and the binary that embeds it; leaves target/release/media-vault.
# `--only-binary`: the web app is built already.
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
mkdir -p "$CACHE/log"

if [ "${1:-}" != --only-binary ]; then
  # The web app is rebuilt only when one of its files is newer than the last build.
  if [ ! -f web/build/index.html ] || [ -n "$(find web -path web/node_modules -prune -o -path web/build -prune -o -path web/.svelte-kit -prune -o -type f -newer web/build/index.html -print -quit)" ]; then
    say "Building the web app"
    (cd web && npm run build --silent >"$CACHE/log/web-build.log" 2>&1 </dev/null) || { tail -n 60 "$CACHE/log/web-build.log" >&2; die "the web app does not build; the whole output is in $CACHE/log/web-build.log"; }
    touch web/build/index.html
  fi
fi
say "Building the server (the first time takes some minutes)"
cargo build --profile dist --locked --bin media-vault
built="$CARGO_TARGET_DIR/dist/media-vault"
mkdir -p target/release
# A copy, not a link: another clone may share the target folder and build its own binary there.
if [ "$built" -ef target/release/media-vault ] || cmp -s "$built" target/release/media-vault; then
  :
else
  cp -f "$built" target/release/.media-vault.new
  mv -f target/release/.media-vault.new target/release/media-vault
fi
say "Built target/release/media-vault"
