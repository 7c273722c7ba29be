// sharp at its fastest for this job (one decode, then both outputs from the raw pixels), making what Media Vault makes
// from each file of a folder: JPEG preview (1440 px long side), WebP thumbnail (256 px short side), thumbhash. `sharp.mjs FOLDER THREADS [KEEP]` prints
// JSON and writes the previews into the folder KEEP.
import { readdirSync, writeFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import sharp from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'

const [folder, threads, keep] = [process.argv[2], Number(process.argv[3] ?? 2), process.argv[4]]
// One libvips thread for each image and `threads` images at once is the fastest way for many small outputs.
sharp.concurrency(1)
sharp.cache(false)

async function renditions(file) {
  const once = await sharp(file, { failOn: 'error' }).rotate().resize(1440, 1440, { fit: 'inside', withoutEnlargement: true }).raw().toBuffer({ resolveWithObject: true })
  const raw = { raw: { width: once.info.width, height: once.info.height, channels: once.info.channels } }
  const [big, small] = await Promise.all([
    sharp(once.data, raw).jpeg({ quality: 80 }).toBuffer(),
    sharp(once.data, raw).resize(256, 256, { fit: 'outside', withoutEnlargement: true }).webp({ quality: 80 }).toBuffer(),
  ])
  if (keep) writeFileSync(join(keep, `${parse(file).name}.jpg`), big)
  const { data, info } = await sharp(small).resize(100, 100, { fit: 'inside' }).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return { preview: big.length, thumb: small.length, hash: rgbaToThumbHash(info.width, info.height, data).length }
}

const files = readdirSync(folder).filter((name) => !name.endsWith('.part')).sort().map((name) => join(folder, name))
await renditions(files[0])
const queue = [...files]
let bytes = { preview: 0, thumb: 0 }
const started = process.hrtime.bigint()
const cpu = process.cpuUsage()
await Promise.all(Array.from({ length: threads }, async () => {
  for (let file = queue.shift(); file; file = queue.shift()) {
    const made = await renditions(file)
    bytes = { preview: bytes.preview + made.preview, thumb: bytes.thumb + made.thumb }
  }
}))
const seconds = Number(process.hrtime.bigint() - started) / 1e9
const used = process.cpuUsage(cpu)
console.log(JSON.stringify({
  files: files.length, seconds, images_per_second: files.length / seconds, cpu_ms_per_image: (used.user + used.system) / 1000 / files.length,
  preview_bytes: Math.round(bytes.preview / files.length), thumb_bytes: Math.round(bytes.thumb / files.length), sharp: sharp.versions.sharp, vips: sharp.versions.vips,
}))
