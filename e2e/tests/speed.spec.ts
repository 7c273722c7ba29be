import { gzipSync } from 'node:zlib'
import { chromium } from '@playwright/test'
import lighthouse, { desktopConfig } from 'lighthouse'
// The last one with checks of installable apps.
import lighthouse11 from 'lighthouse-11'
import { jpeg } from '../lib/sample.ts'
import { drop, thumbnailsShown } from '../lib/steps.ts'
import { ADA, expect, test } from '../lib/test.ts'

test('the first load is under 150 kB of JavaScript', async ({ signedIn: page, vault }) => {
  const scripts = new Map<string, number>()
  page.on('response', async (response) => {
    // What the browser has already is not sent again, and has no body.
    if (response.request().resourceType() !== 'script' || response.status() !== 200) return
    scripts.set(response.url(), gzipSync(await response.body(), { level: 9 }).length)
  })
  await page.goto(vault.url, { waitUntil: 'networkidle' })
  const total = [...scripts.values()].reduce((sum, size) => sum + size, 0)
  expect(scripts.size).toBeGreaterThan(2)
  expect(total, JSON.stringify([...scripts])).toBeLessThan(150_000)
})

test('Lighthouse finds sign-in and timeline fast, accessible, by best practice, and apps to install', async ({ vault, launchOptions }, info) => {
  test.setTimeout(240_000)
  await vault.setUp()
  const port = 9300 + info.workerIndex
  const context = await chromium.launchPersistentContext(info.outputPath('profile'), {
    ...launchOptions,
    args: [...(launchOptions.args ?? []), `--remote-debugging-port=${port}`],
    baseURL: vault.url,
    viewport: { width: 1350, height: 940 },
  })
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    expect(await scores(`${vault.url}/sign-in`, port)).toEqual([])
    await context.request.post('/api/v1/auth/login', {
      headers: { 'X-Session': 'cookie', Origin: vault.url },
      data: { email: ADA.email, password: ADA.password },
    })
    await page.goto('/')
    await drop(page, await Promise.all(Array.from({ length: 12 }, async (_, n) => ({ name: `IMG_202405${10 + n}_101112.jpg`, mimeType: 'image/jpeg', buffer: await jpeg(page, n, 1600, 1200) }))))
    await thumbnailsShown(page, 12)
    await page.close()
    expect(await scores(vault.url, port)).toEqual([])
  } finally {
    await context.close()
  }
})

interface Report {
  categories: Record<string, { title: string; score: number | null; auditRefs: { id: string; weight: number }[] }>
  audits: Record<string, { score: number | null; displayValue?: string | undefined }>
}

/** The categories that do not reach 95, with what they found. */
async function scores(url: string, port: number): Promise<string[]> {
  const flags = { port, output: 'json', logLevel: 'silent', disableStorageReset: true } as const
  const page = await lighthouse(url, { ...flags, onlyCategories: ['performance', 'accessibility', 'best-practices'] }, desktopConfig)
  const app = await lighthouse11(url, { ...flags, onlyCategories: ['pwa'] })
  if (!page || !app) throw new Error('Lighthouse said nothing')
  const reports: Report[] = [page.lhr, app.lhr]
  const found = reports.flatMap(({ categories, audits }) => Object.values(categories).map((category) => ({ ...category, audits })))
  expect(found).toHaveLength(4)
  return found
    .filter(({ score }) => (score ?? 0) < 0.95)
    .map(({ title, score, auditRefs, audits }) => {
      const lost = auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 0.9)
      return `${title} ${Math.round((score ?? 0) * 100)}: ${lost.map(({ id }) => `${id} ${audits[id]?.displayValue ?? ''}`).join(', ')}`
    })
}
