import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, readdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Grid } from './look.ts'

/** What is known of one file of the collection, by other programs than ours. */
export interface Specimen {
  /** Path within the dropped folder. */
  name: string
  sha256: string
  size: number
  /** The wall clock of its capture. */
  taken: string
  /** refused: never stored. kept: stored, cannot be shown. duplicate: the content of another one. */
  outcome: 'shown' | 'refused' | 'kept' | 'duplicate'
  /** What the person has to be told of a bad one: a regular expression. */
  reason: string | null
  /** How a second decoder shows it; any of several frames of a film. Null: not compared. */
  looks: Grid[] | null
  ratio: number | null
}

export interface Collection {
  folder: string
  files: Specimen[]
}

const cache = process.env.MEDIA_VAULT_CACHE ?? join(homedir(), '.cache/media-vault')
const recipe = join(import.meta.dirname, 'two_hundred.py')

/** The two hundred files. They are made once, for making them takes a minute and they are larger than a gigabyte. */
export async function twoHundred(): Promise<Collection> {
  const corpus = process.env.MEDIA_VAULT_TEST_CORPUS ?? join(cache, 'corpus')
  const made = createHash('sha256').update(await readFile(recipe)).update(await readFile(join(corpus, 'version')))
  const name = `two-hundred-${made.digest('hex').slice(0, 12)}`
  const home = join(cache, name)
  const known = () => readFile(join(home, 'manifest.json'), 'utf8').catch(() => null)
  let manifest = await known()
  if (manifest === null) {
    for (const old of await readdir(cache)) if (old.startsWith('two-hundred-')) await rm(join(cache, old), { recursive: true })
    await promisify(execFile)('python3', [recipe, corpus, home], { env: { ...process.env, PYTHONPATH: join(corpus, 'python') } })
    manifest = await known()
  }
  if (manifest === null) throw new Error(`${recipe} made no manifest`)
  return { folder: join(home, 'files'), files: JSON.parse(manifest) as Specimen[] }
}
