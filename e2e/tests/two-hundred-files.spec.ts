import type { Page } from '@playwright/test'
import { type Specimen, twoHundred } from '../lib/collection.ts'
import { Library } from '../lib/library.ts'
import { difference, previews, teachToLook, walkTimeline } from '../lib/look.ts'
import { dropFromDisk, setUp, signIn } from '../lib/steps.ts'
import { expect, test } from '../lib/test.ts'

/**
 * Steps of 255 that the worst of 16 cells may be off. Two JPEG decoders, a resize and a WebP in between come to 3;
 * a profile that is ignored comes to 20, a picture on its side to 60.
 */
const TOLERANCE = 10

const RAW = /\.(nef|arw|pef|srw|cr2|cr3|rw2|orf|raf|dng)$/

/** The making of the collection (a minute, once) is not counted in the journey, but in this. */
test.setTimeout(480_000)

const panel = (page: Page) => page.getByRole('region', { name: 'Adding photos' })
/** How many files are over, by the words that the person reads. */
const through = async (page: Page) => Number(/Adding (\d+) of/.exec(await panel(page).getByRole('heading').innerText())?.[1] ?? NaN)

test('two hundred files of every kind: shown right, in order, or refused with a reason; a cut and a crash lose nothing', async ({ page, vault }) => {
  const { folder, files } = await twoHundred()
  expect(files).toHaveLength(200)
  const bySha = new Map(files.filter(({ outcome }) => outcome !== 'duplicate').map((file) => [file.sha256, file]))
  const stored = [...bySha.values()].filter(({ outcome }) => outcome !== 'refused')
  const of = (outcome: Specimen['outcome']) => files.filter((file) => file.outcome === outcome)
  const film = files.find(({ size }) => size >= 1 << 30)
  if (!film) throw new Error('the film of a gigabyte is missing')
  const filmName = film.name.split('/').at(-1) ?? ''
  await teachToLook(page)

  await test.step('setup, sign-in', async () => {
    await setUp(page)
    await page.context().clearCookies()
    await page.goto('/')
    await signIn(page)
  })
  const library = await Library.of(vault)

  await test.step('the folder is dropped; the network is cut and comes back', async () => {
    await dropFromDisk(page, [folder])
    await expect.poll(() => through(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(40)
    await page.context().setOffline(true)
    await expect(panel(page).getByText('Waiting for the server')).toBeVisible()
    await page.context().setOffline(false)
    await expect(panel(page).getByText('Waiting for the server')).toBeHidden()
  })

  await test.step('the server is killed with half a film received, and starts again', async () => {
    await expect.poll(() => library.arrived(filmName), { timeout: 120_000, intervals: [50] }).toBeGreaterThan(film.size / 10)
    await vault.kill()
    await expect(panel(page).getByText('Waiting for the server')).toBeVisible()
    await vault.up()
    expect(await library.arrived(filmName)).toBeGreaterThan(film.size / 20)
  })

  await test.step('all uploads end', async () => {
    await expect(panel(page).getByRole('heading')).toHaveText(`${of('refused').length} files were not added`, { timeout: 120_000 })
    await expect.poll(async () => (await library.items('processing')).length, { timeout: 120_000 }).toBe(0)
  })

  await test.step('each bad file is named with its reason', async () => {
    for (const { name, reason } of [...of('refused'), ...of('kept')]) {
      const row = panel(page).getByRole('listitem').filter({ hasText: name.split('/').at(-1) })
      await expect(row).toContainText(new RegExp(reason ?? '', 'i'))
    }
  })

  const items = await library.items()
  const fileOf = new Map(items.map(({ id, sha256 }) => [id, bySha.get(sha256)]))
  await test.step('nothing twice, nothing lost, nothing changed', async () => {
    expect(items.map(({ sha256 }) => sha256).sort()).toEqual(stored.map(({ sha256 }) => sha256).sort())
    for (const { id, sha256, file_name } of items) expect(await library.hashOf(id), file_name).toBe(sha256)
  })

  await test.step('what can be shown is ready, what cannot says why', async () => {
    for (const item of items) {
      const file = fileOf.get(item.id)
      expect([item.file_name, item.state, item.failure?.detail ?? null]).toEqual([
        item.file_name,
        file?.outcome === 'kept' ? 'failed' : 'ready',
        // Half a photo is shown as far as it goes, and it is said that the rest is missing.
        file?.outcome === 'kept' ? expect.stringMatching(new RegExp(file.reason ?? '', 'i')) : item.file_name === 'half.jpg' ? expect.stringMatching(/cut short/) : null,
      ])
      expect(item.taken_at.slice(0, 19), item.file_name).toBe(file?.taken)
      // The raw files of the corpus name the size of a sensor that their preview does not come from.
      if (file?.ratio && !RAW.test(file.name)) expect((item.width ?? 0) / (item.height ?? 1), item.file_name).toBeCloseTo(file.ratio, 1)
    }
  })

  const newestFirst = [...items].sort((a, b) => (a.taken_at < b.taken_at ? 1 : -1)).map(({ id }) => id)
  await test.step('in order of capture, upright, in the right colours', async () => {
    expect(await library.order()).toEqual(newestFirst)
    // Opened anew: what is looked at here is the library, not how an open page follows it.
    await page.goto('/')
    const tiles = await walkTimeline(page)
    expect(tiles.map(({ id }) => id)).toEqual(newestFirst)
    const large = await previews(page, items.filter(({ state }) => state === 'ready'))
    const wrong: string[] = []
    for (const { id, thumb, words } of tiles) {
      const file = fileOf.get(id)
      if (!file) throw new Error(`a tile of nothing that was dropped: ${id}`)
      if (file.outcome === 'kept') {
        if (thumb || words === '') wrong.push(`${file.name}: the tile does not say that it cannot be shown`)
        continue
      }
      for (const [what, shown] of [['thumb', thumb], ['preview', large[id]]] as const) {
        if (!shown) wrong.push(`${file.name}: no ${what}`)
        else if (file.looks && difference(shown.grid, file.looks) > TOLERANCE) wrong.push(`${file.name}: ${what} is ${difference(shown.grid, file.looks).toFixed(0)} off`)
        else if (file.ratio && Math.abs(shown.width / shown.height / file.ratio - 1) > 0.03) wrong.push(`${file.name}: ${what} is ${shown.width} x ${shown.height}`)
      }
    }
    expect(wrong).toEqual([])
  })

  await test.step('the reason is said where the photo would be', async () => {
    for (const { sha256, reason } of of('kept')) {
      await page.goto(`/?photo=${items.find((item) => item.sha256 === sha256)?.id}`)
      await expect(page.getByText(new RegExp(reason ?? '', 'i')).first()).toBeVisible()
    }
  })

  await test.step('the film of a gigabyte plays and seeks', async () => {
    await page.goto(`/?photo=${items.find((item) => item.sha256 === film.sha256)?.id}`)
    const video = page.locator('video')
    await expect(video).toHaveJSProperty('videoWidth', 1280)
    const length = await video.evaluate((one: HTMLVideoElement) => one.duration)
    expect(length).toBeGreaterThan(30)
    for (const part of [0.9, 0.5]) {
      const at = await video.evaluate(async (one: HTMLVideoElement, to) => {
        const sought = new Promise((resolve) => one.addEventListener('seeked', resolve, { once: true }))
        one.currentTime = to
        await sought
        await one.play()
        return one.currentTime
      }, length * part)
      expect(at).toBeGreaterThanOrEqual(length * part - 0.5)
      await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.currentTime)).toBeGreaterThan(length * part + 0.5)
    }
    const before = await video.evaluate((one: HTMLVideoElement) => one.currentTime)
    await page.keyboard.press('.')
    await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.currentTime)).toBeGreaterThan(before + 4)
  })
})
