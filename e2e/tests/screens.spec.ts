import { type Page, expect, test } from '@playwright/test'
import { batch, fill, gallery } from '../lib/gallery.ts'
import { LOOKS, Studio, nameOf } from '../lib/screens.ts'
import { drop } from '../lib/steps.ts'
import { ADA, Vault } from '../lib/vault.ts'

// Each screen in each look is looked at: accessible, nothing cut, nothing jumps, nothing said on the console.
test.describe.configure({ timeout: 400_000 })

const SETTINGS = { MEDIA_VAULT_RATE_LIMIT_PER_MINUTE: '0' }
let full: Vault
let film = ''
let landscape = ''

test.beforeAll(async () => {
  test.setTimeout(400_000)
  const files = gallery()
  full = await Vault.start(SETTINGS)
  await full.setUp()
  const token = await full.token()
  const ids = await fill(full, token, files)
  film = ids.at(-1) ?? ''
  landscape = ids[16] ?? ''
  const some = (every: number) => ids.slice(20).filter((_, index) => index % every === 0)
  await batch(full, token, some(6), 'favorite')
  await batch(full, token, ids.slice(70, 74), 'archive')
  await batch(full, token, ids.slice(60, 66), 'trash')
})
test.afterAll(() => full.stop())

for (const look of LOOKS) {
  test(`a new vault, ${nameOf(look)}`, async ({ browser }) => {
    const vault = await Vault.start(SETTINGS)
    const studio = await Studio.open(browser, look, vault.url)
    try {
      await newVault(studio)
    } finally {
      await studio.close()
      await vault.stop()
    }
  })

  test(`a vault of some years, ${nameOf(look)}`, async ({ browser }) => {
    const studio = await Studio.open(browser, look, full.url)
    try {
      await someYears(studio)
    } finally {
      await studio.close()
    }
  })
}

async function newVault(studio: Studio): Promise<void> {
  const { page, words } = studio
  await page.goto('/')
  await page.getByLabel(words('field.name')).fill(ADA.name)
  await page.getByLabel(words('field.email')).fill(ADA.email)
  await studio.shot('setup-1')
  await page.getByLabel(words('field.password'), { exact: true }).fill('short')
  await page.getByRole('button', { name: words('setup.submit') }).click()
  await expect(page.getByText(words('field.password.short'))).toBeVisible()
  await studio.shot('setup-1-wrong')
  await page.getByLabel(words('field.password'), { exact: true }).fill(ADA.password)
  await page.getByRole('button', { name: words('setup.submit') }).click()
  await expect(page.getByText(words('setup.look.title'))).toBeVisible()
  await studio.shot('setup-2')
  await page.getByRole('button', { name: words('setup.continue') }).click()
  await expect(page.getByText(words('setup.safe.title'))).toBeVisible()
  await studio.shot('setup-3')
  await page.getByRole('button', { name: words('setup.finish') }).click()

  await expect(page.getByText(words('empty.photos.title'))).toBeVisible()
  await studio.shot('timeline-empty')
  for (const place of ['favorites', 'archive', 'trash'] as const) {
    await page.goto(`/${place}`)
    await expect(page.getByText(words(`empty.${place}.title`))).toBeVisible()
    await studio.shot(`${place}-empty`)
  }

  await page.goto('/')
  await expect(page.getByText(words('empty.photos.title'))).toBeVisible()
  // A drop ends with a button that is let go: what moves then is no surprise.
  await page.mouse.move(200, 300)
  await page.mouse.down()
  await page.mouse.up()
  await drop(page, [
    { name: 'holiday-notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('This is a text and not a photo.') },
    { name: 'IMG_20240601_120000.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) },
  ])
  await expect(page.getByRole('button', { name: words('upload.saveList') })).toBeVisible()
  await studio.shot('upload-failures')

  await page.goto('/nowhere')
  await expect(page.getByText(words('notFound.title'))).toBeVisible()
  await studio.shot('not-found')

  await studio.context.clearCookies()
  await page.goto('/')
  await expect(page.getByRole('button', { name: words('signIn.submit') })).toBeVisible()
  await studio.shot('sign-in')
  await page.getByLabel(words('field.email')).fill(ADA.email)
  await page.getByLabel(words('field.password'), { exact: true }).fill('not the right one')
  await page.getByRole('button', { name: words('signIn.submit') }).click()
  await expect(page.getByText(words('signIn.wrong'), { exact: true })).toBeVisible()
  await studio.shot('sign-in-wrong')
}

async function someYears(studio: Studio): Promise<void> {
  const { page, words } = studio
  const answer = await page.request.post('/api/v1/auth/login', {
    headers: { 'X-Session': 'cookie', Origin: full.url },
    data: { email: ADA.email, password: ADA.password },
  })
  expect(answer.status()).toBe(200)
  await loadingAndFailing(studio)

  await page.goto('/')
  await photosShown(page)
  await studio.shot('timeline')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('x')
  for (let times = 0; times < 3; times++) await page.keyboard.press('Shift+ArrowRight')
  await expect(page.getByRole('toolbar')).toBeVisible()
  await studio.shot('selection')
  await page.keyboard.press('e')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.getByText(words('edit.date.shift'), { exact: true }).click()
  await studio.shot('edit-many')
  await closed(page)
  await page.keyboard.press('Escape')

  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toBeVisible()
  await studio.shot('help')
  await closed(page)
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox')).toBeFocused()
  await studio.shot('palette')
  await closed(page)
  await page.keyboard.press('g')
  await expect(page.getByRole('dialog', { name: words('goto.title') })).toBeVisible()
  await studio.shot('go-to-date')
  await closed(page)
  await page.getByRole('button', { name: words('view.options') }).click()
  await studio.shot('view-options')
  await page.getByText(words('view.group.day'), { exact: true }).click()
  await page.keyboard.press('Escape')
  await photosShown(page)
  await studio.shot('timeline-days')
  await page.getByRole('button', { name: words('nav.account') }).click()
  await studio.shot('account-menu')

  await viewer(studio)
  await search(studio)
  for (const place of ['favorites', 'archive', 'trash']) {
    await page.goto(`/${place}`)
    await photosShown(page)
    await studio.shot(place)
  }
  await page.getByRole('button', { name: words('trash.empty') }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await studio.shot('trash-confirm')

  await page.goto('/profile')
  await expect(page.getByText(words('profile.sessions.here')).first()).toBeVisible()
  await studio.shot('profile')
  await page.goto('/')
  await photosShown(page)
  await studio.context.setOffline(true)
  await expect(page.getByText(words('offline.bar'))).toBeVisible()
  await studio.shot('offline')
}

/** What is seen while the server is slow, ill or away. */
async function loadingAndFailing(studio: Studio): Promise<void> {
  const { page, words } = studio
  let goOn: () => void = () => undefined
  const held = new Promise<void>((resolve) => (goOn = resolve))
  const timeline = '**/api/v1/timeline?*'
  await page.route(timeline, async (route) => {
    await held
    await route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Something went wrong', request_id: 'req-0192' }) })
  })
  await page.goto('/')
  await expect(page.getByRole('status', { name: words('loading') })).toBeVisible()
  await studio.shot('timeline-loading')
  goOn()
  await expect(page.getByText(words('error.server'))).toBeVisible()
  await studio.shot('timeline-error')
  await page.unroute(timeline)

  await page.route('**/api/**', (route) => route.abort())
  await page.goto('/')
  await expect(page.getByText(words('error.unreachable'), { exact: true })).toBeVisible()
  await studio.shot('unreachable')
  await page.unroute('**/api/**')
}

async function viewer(studio: Studio): Promise<void> {
  const { page, words } = studio
  await page.goto(`/?photo=${landscape}`)
  const large = page.locator('img[src*="size=preview"]').first()
  await expect(large).toBeVisible()
  await studio.shot('viewer')
  await page.keyboard.press('i')
  await expect(page.getByText('Fujifilm X-T5').or(page.getByText('Apple')).or(page.getByText('ILCE-7M4')).first()).toBeVisible()
  await studio.shot('viewer-details')
  await page.getByText(words('history.title'), { exact: true }).click()
  await expect(page.getByText(words('history.created')).or(page.getByText(words('history.none'))).first()).toBeInViewport()
  await studio.shot('viewer-history')
  await page.keyboard.press('i')
  await page.goto(`/?photo=${film}`)
  await expect(page.locator('video')).toBeVisible()
  await page.locator('video').evaluate((video: HTMLVideoElement) => video.pause())
  await studio.shot('viewer-video')
  await page.goto('/?photo=01900000-0000-7000-8000-000000000000')
  await expect(page.getByText(words('error.gone'))).toBeVisible()
  await studio.shot('viewer-gone')
}

/** Keys belong to a dialog until it is gone. */
async function closed(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
}

async function search(studio: Studio): Promise<void> {
  const { page, words } = studio
  await page.goto('/search')
  await expect(page.getByRole('heading', { name: words('search.title') }).last()).toBeVisible()
  await studio.shot('search')
  await page.getByRole('searchbox').fill('fujifilm 2025')
  await page.keyboard.press('Enter')
  await photosShown(page)
  await studio.shot('search-found')
  await page.getByRole('searchbox').fill('xyzzy')
  await page.keyboard.press('Enter')
  await expect(page.getByText(/xyzzy/).last()).toBeVisible()
  await studio.shot('search-none')
}

async function photosShown(page: Page): Promise<void> {
  const pictures = page.locator('a img[src*="/thumbnail"]')
  await expect(pictures.first()).toBeVisible()
  await expect
    .poll(() => pictures.evaluateAll((all) => all.every((one) => (one as HTMLImageElement).naturalWidth > 0)))
    .toBe(true)
}
