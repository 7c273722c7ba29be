// The least that a durable, encrypted intake can do, in plain loops over the files of a folder: read, SHA-256, AES-256-GCM
// (OpenSSL's, as Node has them), write, fsync. `plain-loop.mjs FOLDER LOOPS` runs so many side by side and prints JSON. The bar
// for the intake over HTTP.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

function loop({ folder, target, names }) {
  const key = randomBytes(32)
  let bytes = 0
  for (const name of names) {
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
  return bytes
}

async function main() {
  const [folder, loops] = [process.argv[2], Number(process.argv[3] ?? 1)]
  const target = mkdtempSync(join(process.env.BENCH_DISK ?? tmpdir(), 'media-vault-plain-'))
  const files = readdirSync(folder).filter((name) => name.endsWith('.jpg')).sort()
  const work = Array.from({ length: loops }, (_, nth) => ({ folder, target, names: files.filter((_, index) => index % loops === nth) }))
  const workers = loops === 1 ? [] : work.map((workerData) => new Worker(new URL(import.meta.url), { workerData }))
  // Threads start before the clock does.
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
  const started = process.hrtime.bigint()
  const done = workers.map((worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)))
  workers.forEach((worker) => worker.postMessage('go'))
  const bytes = workers.length === 0 ? loop(work[0]) : (await Promise.all(done)).reduce((sum, one) => sum + one)
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  rmSync(target, { recursive: true })
  console.log(JSON.stringify({ files: files.length, bytes, seconds, mb_per_second: bytes / 1e6 / seconds }))
}

if (isMainThread) {
  await main()
} else {
  parentPort.once('message', () => parentPort.postMessage(loop(workerData)))
  parentPort.postMessage('ready')
}
