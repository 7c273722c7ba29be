#!/usr/bin/env bash
# Development: the server is rebuilt and restarted when a Rust file changes; the web app reloads by itself (vite).
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
mkdir -p "$CACHE"
stamp="$(mktemp "$CACHE/dev-stamp.XXXXXX")"
server=0 web=0

stop() {
  for process in "$server" "$web"; do
    [ "$process" = 0 ] || kill "$process" 2>/dev/null || true
  done
  rm -f "$stamp"
}
trap stop EXIT
trap 'exit 130' INT TERM

(cd web && exec npx --no-install vite dev --host 127.0.0.1) &
web=$!
say "Web app: http://127.0.0.1:5173 (its /api goes to the server on 8080)"

rebuild() {
  touch "$stamp"
  say "Building the server"
  if cargo build --release --bin media-vault; then
    if [ "$server" != 0 ]; then
      kill "$server" 2>/dev/null || true
      wait "$server" 2>/dev/null || true
    fi
    "$CARGO_TARGET_DIR/release/media-vault" serve &
    server=$!
  else
    say "It does not build; the old server stays up. Waiting for the next change"
  fi
}

rebuild
while kill -0 "$web" 2>/dev/null; do
  if [ -n "$(find crates Cargo.toml Cargo.lock \( -name '*.rs' -o -name '*.sql' -o -name '*.toml' -o -name '*.lock' \) -newer "$stamp" -print -quit)" ]; then
    rebuild
  fi
  sleep 1
done
