import { fill, gallery } from '../lib/gallery.ts'
import { expect, test } from '../lib/test.ts'

test.describe.configure({ timeout: 240_000 })

test.beforeEach(async ({ signedIn: page, vault }) => {
  await fill(vault, await vault.token(), gallery())
  await page.reload()
  await expect(page.getByRole('heading', { name: 'October 2025' })).toBeVisible()
})

test('last summer is found by words, and what is found is a timeline of its own', async ({ signedIn: page }) => {
  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).toBeFocused()
  await page.keyboard.type('summer 2025')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/q=summer%202025|q=summer\+2025/)
  const found = page.locator('a[data-id]')
  // 8 of July and 14 of August.
  await expect(found).toHaveCount(22)
  await expect(page.getByRole('heading', { name: 'August 2025' })).toBeVisible()

  // One is opened and left again: the search is still there.
  await found.first().click()
  await expect(page).toHaveURL(/photo=/)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/\/search\?q=summer/)
  await expect(found).toHaveCount(22)

  await page.getByRole('searchbox').fill('iphone summer 2025')
  await page.keyboard.press('Enter')
  await expect.poll(() => found.count()).toBeLessThan(22)
  await page.getByRole('searchbox').fill('a word that no photo has')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Nothing found')).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'October 2025' })).toBeVisible()
})

test('a clock that was wrong is put right for a whole month at once, and taken back', async ({ signedIn: page }) => {
  const may = page.getByRole('region', { name: 'May 2025' })
  const goToMay = async () => {
    await page.keyboard.press('g')
    await page.locator('input[type=month]').fill('2025-05')
    await page.keyboard.press('Enter')
  }
  await goToMay()
  await may.getByRole('checkbox', { name: 'Select all of May 2025' }).click()
  await expect(page.getByRole('toolbar')).toContainText('5 selected')
  await page.keyboard.press('e')
  const dialog = page.getByRole('dialog', { name: 'Edit 5 photos' })
  const submit = dialog.getByRole('button', { name: 'Change 5 photos' })
  // Nothing to change: nothing to press.
  await expect(submit).toBeDisabled()
  await dialog.getByText('Move', { exact: true }).click()
  await expect(submit).toBeDisabled()
  await dialog.getByLabel('Days').fill('-31')
  await submit.click()
  await expect(page.getByText('5 photos changed')).toBeVisible()
  await expect(page.getByRole('region', { name: 'April 2025' }).locator('a[data-id]')).toHaveCount(5)
  await page.getByRole('status').locator('> div', { hasText: 'photos changed' }).getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('region', { name: 'April 2025' })).toBeHidden()
  await goToMay()
  await expect(may.locator('a[data-id]')).toHaveCount(5)
})

test('the description of several is written at once; the history of each says by whom', async ({ signedIn: page }) => {
  const tiles = page.locator('a[data-id]')
  await tiles.nth(0).focus()
  await page.keyboard.press('x')
  await page.keyboard.press('Shift+ArrowRight')
  await expect(page.getByRole('toolbar')).toContainText('2 selected')
  await page.keyboard.press('e')
  await page.getByRole('dialog').getByLabel('Description').fill('In the mountains')
  await page.getByRole('dialog').getByRole('button', { name: 'Change 2 photos' }).click()
  await expect(page.getByText('2 photos changed')).toBeVisible()
  await tiles.nth(1).click()
  await page.keyboard.press('i')
  const details = page.getByRole('complementary', { name: 'Details' })
  await expect(details.getByLabel('Description')).toHaveValue('In the mountains')
  await details.getByText('History').click()
  await expect(details.getByText('Ada Lovelace').first()).toBeVisible()
})

test('fifty originals come as one file', async ({ signedIn: page }) => {
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('x')
  for (let row = 0; row < 15; row++) await page.keyboard.press('Shift+ArrowDown')
  await expect.poll(async () => Number(/\d+/.exec(await page.getByRole('toolbar').innerText())?.[0])).toBeGreaterThanOrEqual(50)
  const coming = page.waitForEvent('download')
  await page.keyboard.press('Shift+D')
  const download = await coming
  expect(download.suggestedFilename()).toMatch(/\.zip$/)
  expect(await download.failure()).toBeNull()
})
