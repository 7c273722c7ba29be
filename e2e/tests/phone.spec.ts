import { jpeg } from '../lib/sample.ts'
import { setUp, thumbnailsShown } from '../lib/steps.ts'
import { expect, test } from '../lib/test.ts'
import { Fingers } from '../lib/touch.ts'

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 })
test.describe.configure({ timeout: 180_000 })

test('a phone, with fingers only: add, choose, look, zoom, leave', async ({ page, accessible }) => {
  await setUp(page)
  const narrow = async () => expect(await page.evaluate(widerThanTheScreen)).toEqual([])
  await narrow()

  // The round button; a file that is no photo is refused with its reason, the others are taken.
  const photos = await Promise.all(
    Array.from({ length: 9 }, async (_, n) => ({ name: `IMG_202405${10 + n}_101112.jpg`, mimeType: 'image/jpeg', buffer: await jpeg(page, n + 1) })),
  )
  await page.getByRole('navigation').getByRole('button', { name: 'Add photos' }).tap()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('menuitem', { name: 'Photos and videos' }).tap()
  await (await chooser).setFiles([...photos, { name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo at all') }])
  await expect(page.getByText('1 file was not added')).toBeVisible()
  await expect(page.getByText(/notes\.jpg was not added/)).toBeVisible()
  await narrow()
  await page.getByRole('region', { name: 'Adding photos' }).getByRole('button', { name: 'Close' }).tap()
  await thumbnailsShown(page, 9)

  // Resting on a photo begins to choose, the finger draws on; a tap adds, a second one takes away.
  const fingers = await Fingers.on(page)
  const middle = async (index: number) => {
    const box = await page.locator('a[data-id]').nth(index).boundingBox()
    if (!box) throw new Error('no photo there')
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  }
  await fingers.down(await middle(0))
  await expect(page.getByRole('toolbar')).toContainText('1 selected')
  await fingers.move(await middle(1))
  await fingers.move(await middle(2))
  await fingers.move(await middle(4))
  await expect(page.getByRole('toolbar')).toContainText('5 selected')
  await fingers.up()
  await page.locator('a[data-id]').nth(7).tap()
  await expect(page.getByRole('toolbar')).toContainText('6 selected')
  await page.locator('a[data-id]').nth(7).tap()
  await expect(page.getByRole('toolbar')).toContainText('5 selected')
  await narrow()
  await accessible(page)
  await page.getByRole('button', { name: 'Add to favourites' }).tap()
  await expect(page.getByText('5 photos added to favourites')).toBeVisible()

  // A photo: swiped on, spread, and thrown down.
  await page.locator('a[data-id]').first().tap()
  await expect(page.locator('img[src*="size=preview"]').first()).toBeVisible()
  const first = page.url()
  await fingers.swipe({ x: 300, y: 400 }, { x: 60, y: 400 })
  await expect(page).not.toHaveURL(first)
  const second = page.url()
  await fingers.swipe({ x: 60, y: 400 }, { x: 300, y: 400 })
  await expect(page).toHaveURL(first)
  await fingers.pinch({ x: 180, y: 370 }, 60, 260)
  const scale = () => page.locator('.photo').evaluate((photo) => new DOMMatrix(getComputedStyle(photo).transform).a)
  await expect.poll(scale).toBeGreaterThan(2)
  // Zoomed in, a swipe moves the photo and not on to the next.
  await fingers.swipe({ x: 300, y: 400 }, { x: 200, y: 400 })
  await expect(page).toHaveURL(first)
  await fingers.pinch({ x: 180, y: 370 }, 260, 40)
  await expect.poll(scale).toBe(1)
  expect(second).not.toBe(first)
  await page.getByRole('button', { name: 'Details' }).tap()
  const details = page.getByRole('complementary', { name: 'Details' })
  await expect(details).toBeVisible()
  await narrow()
  await accessible(page)
  // On a small screen what is opened at their end comes into sight, and the way out stays there.
  await page.setViewportSize({ width: 360, height: 480 })
  await details.getByText('History').tap()
  await expect(details.getByText('Nothing was changed yet').or(details.getByText('Ada Lovelace').last())).toBeInViewport()
  await expect(details.getByRole('button', { name: 'Close' })).toBeInViewport({ ratio: 1 })
  await details.getByRole('button', { name: 'Close' }).tap()
  await page.setViewportSize({ width: 360, height: 740 })
  await fingers.swipe({ x: 180, y: 300 }, { x: 180, y: 600 })
  await expect(page).not.toHaveURL(/photo=/)

  // The bar below leads everywhere.
  for (const [name, address] of [['Favourites', '/favorites'], ['Archive', '/archive'], ['Trash', '/trash'], ['Photos', '/']] as const) {
    // The first made tap after a made swipe reaches the page but becomes no click in headless Chromium; it is made again.
    await expect(async () => {
      await page.getByRole('navigation').getByRole('link', { name }).tap()
      await expect(page).toHaveURL(address, { timeout: 2000 })
    }).toPass()
    await narrow()
  }
})

test('a photo is handed to another app; one that comes late asks for another tap', async ({ page }) => {
  await page.addInitScript(() => {
    const shared: string[] = []
    Object.assign(window, { shared, isLate: false })
    Object.assign(navigator, {
      canShare: () => true,
      share: async ({ files }: { files: File[] }) => {
        const late = window as unknown as { isLate: boolean }
        if (late.isLate) {
          late.isLate = false
          throw new DOMException('no gesture', 'NotAllowedError')
        }
        for (const file of files) shared.push(`${file.name} ${file.type} ${file.size}`)
      },
    })
  })
  await setUp(page)
  const buffer = await jpeg(page, 1)
  await page.getByTestId('files-bar').setInputFiles([{ name: 'lake.jpg', mimeType: 'image/jpeg', buffer }])
  await thumbnailsShown(page, 1)
  await page.getByRole('region', { name: 'Adding photos' }).getByRole('button', { name: 'Close' }).tap()
  await page.locator('a[data-id]').first().tap()
  const shared = () => page.evaluate(() => (window as unknown as { shared: string[] }).shared)
  await page.getByRole('button', { name: 'Share' }).tap()
  await expect.poll(shared).toEqual([`lake.jpg image/jpeg ${buffer.length}`])
  expect(await page.evaluate(widerThanTheScreen)).toEqual([])

  await page.evaluate(() => Object.assign(window, { isLate: true }))
  await page.getByRole('button', { name: 'Share' }).tap()
  await expect(page.getByText('The original is here')).toBeVisible()
  expect(await shared()).toHaveLength(1)
  await page.getByRole('status').getByRole('button', { name: 'Share' }).tap()
  await expect.poll(shared).toHaveLength(2)
})

/** Runs in the page: what makes it wider than the screen. */
function widerThanTheScreen(): string[] {
  if (document.documentElement.scrollWidth <= 360) return []
  const wide = Array.from(document.querySelectorAll('body *')).filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > 360.5)
  return [`${document.documentElement.scrollWidth} px`, ...wide.map((one) => (one.cloneNode() as Element).outerHTML.slice(0, 160))]
}
