import { fill, gallery } from '../lib/gallery.ts'
import { jpeg } from '../lib/sample.ts'
import { drop, thumbnailsShown } from '../lib/steps.ts'
import { expect, test } from '../lib/test.ts'

test('a place for one photo: typed wrong, typed right, picked on the map, taken back', async ({ signedIn: page }) => {
  await drop(page, [{ name: 'a.jpg', mimeType: 'image/jpeg', buffer: await jpeg(page, 1) }])
  await thumbnailsShown(page, 1)
  await page.getByRole('region', { name: 'Adding photos' }).getByRole('button', { name: 'Close' }).click()
  await page.locator('a[data-id]').first().click()
  await page.keyboard.press('i')
  const details = page.getByRole('complementary', { name: 'Details' })
  await details.getByRole('button', { name: 'Add a place' }).click()
  const coordinates = details.getByLabel('Latitude and longitude')
  await expect(coordinates).toBeFocused()
  await coordinates.fill('at the lake')
  await coordinates.press('Enter')
  await expect(details.getByText('This is no place on Earth')).toBeVisible()

  await coordinates.fill('https://www.openstreetmap.org/#map=15/52.2297/21.0122')
  await details.getByRole('button', { name: 'Save' }).click()
  await expect(details.getByText('52.2297, 21.0122')).toBeVisible()
  await expect(details.getByRole('img', { name: 'Map with a pin at 52.2297, 21.0122' })).toBeVisible()

  // Somewhere to the west of it, by a click.
  await details.getByRole('button', { name: 'Change the place' }).click()
  const box = await details.getByRole('img', { name: /Map/ }).boundingBox()
  if (!box) throw new Error('no map')
  await page.mouse.click(box.x + box.width / 4, box.y + box.height / 2)
  await expect(coordinates).toHaveValue(/^52\.\d+, 11\.\d+$/)
  await details.getByRole('button', { name: 'Save' }).click()
  await expect(details.getByText(/^52\.\d+, 11\.\d+$/)).toBeVisible()
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click()
  await expect(details.getByText('52.2297, 21.0122')).toBeVisible()

  await details.getByRole('button', { name: 'Change the place' }).click()
  await coordinates.fill('')
  await details.getByRole('button', { name: 'Remove the place' }).click()
  await expect(details.getByRole('button', { name: 'Add a place' })).toBeFocused()
})

test('a place for many photos at once, undone by one button', async ({ signedIn: page, vault }) => {
  await fill(vault, await vault.token(), gallery().slice(0, 3))
  await page.reload()
  await thumbnailsShown(page, 3)
  const places = async () => {
    const token = await vault.token()
    const answer = await fetch(`${vault.url}/api/v1/media`, { headers: { authorization: `Bearer ${token}` } })
    const { items } = (await answer.json()) as { items: { latitude: number | null; longitude: number | null }[] }
    return items.map(({ latitude, longitude }) => [latitude, longitude])
  }
  const before = await places()
  expect(before.flat()).not.toContain(-33.86)
  await page.keyboard.press('Control+a')
  await page.getByRole('toolbar').getByRole('button', { name: 'Edit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Place').fill('91, 0')
  await expect(dialog.getByText('This is no place on Earth')).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Change 3 photos' })).toBeDisabled()
  await dialog.getByLabel('Place').fill('33.86 S, 151.2 E')
  await dialog.getByRole('button', { name: 'Change 3 photos' }).click()
  await expect.poll(places).toEqual(Array(3).fill([-33.86, 151.2]))
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await expect.poll(places).toEqual(before)
})
