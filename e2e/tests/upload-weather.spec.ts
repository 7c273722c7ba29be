import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Library } from '../lib/library.ts'
import { type Photos, photos } from '../lib/photos.ts'
import { dropFromDisk, signIn } from '../lib/steps.ts'
import { expect, test as base } from '../lib/test.ts'
import type { Vault } from '../lib/vault.ts'
import { arrived, begun, COUNT, goesOnFromCopies, kept, panel, slowly, survivesACrash } from '../lib/weather.ts'

/** Forty photos of a megabyte, on their way at a few megabytes a second: long enough for weather. */
const test = base.extend<{ given: Photos; library: Library }>({
  given: async ({}, use) => {
    const given = await photos(COUNT, 1000)
    await use(given)
    await rm(given.folder, { recursive: true, force: true })
  },
  library: async ({ vault, signedIn }, use) => {
    void signedIn
    await use(await Library.of(vault))
  },
})

const added = (vault: Vault) => vault.token().then((token) => new Library(vault, token).items())

/** A busy browser: files arrive before it has said how much room there is to keep them. */
function saysItsRoomLate(): void {
  const said = navigator.storage.estimate.bind(navigator.storage)
  navigator.storage.estimate = () => new Promise((resolve) => setTimeout(() => resolve(said()), 1500))
}

test('the page is loaded anew in the middle: a dropped folder goes on by itself', async ({ signedIn: page, library, given }) => {
  const calm = await slowly(page, 8)
  await dropFromDisk(page, [given.folder])
  await begun(library)
  await calm()
  await page.reload()
  await expect(panel(page)).toBeVisible()
  await arrived(page, library, given)
})

test('the page is loaded anew in the middle: chosen files go on from their copies', async ({ signedIn: page, library, given }) => {
  await goesOnFromCopies(page, library, given)
})

test('the page is loaded anew before there are copies: chosen files are handed over', async ({ signedIn: page, library, given }) => {
  await slowly(page, 40)
  await page.getByTestId('files-bar').setInputFiles(given.paths)
  await begun(library, 1)
  expect((await page.evaluate(kept)).copied).toBe(0)
  await page.addInitScript(saysItsRoomLate)
  await page.reload()
  await arrived(page, library, given)
  await expect.poll(() => page.evaluate(kept)).toEqual({ copied: 0, bare: 0 })
})

test('the page crashes in the middle: chosen files go on from their copies', async ({ signedIn: page, library, given }) => {
  await slowly(page, 4)
  await page.getByTestId('files-bar').setInputFiles(given.paths)
  // As many as what is not sent yet.
  await expect.poll(() => page.evaluate(kept), { timeout: 60_000 }).toEqual({ copied: expect.any(Number), bare: 0 })
  await begun(library, 5)
  const other = await page.context().newPage()
  const crashed = page.waitForEvent('crash')
  void page.goto('chrome://crash').catch(() => undefined)
  await crashed
  await other.goto('/')
  await arrived(other, library, given)
})

test('the tab is closed in the middle: another one that is open goes on', async ({ signedIn: page, library, given }) => {
  const other = await page.context().newPage()
  const calm = await slowly(page, 8)
  await dropFromDisk(page, [given.folder])
  await begun(library)
  await other.goto('/')
  await calm()
  await page.close()
  await arrived(other, library, given)
})

test('the network is cut for half a minute in the middle', async ({ signedIn: page, library, given }) => {
  const calm = await slowly(page, 8)
  await dropFromDisk(page, [given.folder])
  await begun(library)
  await calm()
  await page.context().setOffline(true)
  await expect(panel(page).getByText('Waiting for the server')).toBeVisible()
  // Half a minute of the world, not only of the page: what runs out meanwhile, on either side, runs out for real.
  const end = performance.now() + 30_000
  await expect.poll(() => performance.now() > end, { timeout: 60_000, intervals: [1000] }).toBe(true)
  expect((await library.items()).length).toBeLessThan(COUNT)
  await page.context().setOffline(false)
  await arrived(page, library, given)
})

test('the server is killed and started again in the middle', ({ signedIn: page, vault, library, given }) => survivesACrash(page, vault, library, given))

test('a thousand chosen files: the page is loaded anew twice, and the server killed', async ({ signedIn: page, vault, library }) => {
  const count = 1000
  const given = await photos(count, 100)
  const calm = await slowly(page, 10)
  await page.getByTestId('files-bar').setInputFiles(given.paths)
  await begun(library, 100, count)
  await page.reload()
  await begun(library, 300, count)
  await page.reload()
  await begun(library, 500, count)
  await vault.kill()
  await expect(panel(page).getByText('Waiting for the server')).toBeVisible()
  await vault.up()
  await calm()
  await arrived(page, library, given)
  await rm(given.folder, { recursive: true, force: true })
})

test('another tab signs out in the middle: uploads wait, and go on after signing in again', async ({ signedIn: page, vault, library, given }) => {
  const calm = await slowly(page, 8)
  await dropFromDisk(page, [given.folder])
  await begun(library)
  const other = await page.context().newPage()
  await other.goto('/')
  await other.getByRole('button', { name: 'Account' }).click()
  await other.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  expect((await added(vault)).length).toBeLessThan(COUNT)
  await other.close()
  await calm()
  await signIn(page)
  await arrived(page, library, given)
})

test('the session expires in the middle: uploads wait, and go on after signing in again', async ({ signedIn: page, vault, library, given }) => {
  const calm = await slowly(page, 8)
  await dropFromDisk(page, [given.folder])
  await begun(library)
  await page.context().clearCookies()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  expect((await added(vault)).length).toBeLessThan(COUNT)
  await calm()
  await signIn(page)
  await arrived(page, library, given)
})

test('what is wrong in the middle is said, and the rest arrives', async ({ signedIn: page, library, given }) => {
  await writeFile(join(given.folder, 'IMG_0005 notes.jpg'), 'a text, whatever its name says')
  await writeFile(join(given.folder, 'IMG_0006 empty.jpg'), '')
  const calm = await slowly(page, 8)
  await dropFromDisk(page, [given.folder])
  await begun(library, 5)
  // The last one is gone before its turn comes.
  await rm(given.paths.at(-1) ?? '')
  await calm()
  await expect(panel(page).getByRole('heading')).toHaveText('3 files were not added', { timeout: 60_000 })
  const row = (name: string) => panel(page).getByRole('listitem').filter({ hasText: name })
  await expect(row('IMG_0005 notes.jpg')).toContainText('not a photo, video or sound')
  await expect(row('IMG_0006 empty.jpg')).toContainText('the file is empty')
  await expect(row('IMG_0040.jpg')).toContainText('moved, deleted or changed')
  const items = await library.items()
  expect(items.map(({ sha256 }) => sha256).sort()).toEqual(given.hashes.slice(0, -1).sort())
})
