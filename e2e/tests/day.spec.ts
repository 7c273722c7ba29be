import { fill, gallery } from '../lib/gallery.ts'
import { jpeg } from '../lib/sample.ts'
import { drop, thumbnailsShown } from '../lib/steps.ts'
import { ADA, expect, test } from '../lib/test.ts'
import { staysUsable } from '../lib/weather.ts'

test.describe.configure({ timeout: 240_000 })

test('a day of an ordinary person: photos of some years, last summer, a favourite, a wrong date, a mistake undone', async ({ signedIn: page, vault }) => {
  await fill(vault, await vault.token(), gallery())
  await page.reload()
  await expect(page.getByRole('heading', { name: 'October 2025' })).toBeVisible()

  // New ones from today's walk; the open page shows them where they belong, and nothing moves away.
  await drop(page, [{ name: 'IMG_20251101_080000.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 77) }])
  await expect(page.getByRole('heading', { name: 'November 2025' })).toBeVisible()
  await page.getByRole('region', { name: 'Adding photos' }).getByRole('button', { name: 'Close' }).click()

  // Last summer: a month without photos brings the nearest, and says so.
  await page.keyboard.press('g')
  await page.locator('input[type=month]').fill('2024-09')
  await page.keyboard.press('Enter')
  await expect(page.getByText('There are no photos from that time')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'August 2024' })).toBeInViewport()
  const summer = page.getByRole('region', { name: 'August 2024' }).locator('a[data-id]')
  await expect(summer).toHaveCount(8)

  // One is loved, and its date was wrong: the camera's clock stood in winter time.
  const august = () => page.getByRole('heading', { name: 'August 2024' }).evaluate((heading) => Math.round(heading.getBoundingClientRect().top))
  const place = await august()
  await summer.first().click()
  await page.getByRole('button', { name: 'Add to favourites' }).click()
  await page.keyboard.press('i')
  const details = page.getByRole('complementary', { name: 'Details' })
  await details.getByRole('button', { name: 'Change the date' }).click()
  const date = details.getByLabel('Date and time')
  await date.fill('')
  await details.getByRole('button', { name: 'Save' }).click()
  await expect(date).toBeVisible()
  await date.fill('2024-08-28T11:22:33')
  await details.getByRole('button', { name: 'Save' }).click()
  await expect(details.getByText('28 August 2024 at 11:22')).toBeVisible()
  const saved = page.getByRole('status').locator('> div', { hasText: 'Saved' })
  await saved.getByRole('button', { name: 'Close' }).click()
  await expect(saved).toHaveCount(0)
  await details.getByLabel('Title').fill('The lake')
  await details.getByLabel('Title').press('Enter')
  await saved.getByRole('button', { name: 'Undo' }).click()
  await expect(details.getByLabel('Title')).toHaveValue('')
  await page.goBack()
  // Back to the same place.
  await expect.poll(august).toBe(place)

  // Three that nobody needs, chosen by a drag; one mistake is taken back, and one comes back out of the trash.
  const from = await summer.nth(2).boundingBox()
  const to = await summer.nth(4).boundingBox()
  if (!from || !to) throw new Error('no photos')
  await page.mouse.move(from.x + 50, from.y + 50)
  await page.mouse.down()
  await page.mouse.move(from.x + 80, from.y + 60)
  await page.mouse.move(to.x + 50, to.y + 50, { steps: 5 })
  await page.mouse.up()
  await expect(page.getByRole('toolbar')).toContainText('3 selected')
  await page.keyboard.press('Delete')
  await expect(summer).toHaveCount(5)
  await page.getByRole('status').locator('> div', { hasText: 'moved to trash' }).getByRole('button', { name: 'Undo' }).click()
  await expect(summer).toHaveCount(8)
  await summer.nth(2).focus()
  await page.keyboard.press('x')
  await expect(page.getByRole('toolbar')).toContainText('1 selected')
  await page.keyboard.press('Delete')
  await expect(summer).toHaveCount(7)
  await page.getByRole('navigation').getByRole('link', { name: 'Trash' }).click()
  await thumbnailsShown(page, 1)
  await page.locator('a[data-id]').first().click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await expect(page.getByText('The trash is empty')).toBeVisible()

  await page.getByRole('navigation').getByRole('link', { name: 'Favourites' }).click()
  await thumbnailsShown(page, 1)
})

test('without the network: what was seen is still there, changes wait, and all is well when it returns', async ({ signedIn: page }) => {
  await staysUsable(page, { leaves: () => page.context().setOffline(true), returns: () => page.context().setOffline(false) })
})

test('signed out in another tab: this one says so and shows nothing more; signing in there opens it here', async ({ signedIn: page }) => {
  await drop(page, [{ name: 'a.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 1) }])
  await thumbnailsShown(page, 1)
  const other = await page.context().newPage()
  await other.goto('/profile')
  await other.getByRole('button', { name: 'Account' }).click()
  await other.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(other.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  expect(await page.evaluate(async () => Promise.all((await caches.keys()).filter((name) => /thumb|data/.test(name)).map(async (name) => (await (await caches.open(name)).keys()).length)))).toEqual([])

  await other.getByLabel('Email').fill(ADA.email)
  await other.getByLabel('Password', { exact: true }).fill('wrong words altogether')
  await other.getByRole('button', { name: 'Sign in' }).click()
  await expect(other.getByText('Email or password is wrong')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await other.getByLabel('Password', { exact: true }).fill(ADA.password)
  await other.getByRole('button', { name: 'Sign in' }).click()
  await thumbnailsShown(page, 1)
})
