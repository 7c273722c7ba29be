import { focusSeen, tabTo } from '../lib/keyboard.ts'
import { jpeg } from '../lib/sample.ts'
import { thumbnailsShown } from '../lib/steps.ts'
import { ADA, expect, test } from '../lib/test.ts'

test.describe.configure({ timeout: 180_000 })

test('everything with the keyboard alone, and the focus is always seen', async ({ page, vault }) => {
  // First visit, with a password that is too short first.
  await page.goto('/')
  await tabTo(page, page.getByLabel('Name'))
  await page.keyboard.type(ADA.name)
  await page.keyboard.press('Tab')
  await page.keyboard.type(ADA.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type('short')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Use at least 10 characters')).toBeVisible()
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await page.keyboard.press('Control+a')
  await page.keyboard.type(ADA.password)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Continue' }))
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Open my vault' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()

  // Photos by the file picker, opened with Enter.
  const files = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => ({ name: `IMG_202405${10 + n}_101112.jpg`, mimeType: 'image/jpeg', buffer: await jpeg(page, n + 1) })),
  )
  await tabTo(page, page.getByRole('button', { name: 'Add photos' }).first())
  const chooser = page.waitForEvent('filechooser')
  await page.keyboard.press('Enter')
  if (await page.getByRole('menuitem').first().isVisible()) await page.keyboard.press('Enter')
  await (await chooser).setFiles(files)
  await thumbnailsShown(page, 8)

  // Moving and choosing; the place of the keyboard is where the photo is.
  await page.keyboard.press('Escape')
  await page.keyboard.press('ArrowRight')
  await focusSeen(page)
  await page.keyboard.press('ArrowRight')
  await focusSeen(page)
  await expect(page.locator('a[data-id]:focus')).toHaveAttribute('aria-label', /16 May 2024/)
  await page.keyboard.press('x')
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('Shift+ArrowRight')
  await expect(page.getByRole('toolbar')).toContainText('3 selected')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+a')
  await expect(page.getByRole('toolbar')).toContainText('8 selected')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('toolbar')).toBeHidden()

  // Favourite, trash, and back by the button of the message.
  await page.keyboard.press('f')
  await expect(page.getByText('Added to favourites')).toBeVisible()
  await page.keyboard.press('Delete')
  await thumbnailsShown(page, 7)
  const undo = page.getByRole('status').locator('> div', { hasText: 'moved to trash' }).getByRole('button', { name: 'Undo' })
  await tabTo(page, undo)
  await page.keyboard.press('Enter')
  await thumbnailsShown(page, 8)

  // A photo, its details, and back to where one was.
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/photo=/)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('i')
  await tabTo(page, page.getByLabel('Title'))
  await page.keyboard.type('By keyboard')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Saved')).toBeVisible()
  await tabTo(page, page.getByRole('button', { name: 'Change' }))
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Cancel' }))
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(page).not.toHaveURL(/photo=/)
  await focusSeen(page)
  await expect(page.locator('a[data-id]:focus')).toBeVisible()

  // By date, by name of a place, by the list of keys; nonsense finds nothing and says so.
  await page.keyboard.press('g')
  await expect(page.getByRole('dialog', { name: 'Go to a date' })).toBeVisible()
  await focusSeen(page)
  await page.keyboard.press('Escape')
  await tabTo(page, page.getByRole('slider', { name: 'Go to a date' }))
  await page.keyboard.press('End')
  await page.keyboard.press('Home')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('xyzzy')
  await expect(page.getByRole('option')).toHaveText(['Search for “xyzzy”'])
  await page.keyboard.press('Control+a')
  await page.keyboard.type('favourites')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/favorites/)
  await thumbnailsShown(page, 1)
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await focusSeen(page)
  await page.keyboard.press('Escape')

  // Out by the menu of the account.
  await tabTo(page, page.getByRole('button', { name: 'Account' }))
  await page.keyboard.press('Enter')
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  expect(await vault.log()).not.toContain(ADA.password)
})

test('every stop of the Tab key on every screen is seen', async ({ signedIn: page }) => {
  for (const place of ['/', '/favorites', '/archive', '/trash', '/profile', '/nowhere']) {
    await page.goto(place)
    await expect(page.getByRole('heading', { level: 1 })).toBeAttached()
    let stops = 0
    for (; stops < 100; stops++) {
      await page.keyboard.press('Tab')
      // Behind the last stop the focus leaves the page.
      if (await page.evaluate(() => document.activeElement === document.body)) break
      await focusSeen(page)
    }
    expect(stops).toBeGreaterThan(place === '/nowhere' ? 0 : 6)
    expect(stops).toBeLessThan(100)
  }
})
