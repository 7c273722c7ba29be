// The least that a durable, encrypted intake can do, in one loop over the files of a folder: read, SHA-256, AES-256-GCM
// (OpenSSL's, as Node has them), write, fsync. `plain-loop.mjs FOLDER` prints JSON. The bar for the intake over HTTP.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = process.argv[2]
const target = mkdtempSync(join(process.env.BENCH_DISK ?? tmpdir(), 'media-vault-plain-'))
const files = readdirSync(folder).filter((name) => name.endsWith('.jpg')).sort()
const key = randomBytes(32)
let bytes = 0
const started = process.hrtime.bigint()
for (const name of files) {
  const plain = readFileSync(join(folder, name))
  createHash('sha256').update(plain).digest()
  const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12))
  const file = openSync(join(target, name), 'w')
  writeSync(file, cipher.update(plain))
  cipher.final()
  writeSync(file, cipher.getAuthTag())
  fsyncSync(file)
  closeSync(file)
  bytes += plain.length
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9
rmSync(target, { recursive: true })
console.log(JSON.stringify({ files: files.length, bytes, seconds, mb_per_second: bytes / 1e6 / seconds }))
