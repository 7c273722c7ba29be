import { type Page, expect } from '@playwright/test'
import { ADA } from './vault.ts'

/** One file, as the browser is given it. */
export interface Upload {
  name: string
  mimeType: string
  buffer: Buffer
}

/** The three steps of the first visit, ending in the empty timeline. */
export async function setUp(page: Page, look: (page: Page) => Promise<void> = async () => {}): Promise<void> {
  await page.goto('/')
  await expect(page.getByLabel('Name')).toBeVisible()
  await look(page)
  await page.getByLabel('Name').fill(ADA.name)
  await page.getByLabel('Email').fill(ADA.email)
  await page.getByLabel('Password', { exact: true }).fill(ADA.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('button', { name: 'Open my vault' })).toBeVisible()
  await look(page)
  await page.getByRole('button', { name: 'Open my vault' }).click()
  await expect(page.getByTestId('files-bar')).toBeAttached()
}

export async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Email').fill(ADA.email)
  await page.getByLabel('Password', { exact: true }).fill(ADA.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByTestId('files-bar')).toBeAttached()
}

/** Files from the desktop let go anywhere over the page. */
export async function drop(page: Page, files: Upload[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (given) => {
      const all = new DataTransfer()
      for (const { name, mimeType, base64 } of given) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
        all.items.add(new File([bytes], name, { type: mimeType }))
      }
      return all
    },
    files.map(({ name, mimeType, buffer }) => ({ name, mimeType, base64: buffer.toString('base64') })),
  )
  for (const event of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('body', event, { dataTransfer: transfer })
}

/** Files and folders of this machine let go over the page, by the browser's own drag and drop. */
export async function dropFromDisk(page: Page, paths: string[]): Promise<void> {
  const browser = await page.context().newCDPSession(page)
  const data = { items: [], files: paths, dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await browser.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data })
  }
  await browser.detach()
}

/** Every thumbnail that is on the page is a picture, not a broken image. */
export async function thumbnailsShown(page: Page, count: number): Promise<void> {
  const thumbnails = page.locator('a img[src*="/thumbnail"]')
  await expect(thumbnails).toHaveCount(count, { timeout: 60_000 })
  await expect
    .poll(() => thumbnails.evaluateAll((all) => all.filter((one) => (one as HTMLImageElement).naturalWidth > 0).length), { timeout: 60_000 })
    .toBe(count)
}
