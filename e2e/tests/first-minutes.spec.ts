import { jpeg } from '../lib/sample.ts'
import { drop, setUp, signIn, thumbnailsShown } from '../lib/steps.ts'
import { ADA, expect, test } from '../lib/test.ts'

test('setup, sign-in, a dropped photo is seen, opened, and still there after signing in again', async ({ page, vault, accessible }) => {
  await setUp(page, accessible)
  await accessible(page)

  await drop(page, [{ name: 'IMG_20240512_101112.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 1) }])
  await thumbnailsShown(page, 1)
  await expect(page.getByText('May 2024').first()).toBeVisible()
  await accessible(page)

  await page.locator('a:has(img[src*="/thumbnail"])').first().click()
  const large = page.locator('img[src*="size=preview"]').first()
  await expect(large).toBeVisible()
  await expect.poll(() => large.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(640)
  await page.keyboard.press('Escape')
  await thumbnailsShown(page, 1)

  await page.context().clearCookies()
  await page.goto('/')
  await signIn(page)
  await thumbnailsShown(page, 1)
  expect(await vault.log()).not.toContain(ADA.password)
})

test('a second visit cannot make another administrator', async ({ page, vault }) => {
  await vault.setUp()
  await page.goto('/setup')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
})

test('the wrong password says so, in the same words as an unknown address', async ({ page, vault }) => {
  await vault.setUp()
  await page.goto('/')
  const said: string[] = []
  for (const email of [ADA.email, 'nobody@example.org']) {
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('not the right one at all')
    await page.getByRole('button', { name: 'Sign in' }).click()
    const notice = page.getByText('Email or password is wrong')
    await expect(notice).toBeVisible()
    said.push(await page.getByRole('alert').innerText())
    await page.reload()
  }
  expect(said[0]).toBe(said[1])
})

test('trash and undo, archive, favourite', async ({ signedIn: page }) => {
  await drop(page, [
    { name: 'a.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 1) },
    { name: 'b.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 2) },
  ])
  await thumbnailsShown(page, 2)

  await page.locator('a:has(img[src*="/thumbnail"])').first().click()
  await expect(page.locator('img[src*="size=preview"]').first()).toBeVisible()
  // However slow one request is, what comes after it does not overtake it.
  await page.route('**/api/v1/media/batch', async (route) => {
    if (route.request().postData()?.includes('"favorite"')) await new Promise((done) => setTimeout(done, 700))
    await route.continue()
  })
  await page.keyboard.press('f')
  await page.keyboard.press('Delete')
  await page.getByRole('status').locator('> div', { hasText: 'moved to trash' }).getByRole('button', { name: 'Undo' }).click()
  await page.keyboard.press('Escape')
  await thumbnailsShown(page, 2)

  await page.goto('/favorites')
  await thumbnailsShown(page, 1)
})

test('emptying the trash spares what was restored a moment before', async ({ signedIn: page }) => {
  await drop(page, [
    { name: 'a.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 1) },
    { name: 'b.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 2) },
  ])
  await thumbnailsShown(page, 2)
  await page.locator('a:has(img[src*="/thumbnail"])').first().click()
  await expect(page.locator('img[src*="size=preview"]').first()).toBeVisible()
  for (let left = 1; left >= 0; left--) {
    const gone = page.waitForResponse('**/api/v1/media/batch')
    await page.keyboard.press('Delete')
    await gone
    if (left > 0) await expect(page.locator('img[src*="size=preview"]').first()).toBeVisible()
  }

  await page.goto('/trash')
  await thumbnailsShown(page, 2)
  await page.route('**/api/v1/media/batch', async (route) => {
    await new Promise((done) => setTimeout(done, 2500))
    await route.continue()
  })
  await page.locator('.tile').first().hover()
  await page.locator('.tile').first().getByRole('checkbox').click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByRole('button', { name: 'Empty trash' }).click()
  await page.getByRole('dialog').getByRole('button', { name: /Delete/ }).click()
  await expect(page.getByText('The trash is empty').first()).toBeVisible()

  await page.goto('/')
  await thumbnailsShown(page, 1)
})
