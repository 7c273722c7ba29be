import { rm } from 'node:fs/promises'
import { Library } from '../lib/library.ts'
import { photos } from '../lib/photos.ts'
import { dropFromDisk, setUp, signIn, thumbnailsShown } from '../lib/steps.ts'
import { expect, test } from '../lib/test.ts'
import { arrived, COUNT, panel, staysUsable, survivesACrash } from '../lib/weather.ts'

/** A vault that is reached from elsewhere stands behind a gateway. While the server is gone, that one answers in its place. */
test.use({ reached: 'by Caddy' })

test('by Caddy: setup, photos of a folder arrive as they are added, sign-out', async ({ page, context, accessible }) => {
  const given = await photos(6, 300)
  await setUp(page, accessible)
  const cookies = await context.cookies()
  expect(cookies.length).toBeGreaterThan(0)
  expect(cookies.filter(({ secure }) => !secure)).toEqual([])
  const other = await context.newPage()
  await other.goto('/')
  await expect(other.getByTestId('files-bar')).toBeAttached()
  await dropFromDisk(page, [given.folder])
  await thumbnailsShown(page, 6)
  // Told by the server's events.
  await thumbnailsShown(other, 6)
  await dropFromDisk(page, [given.folder])
  await expect(panel(page).getByText('6 were here already')).toBeVisible()
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await signIn(page)
  await thumbnailsShown(page, 6)
  await rm(given.folder, { recursive: true, force: true })
})

test('by Caddy, the server is gone: what was seen is still there, changes wait, and all is well when it returns', async ({ signedIn: page, vault }) => {
  await staysUsable(page, { leaves: () => vault.kill(), returns: () => vault.up() })
})

test('by Caddy: the server is killed and started again in the middle of an upload', async ({ signedIn: page, vault }) => {
  const given = await photos(COUNT, 1000)
  await survivesACrash(page, vault, await Library.of(vault), given)
  await rm(given.folder, { recursive: true, force: true })
})

test.describe('by a Caddy that takes a megabyte at most', () => {
  test.use({ caddyTakes: '1MB' })

  test('what is larger arrives in parts', async ({ signedIn: page, vault }) => {
    const [small, large] = [await photos(3, 300), await photos(6, 5000)]
    for (const { paths } of [small, large]) await dropFromDisk(page, paths)
    await arrived(page, await Library.of(vault), { ...large, hashes: [...small.hashes, ...large.hashes] })
    for (const { folder } of [small, large]) await rm(folder, { recursive: true, force: true })
  })
})
