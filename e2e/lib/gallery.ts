import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Vault } from './vault.ts'

const cache = process.env.MEDIA_VAULT_CACHE ?? join(homedir(), '.cache/media-vault')
const corpus = process.env.MEDIA_VAULT_TEST_CORPUS ?? join(cache, 'corpus')

/** Photographs among the corpus' real files. */
const PHOTOS = [
  'heif/heif_other/nokia/alpha.heic',
  'pillow/icc_profile_big.jpg',
  'heif/heif_other/nokia/bird_burst.heic',
  'pillow/exif-72dpi-int.jpg',
  'pillow/flower2.jpg',
  'heif/heif_other/nokia/stereo_1200x800.heic',
  'heif/heif_other/pug.heic',
  'pillow/flower.jpg',
  'pillow/exif_gps_typeerror.jpg',
  'heif/heif_other/invalid_id.heic',
  'pillow/junk_jpeg_header.jpg',
  'heif/heif_special/aux_YCbCr.heic',
  'pillow/sugarshack_bad_mpo_header.jpg',
  'heif/heif_other/empty_icc.heic',
  'pillow/xmp_test.jpg',
  'heif/heif_other/spatial_photo.heic',
]

/** Cuts of one photograph, as if it had been taken several times. */
const CUTS = [
  [1440, 960],
  [900, 1200],
  [1200, 900],
  [1600, 900],
  [1000, 1000],
] as const

/** How many photos each month has: a few years of an ordinary person. */
const MONTHS: readonly (readonly [string, number])[] = [
  ['2025-10', 5],
  ['2025-09', 9],
  ['2025-08', 14],
  ['2025-07', 8],
  ['2025-05', 5],
  ['2024-12', 7],
  ['2024-08', 8],
  ['2023-05', 8],
  ['2022-08', 6],
  ['2020-09', 5],
  ['2018-07', 4],
]
const CAMERAS = [
  ['Fujifilm', 'X-T5', 'XF35mmF2 R WR', '2', '0.004', '400', '35'],
  ['Apple', 'iPhone 15', 'iPhone 15 back camera', '1.6', '0.0012', '64', '6.8'],
  ['SONY', 'ILCE-7M4', 'FE 24-70mm F2.8 GM', '5.6', '0.002', '100', '50'],
] as const

const VERSION = 4

/** A folder of photographs and one film, with cameras, places and dates over the years; made once. */
export function gallery(): string[] {
  const folder = join(cache, `gallery-${VERSION}`)
  const shots = MONTHS.flatMap(([month, count]) => Array.from({ length: count }, (_, nth) => ({ month, nth })))
  const names = shots.map(({ month, nth }) => `IMG_${month.replace('-', '')}${day(nth)}_1${nth % 9}2233.jpg`)
  const files = [...names, 'MOV_20250912_174500.mp4'].map((name) => join(folder, name))
  if (existsSync(folder)) return files
  const made = `${folder}.part-${process.pid}`
  mkdirSync(made, { recursive: true })
  const rows = ['SourceFile,Make,Model,LensModel,FNumber,ExposureTime,ISO,FocalLength,DateTimeOriginal,OffsetTimeOriginal,GPSLatitude,GPSLatitudeRef,GPSLongitude,GPSLongitudeRef']
  shots.forEach(({ month, nth }, index) => {
    const source = join(corpus, 'real', PHOTOS[(index * 5) % PHOTOS.length] ?? '')
    const [width, height] = CUTS[Math.floor(index / PHOTOS.length) % CUTS.length] ?? [1000, 1000]
    const file = join(made, names[index] ?? '')
    execFileSync('vips', ['smartcrop', source, `${file}[Q=86,strip]`, ...fitting(source, width, height)], { stdio: ['ignore', 'ignore', 'pipe'] })
    const taken = `${month.replace('-', ':')}:${day(nth)} 1${nth % 9}:22:33`
    rows.push([file, ...(CAMERAS[index % 3] ?? []), taken, '+02:00', 46.5 + index / 50, 'N', 7.9 + index / 40, 'E'].join(','))
  })
  writeFileSync(join(made, 'facts.csv'), rows.join('\n'))
  execFileSync('exiftool', ['-q', '-n', '-overwrite_original', `-csv=${join(made, 'facts.csv')}`, '-ext', 'jpg', made])
  film(join(made, names[0] ?? ''), join(made, 'MOV_20250912_174500.mp4'))
  renameSync(made, folder)
  return files
}

/** A slow move over a photograph, six seconds of it. */
function film(still: string, file: string): void {
  const move = "zoompan=z='1+on/900':d=150:s=1280x720:fps=25,format=yuv420p"
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', still, '-vf', move, '-c:v', 'libx264', '-preset', 'veryfast', '-movflags', '+faststart', file])
}

/** The largest cut of this shape that the photograph has room for. */
function fitting(file: string, width: number, height: number): [string, string] {
  const size = (field: string) => Number(execFileSync('vipsheader', ['-f', field, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  const scale = Math.min(1, size('width') / width, size('height') / height)
  return [String(Math.floor(width * scale)), String(Math.floor(height * scale))]
}

const day = (nth: number): string => String(28 - nth * 2).padStart(2, '0')

/** Puts files into somebody's vault and waits until each is prepared. Answers their ids in the same order. */
export async function fill(vault: Vault, token: string, files: readonly string[]): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` }
  const ids: string[] = []
  for (const file of files) {
    const form = new FormData()
    form.append('file', new Blob([await readFile(file)]), file.split('/').pop() ?? '')
    const answer = await fetch(`${vault.url}/api/v1/media`, { method: 'POST', headers, body: form })
    if (!answer.ok) throw new Error(`${file}: ${answer.status} ${await answer.text()}`)
    ids.push(((await answer.json()) as { id: string }).id)
  }
  const deadline = Date.now() + 120_000
  for (const id of ids) {
    for (;;) {
      const media = (await (await fetch(`${vault.url}/api/v1/media/${id}`, { headers })).json()) as { state: string }
      if (media.state !== 'processing') break
      if (Date.now() > deadline) throw new Error('the photos are not prepared in time')
      await new Promise((done) => setTimeout(done, 100))
    }
  }
  return ids
}

/** The same action on many items. */
export async function batch(vault: Vault, token: string, ids: readonly string[], action: string): Promise<void> {
  const answer = await fetch(`${vault.url}/api/v1/media/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ids, action }),
  })
  if (!answer.ok) throw new Error(`batch answered ${answer.status}: ${await answer.text()}`)
}
