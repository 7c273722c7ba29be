import type { Page } from '@playwright/test'
import type { Library } from './library.ts'
import type { Photos } from './photos.ts'
import { jpeg } from './sample.ts'
import { drop, dropFromDisk, thumbnailsShown } from './steps.ts'
import { expect } from './test.ts'
import type { Vault } from './vault.ts'

/** Photos of a story, if nothing else is said. */
export const COUNT = 40

export const panel = (page: Page) => page.getByRole('region', { name: 'Adding photos' })

/** Lets bytes go out no faster than this, so that the middle of an upload lasts. */
export async function slowly(page: Page, megabytes: number): Promise<() => Promise<void>> {
  const browser = await page.context().newCDPSession(page)
  const limit = (bytes: number) =>
    browser.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes })
  await browser.send('Network.enable')
  await limit(megabytes * 1e6)
  return async () => {
    await limit(-1)
    await browser.detach()
  }
}

/** Each photo is there, once, as it was; and nothing is left half sent. */
export async function arrived(page: Page, library: Library, { hashes }: Photos): Promise<void> {
  await expect(panel(page).getByRole('heading')).toHaveText(/photos? added/, { timeout: 90_000 })
  const items = await library.items()
  expect(items.map(({ sha256 }) => sha256).sort()).toEqual([...hashes].sort())
  for (const { id, sha256 } of items) expect(await library.hashOf(id)).toBe(sha256)
  const { items: open } = await library.get<{ items: { media_id: string | null }[] }>('/api/v1/uploads')
  expect(open.filter(({ media_id }) => media_id === null)).toEqual([])
}

/** The upload is in its middle. */
export async function begun(library: Library, some = 10, of = COUNT): Promise<void> {
  // Not so often that the server finds it too much.
  const intervals = [of > COUNT ? 400 : 50]
  await expect.poll(async () => (await library.items()).length, { intervals, timeout: 60_000 }).toBeGreaterThanOrEqual(some)
  expect((await library.items()).length, 'the weather comes in the middle').toBeLessThan(of - 10)
}

/** What the device keeps of uploads under way. */
export function kept(): Promise<{ copied: number; bare: number }> {
  return new Promise((resolve) => {
    const asked = indexedDB.open('uploads')
    // The app has not made it yet; it must not find one that is empty.
    asked.onupgradeneeded = () => asked.transaction?.abort()
    asked.onerror = () => resolve({ copied: 0, bare: -1 })
    asked.onsuccess = () => {
      const all = asked.result.transaction('kept').objectStore('kept').getAll()
      all.onsuccess = () => {
        const copied = all.result.filter(({ copy }: { copy: File | null }) => copy !== null).length
        asked.result.close()
        resolve({ copied, bare: all.result.length - copied })
      }
    }
  })
}

/** Chosen files, to which the browser gives no way back: the page is loaded anew in the middle, and the rest goes on. */
export async function goesOnFromCopies(page: Page, library: Library, given: Photos): Promise<void> {
  const calm = await slowly(page, 4)
  await page.getByTestId('files-bar').setInputFiles(given.paths)
  // The copies are there: as many as what is not sent yet.
  await expect.poll(() => page.evaluate(kept), { timeout: 60_000 }).toEqual({ copied: expect.any(Number), bare: 0 })
  await begun(library, 5)
  await calm()
  await page.reload()
  await arrived(page, library, given)
  // Nothing of them stays on the device.
  await expect.poll(() => page.evaluate(kept)).toEqual({ copied: 0, bare: 0 })
}

/** What was seen is still there while the server is out of reach, changes wait, and all is well when it returns. */
export async function staysUsable(page: Page, { leaves, returns }: { leaves: () => Promise<void>; returns: () => Promise<void> }): Promise<void> {
  await drop(page, [{ name: 'a.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 1) }])
  await thumbnailsShown(page, 1)
  // The page comes once more, now by way of the service worker, which keeps what it sees.
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.reload()
  await thumbnailsShown(page, 1)
  await expect.poll(() => page.evaluate(async () => (await caches.keys()).length)).toBeGreaterThan(2)

  await leaves()
  await page.reload()
  await expect(page.getByText('The server is out of reach')).toBeVisible()
  await thumbnailsShown(page, 1)
  await page.locator('a[data-id]').first().hover()
  await page.getByRole('checkbox', { name: 'Select', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Move to trash' })).toBeDisabled()

  await returns()
  await expect(page.getByText('The server is out of reach')).toBeHidden()
  await page.getByRole('button', { name: 'Move to trash' }).click()
  await expect(page.getByText('Photo moved to trash')).toBeVisible()
}

/** The server is killed and started again in the middle. */
export async function survivesACrash(page: Page, vault: Vault, library: Library, given: Photos): Promise<void> {
  const calm = await slowly(page, 8)
  await dropFromDisk(page, [given.folder])
  await begun(library)
  await calm()
  await vault.kill()
  await expect(panel(page).getByText('Waiting for the server')).toBeVisible()
  await vault.up()
  await arrived(page, library, given)
}
