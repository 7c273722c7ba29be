#!/usr/bin/env bash
# Installs what is missing, and nothing else. `setup.sh run` for `make run`, `test` for the tests, `bench` for the benchmarks too.
# Safe to repeat: when nothing is missing it only looks (under two seconds).
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

group="${1:-test}"
case "$group" in run | test | bench) ;; *) die "usage: scripts/setup.sh [run|test|bench]" ;; esac

# --- Debian packages --------------------------------------------------------------------------------------------
# "what must exist:Debian package". A leading / or a * is a path; anything else a command.
# nasm, cmake, cc: turbojpeg, aws-lc and SQLite are compiled from source. ffmpeg, vips: decoders, run as sandboxed processes.
run_needs=(
  cc:gcc
  /usr/include/stdlib.h:libc6-dev
  make:make
  pkg-config:pkg-config
  cmake:cmake
  nasm:nasm
  ffmpeg:ffmpeg
  vips:libvips-tools
  /etc/ssl/certs/ca-certificates.crt:ca-certificates
)
test_needs=(
  '/usr/lib/postgresql/*/bin/initdb:postgresql'
  psql:postgresql-client
  chromium:chromium
  '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf:fonts-dejavu-core'
  exiftool:libimage-exiftool-perl
  openssl:openssl
  sqlite3:sqlite3
  strace:strace
  ip:iproute2
  git:git
)
bench_needs=(
  curl:curl
  wrk:wrk
  /usr/sbin/nginx:nginx-light
)

needs=("${run_needs[@]}")
[ "$group" != run ] && needs+=("${test_needs[@]}")
[ "$group" = bench ] && needs+=("${bench_needs[@]}")

missing=()
for need in "${needs[@]}"; do
  what="${need%:*}" package="${need##*:}"
  case "$what" in
    /*) compgen -G "$what" >/dev/null || missing+=("$package") ;;
    *) have "$what" || missing+=("$package") ;;
  esac
done
have python3 || missing+=(python3)
if [ "$group" != run ] && [ ! -x "$VENV/bin/python" ] && have python3; then
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
fi

if [ "${#missing[@]}" -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if ! have apt-get; then
    die "these are missing, and this system has no apt-get: ${missing[*]} (Debian's names). Install them by your own package manager and run this again."
  fi
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    if have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=(sudo)
    else
      die "these Debian packages are missing and only root can install them. Run: sudo $install"
    fi
  fi
  say "Installing Debian packages: ${missing[*]}"
  log="$CACHE/log/apt.log"
  mkdir -p "$(dirname "$log")"
  # RUNLEVEL=1 keeps a fresh PostgreSQL from starting as a service: the tests start their own.
  if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive $install; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    die "apt-get failed; the whole output is in $log"
  fi
fi

# --- Rust, Node: expected to be there; say plainly when not -----------------------------------------------------
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

have cargo || die "Rust is missing: install it from https://rustup.rs (1.95 or newer) and run this again."
rust_wanted="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")"
rust_found="$(cd "$ROOT" && cargo --version | cut -d' ' -f2)"
at_least "$rust_found" "$rust_wanted" || die "Rust $rust_wanted or newer is needed, this is $rust_found: run \`rustup update\`."
if [ "$group" != run ]; then
  for tool in cargo-fmt cargo-clippy; do
    have "$tool" || die "$tool is missing: run \`rustup component add rustfmt clippy\`."
  done
fi
have node || die "Node is missing: install Node 20.19 or newer (https://nodejs.org) and run this again."
have npm || die "npm is missing: it comes with Node (https://nodejs.org)."
node_found="$(node --version)"
at_least "${node_found#v}" 20.19.0 || die "Node 20.19 or newer is needed, this is $node_found."

# --- Node packages: only when the lock file changed --------------------------------------------------------------
node_packages() {
  local folder="$1" stamp wanted
  [ -f "$ROOT/$folder/package-lock.json" ] || return 0
  stamp="$ROOT/$folder/node_modules/.media-vault-stamp"
  wanted="$(cat "$ROOT/$folder/package-lock.json" "$ROOT/$folder/package.json" - <<<"$node_found" | sha256sum | cut -d' ' -f1)"
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
  say "Installing Node packages of $folder/"
  (cd "$ROOT/$folder" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error </dev/null)
  printf '%s\n' "$wanted" >"$stamp"
}
node_packages web
[ "$group" = run ] || node_packages e2e
[ "$group" = bench ] && node_packages bench

# --- Python tools of the tests, in an environment of their own ---------------------------------------------------
if [ "$group" != run ]; then
  python_packages() {
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$ROOT/$1/requirements.txt" </dev/null
  }
  wanted="$(cat "$ROOT/e2e/requirements.txt" - <<<"$(python3 --version)" | sha256sum | cut -d' ' -f1)"
  if [ "$(cat "$VENV/.stamp" 2>/dev/null)" != "$wanted" ]; then
    say "Installing Python test tools into $VENV"
    rm -rf "$VENV"
    mkdir -p "$CACHE"
    python3 -m venv "$VENV"
    python_packages e2e
    printf '%s\n' "$wanted" >"$VENV/.stamp"
  fi
  if [ "$group" = bench ]; then python_packages bench; fi
fi
