import { ADA, expect, test } from '../lib/test.ts'
import { jpeg } from '../lib/sample.ts'

test('setup, sign-in, a dropped photo is seen', async ({ page, vault, accessible }) => {
  await page.goto('/')
  await expect(page.getByLabel('Name')).toBeVisible()
  await accessible(page)
  await page.getByLabel('Name').fill(ADA.name)
  await page.getByLabel('Email').fill(ADA.email)
  await page.getByLabel('Password', { exact: true }).fill(ADA.password)
  await page.getByRole('button', { name: /create|continue|start/i }).click()

  // The maker of the first account is signed in at once, or asked to sign in: both are fine.
  const upload = page.locator('input[type=file]').first()
  await expect(upload.or(page.getByRole('button', { name: /sign in/i })).first()).toBeAttached()
  if (await page.getByRole('button', { name: /sign in/i }).isVisible()) {
    await page.getByLabel('Email').fill(ADA.email)
    await page.getByLabel('Password', { exact: true }).fill(ADA.password)
    await page.getByRole('button', { name: /sign in/i }).click()
  }

  await upload.setInputFiles({ name: 'IMG_20240512_101112.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 1) })
  const thumbnail = page.locator('img[src*="/thumbnail"]').first()
  await expect(thumbnail).toBeVisible()
  await expect.poll(() => thumbnail.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
  await accessible(page)
  expect(await vault.log()).not.toContain(ADA.password)
})
