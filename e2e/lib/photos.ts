import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Photos {
  folder: string
  /** In the order of their names. */
  paths: string[]
  hashes: string[]
}

/** A new folder with `count` different photos; with grain, so that each has some `kilobytes`. */
export async function photos(count: number, kilobytes = 400): Promise<Photos> {
  const folder = await mkdtemp(join(tmpdir(), 'media-vault-photos-'))
  // Grain of this strength at the best quality takes about one byte a pixel.
  const side = Math.round(Math.sqrt(kilobytes * 1024) / 16) * 16
  const picture = `testsrc2=size=${side}x${side}:rate=25,noise=alls=70:allf=t:all_seed=${process.pid}`
  await promisify(execFile)('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', picture, '-frames:v', String(count), '-q:v', '2'],
    join(folder, 'IMG_%04d.jpg'),
  ])
  const paths = (await readdir(folder)).sort().map((name) => join(folder, name))
  const hashes = await Promise.all(paths.map(async (path) => createHash('sha256').update(await readFile(path)).digest('hex')))
  return { folder, paths, hashes }
}
