import { rm } from 'node:fs/promises'
import { Library } from '../lib/library.ts'
import { photos } from '../lib/photos.ts'
import { dropFromDisk, setUp, signIn, thumbnailsShown } from '../lib/steps.ts'
import { expect, test } from '../lib/test.ts'
import { arrived, begun, COUNT, goesOnFromCopies, kept, panel, slowly } from '../lib/weather.ts'

/** Most families open their vault like this at first. Browsers then have no service worker, no locks, no hash of their own. */
test.use({ reached: 'by name' })

test('over plain http in the house: setup, sign-in, photos of a folder, sign-out', async ({ page, accessible }) => {
  const given = await photos(6, 300)
  await setUp(page, accessible)
  expect(await page.evaluate(() => isSecureContext)).toBe(false)
  await dropFromDisk(page, [given.folder])
  await thumbnailsShown(page, 6)
  // The same ones again: recognised without the browser's own hash.
  await dropFromDisk(page, [given.folder])
  await expect(panel(page).getByText('6 were here already')).toBeVisible()
  await page.locator('a img[src*="/thumbnail"]').first().click()
  await expect(page.getByRole('button', { name: 'Close' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await signIn(page)
  await thumbnailsShown(page, 6)
  await rm(given.folder, { recursive: true, force: true })
})

test('over plain http in the house: the network is cut in the middle of a film', async ({ page, vault }) => {
  const given = await photos(1, 30_000)
  await setUp(page)
  const library = await Library.of(vault)
  const calm = await slowly(page, 4)
  await dropFromDisk(page, given.paths)
  await expect.poll(() => library.arrived(given.paths[0]?.split('/').at(-1) ?? ''), { timeout: 30_000, intervals: [100] }).toBeGreaterThan(4e6)
  await calm()
  await page.context().setOffline(true)
  await expect(panel(page).getByText('Waiting for the server')).toBeVisible()
  await page.context().setOffline(false)
  await arrived(page, library, given)
  await rm(given.folder, { recursive: true, force: true })
})

test('over plain http in the house: the page is loaded anew in the middle', async ({ page, vault }) => {
  const given = await photos(COUNT, 1000)
  await setUp(page)
  await goesOnFromCopies(page, await Library.of(vault), given)
  await rm(given.folder, { recursive: true, force: true })
})

test('over plain http in the house: the tab is closed in the middle, another one that is open goes on', async ({ page, vault }) => {
  const given = await photos(COUNT, 1000)
  await setUp(page)
  const library = await Library.of(vault)
  const other = await page.context().newPage()
  const calm = await slowly(page, 4)
  await dropFromDisk(page, [given.folder])
  await expect.poll(() => page.evaluate(kept), { timeout: 60_000 }).toEqual({ copied: expect.any(Number), bare: 0 })
  await begun(library, 5)
  await other.goto('/')
  await expect(other.getByTestId('files-bar')).toBeAttached()
  await calm()
  await page.close()
  await arrived(other, library, given)
  await rm(given.folder, { recursive: true, force: true })
})
