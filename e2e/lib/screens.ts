import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { type Browser, type BrowserContext, type Page, expect } from '@playwright/test'
import { en } from '../../web/src/lib/i18n/en.ts'

/** One way to look at the app. */
export interface Look {
  readonly theme: 'light' | 'dark'
  readonly width: 360 | 768 | 1440
  readonly language: 'en' | 'pl'
}

const HEIGHTS = { 360: 740, 768: 1024, 1440: 900 } as const
const isForDocs = process.env.MEDIA_VAULT_SCREENSHOTS === '1'
const root = resolve(import.meta.dirname, '../..')

/** All twelve for the documentation; in a test run four in which each theme, width and language is seen. */
export const LOOKS: readonly Look[] = (['light', 'dark'] as const)
  .flatMap((theme) => ([360, 768, 1440] as const).flatMap((width) => (['en', 'pl'] as const).map((language) => ({ theme, width, language }))))
  .filter((look) => isForDocs || ['light-1440-en', 'dark-1440-en', 'light-360-pl', 'dark-768-pl'].includes(nameOf(look)))

export function nameOf({ theme, width, language }: Look): string {
  return `${theme}-${width}-${language}`
}

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Menus and toasts float outside of the landmarks: their own roles say what they are. */
const FLOATING = ['region']

interface Seen {
  /** How much of the layout has jumped, and what. */
  shift: number
  moved: string[]
  violations: string[]
}
declare global {
  interface Window {
    seen: Seen
  }
}

/** A page in one look, on which nothing may go wrong: `shot` looks at it as a person with and without eyes would. */
export class Studio {
  readonly words: (key: keyof typeof en) => string
  readonly problems: string[] = []
  /** What the test provokes: messages about it are not faults. */
  readonly expected: RegExp[] = [/^Failed to load resource/, /^Service Worker registration blocked by Playwright/]

  private constructor(
    readonly look: Look,
    readonly context: BrowserContext,
    readonly page: Page,
    catalogue: Readonly<Record<string, unknown>>,
  ) {
    this.words = (key) => {
      const message = catalogue[key]
      return typeof message === 'string' ? message : String(key)
    }
  }

  static async open(browser: Browser, look: Look, baseURL: string): Promise<Studio> {
    const context = await browser.newContext({
      baseURL,
      viewport: { width: look.width, height: HEIGHTS[look.width] },
      colorScheme: look.theme,
      locale: look.language === 'pl' ? 'pl-PL' : 'en-GB',
      timezoneId: 'Europe/Warsaw',
      hasTouch: look.width === 360,
      isMobile: look.width === 360,
      serviceWorkers: 'block',
      reducedMotion: 'reduce',
    })
    await context.addInitScript(watch)
    const page = await context.newPage()
    const studio = new Studio(look, context, page, await catalogueOf(look.language))
    page.on('console', (message) => {
      if (/error|warning/.test(message.type()) && !studio.expected.some((known) => known.test(message.text()))) studio.problems.push(message.text())
    })
    page.on('pageerror', (error) => studio.problems.push(String(error)))
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (url.protocol.startsWith('http') && url.origin !== baseURL) studio.problems.push(`a request left the house: ${url.origin}`)
    })
    return studio
  }

  async close(): Promise<void> {
    await this.context.close()
    expect(this.problems).toEqual([])
  }

  /** Looks closely at the page as it is, and keeps a picture of it. */
  async shot(name: string): Promise<void> {
    const { page } = this
    await settled(page)
    const { shift, moved, violations } = await page.evaluate(() => window.seen)
    expect.soft(shift, `${name}: the layout jumps: ${moved.join('; ')}`).toBeLessThan(0.02)
    expect.soft(violations, `${name}: the policy was violated`).toEqual([])
    expect.soft(await page.evaluate(cutTexts), `${name}: text is cut`).toEqual([])
    const axe = await new AxeBuilder({ page }).withTags(TAGS).disableRules(FLOATING).analyze()
    expect.soft(axe.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`), `${name}: axe`).toEqual([])
    await this.#keep(name)
  }

  async #keep(name: string): Promise<void> {
    const folder = join(root, isForDocs ? 'docs' : 'target', 'screenshots', nameOf(this.look))
    mkdirSync(folder, { recursive: true })
    const picture = join(folder, `${name}.png`)
    await this.page.screenshot({ path: picture })
    if (!isForDocs) return
    execFileSync('vips', ['webpsave', picture, join(folder, `${name}.webp`), '--Q', '18', '--effort', '6'])
    rmSync(picture)
  }
}

/** Not imported by name: only English is plain enough for this folder's compiler. */
async function catalogueOf(language: Look['language']): Promise<Readonly<Record<string, unknown>>> {
  if (language === 'en') return en
  const file: string = '../../web/src/lib/i18n/pl.ts'
  return ((await import(file)) as { pl: Readonly<Record<string, unknown>> }).pl
}

/** Fonts and pictures are there, and nothing moves any more. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => document.fonts.ready)
  await expect
    .poll(() =>
      page.evaluate(() => {
        const inSight = Array.from(document.images).filter((image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight)
        const isMoving = document.getAnimations().some((one) => one.playState === 'running' && one.effect?.getComputedTiming().iterations !== Infinity)
        return inSight.every((image) => image.complete) && !isMoving
      }),
    )
    .toBe(true)
}

/** Runs in the page, before anything else. */
function watch(): void {
  window.seen = { shift: 0, moved: [], violations: [] }
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node: Node | null }[] })[]) {
      if (entry.hadRecentInput) continue
      window.seen.shift += entry.value
      for (const { node } of entry.sources) if (node instanceof Element) window.seen.moved.push((node.cloneNode() as Element).outerHTML.slice(0, 160))
    }
  }).observe({ type: 'layout-shift', buffered: true })
  addEventListener('securitypolicyviolation', (event) => window.seen.violations.push(`${event.violatedDirective}: ${event.blockedURI}`))
}

/** Runs in the page: texts that do not fit, and a page wider than the screen. An ellipsis is fine where the whole is told on hover, but a page has its name in full. */
function cutTexts(): string[] {
  const found: string[] = []
  for (const element of Array.from(document.querySelectorAll<HTMLElement>('body *'))) {
    const text = Array.from(element.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent?.trim() ?? '').join('')
    if (text === '' || !element.checkVisibility() || element.closest('.visually-hidden, option, svg, style, script')) continue
    const style = getComputedStyle(element)
    const isCut = style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1
    if (isCut && (element.matches('h1, h2') || (!element.title && !element.querySelector('[title]')))) found.push(`${element.tagName.toLowerCase()}: ${text}`)
    const box = element.getBoundingClientRect()
    if (box.right > innerWidth + 1 && box.left < innerWidth && box.width > 1 && style.position !== 'fixed') found.push(`beyond the edge: ${text}`)
  }
  return found
}
