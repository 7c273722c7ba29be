/**
 * How the timeline of a million items feels in a browser: `node bench/timeline_browser.mjs`, prints one line of JSON.
 *
 * A real server holds a million generated rows (the `seed` example of crates/store: twenty years, one month of 70,000) and
 * some real photos. Rows have no files, so a proxy in between answers for their thumbnails with those of the real photos,
 * over and over. Frames are read from the browser's own trace, not from timers inside the page. Without a graphics card
 * the processor draws every pixel: frames of a real screen are faster.
 *
 * MEDIA_VAULT_BINARY, MEDIA_VAULT_SEED (the built example) and MEDIA_VAULT_CHROMIUM name other programs.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { framesOf, Tracer, workOf } from './lib/trace.mjs'
import { ADA, Front, Server } from './lib/server.mjs'

const root = resolve(import.meta.dirname, '..')
const { chromium } = createRequire(join(root, 'e2e/package.json'))('@playwright/test')
const cache = process.env.MEDIA_VAULT_CACHE ?? join(homedir(), '.cache/media-vault')
const data = join(cache, 'bench/million')
const ROWS = 1_000_000
const DENSE = '2019-08'
/** Pixels a second. */
const SPEED = 3000
const view = { width: 1440, height: 900 }

const say = (text) => process.stderr.write(`${text}\n`)

/** The library, made once: real photos first, for the server refuses a database whose files are gone. */
async function library() {
  if (existsSync(join(data, 'vault.db'))) return
  const unfinished = `${data}.part`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  say('making a library of a million rows (once)')
  const server = await Server.start(unfinished)
  try {
    await server.setUp()
    const photos = join(cache, 'bench/12mp-12')
    const python = join(cache, 'venv/bin/python3')
    execFileSync(existsSync(python) ? python : 'python3', [join(root, 'bench/images.py'), photos, '12', '12'])
    await server.add(photos, join(unfinished, 'thumbnails'))
  } finally {
    await server.stop()
  }
  const seed = process.env.MEDIA_VAULT_SEED ?? join(process.env.CARGO_TARGET_DIR ?? join(cache, 'target'), 'dist/examples/seed')
  if (!existsSync(seed)) execFileSync('cargo', ['build', '--profile', 'dist', '--locked', '--workspace', '--example', 'seed'], { cwd: root, stdio: 'inherit' })
  execFileSync(seed, [`sqlite://${join(unfinished, 'vault.db')}`, ADA.email, String(ROWS), '7'], { stdio: ['ignore', 'ignore', 'inherit'] })
  execFileSync('mv', [unfinished, data])
}

async function opened(browser, front) {
  const context = await browser.newContext({ viewport: view, serviceWorkers: 'block', baseURL: front.url })
  await context.addInitScript(() => {
    const waiting = new MutationObserver(() => {
      if (!document.querySelector('.tile')) return
      waiting.disconnect()
      // The frame after the next one has been drawn.
      requestAnimationFrame(() => requestAnimationFrame(() => (window.firstTimeline = performance.now())))
    })
    waiting.observe(document, { childList: true, subtree: true })
  })
  const page = await context.newPage()
  const answer = await context.request.post('/api/v1/auth/login', { headers: { 'X-Session': 'cookie', Origin: front.url }, data: { email: ADA.email, password: ADA.password } })
  if (!answer.ok()) throw new Error(`sign-in: ${answer.status()} ${await answer.text()}`)
  await page.goto('/', { waitUntil: 'commit' })
  await page.waitForFunction(() => window.firstTimeline !== undefined)
  return { context, page }
}

/** From an empty cache to the first photos in their places, five times; the median. */
async function firstPaint(browser, front) {
  const times = []
  for (let round = 0; round < 5; round++) {
    const { context, page } = await opened(browser, front)
    times.push(await page.evaluate(() => window.firstTimeline))
    await context.close()
  }
  return Math.round(times.sort((a, b) => a - b)[2])
}

/** The middle of three runs, by the frames that were late: other work of the machine hits one or the other. */
async function middle(run) {
  const runs = [await run(), await run(), await run()]
  return runs.sort((a, b) => a.over_20_ms_percent - b.over_20_ms_percent)[1]
}

/** Drags the scrubber from the newest to the oldest photo and back, ten seconds in all, by a mouse that tells its place 125 times a second. */
async function scrub(page, tracer) {
  const box = await page.getByRole('slider').boundingBox()
  const x = box.x + box.width - 10
  const at = (part) => box.y + 1 + part * (box.height - 2)
  await page.mouse.move(x, at(0))
  await page.mouse.down()
  const events = await tracer.during(async () => {
    const began = performance.now()
    for (let part = 0; part < 1; part = (performance.now() - began) / 10_000) {
      const next = new Promise((resolve) => setTimeout(resolve, 8))
      await page.mouse.move(x, at(part < 0.5 ? part * 2 : 2 - part * 2))
      await next
    }
  })
  await page.mouse.up()
  return framesOf(events)
}

/** Turns the wheel for five seconds, three screens and a third in each, at the pace of the screen: the browser makes the events itself. */
async function wheel(page, tracer) {
  const session = await page.context().newCDPSession(page)
  const events = await tracer.during(() =>
    session.send('Input.synthesizeScrollGesture', { x: 700, y: 450, yDistance: -5 * SPEED, speed: SPEED, gestureSourceType: 'mouse', preventFling: true }),
  )
  return framesOf(events)
}

/** The same wheel over coloured boxes and nothing else: what this machine and its browser can do. */
async function plain(browser) {
  const context = await browser.newContext({ viewport: view })
  const page = await context.newPage()
  await page.setContent(
    `<style>body { margin: 0 } main { position: absolute; inset: 0; overflow-y: scroll } i { position: absolute; width: 200px; height: 200px }</style><main></main>`,
  )
  await page.evaluate((rows) => {
    const scroller = document.querySelector('main')
    for (let nth = 0; nth < rows * 7; nth++) {
      const box = document.createElement('i')
      box.style.cssText = `left: ${(nth % 7) * 204}px; top: ${Math.floor(nth / 7) * 204}px; background: hsl(${(nth * 31) % 360} 40% 50%)`
      scroller.append(box)
    }
  }, Math.ceil((6 * SPEED) / 204))
  const frames = await wheel(page, await Tracer.of(browser, page))
  await context.close()
  return frames
}

/** Opens the month of 70,000 and scrolls through it. */
async function dense(page, tracer) {
  await page.keyboard.press('g')
  await page.locator('input[type=month]').fill(DENSE)
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'August 2019' }).locator('.tile').first().waitFor()
  await page.mouse.move(700, 450)
  await page.waitForLoadState('networkidle')
  return wheel(page, tracer)
}

/** A thousand photos come back at once while the page is open, three times; the middle one counts. */
async function arriving(page, tracer, front) {
  await page.keyboard.press('Home')
  await page.getByRole('slider').focus()
  await page.keyboard.press('Home')
  const ids = await front.newest(1000)
  const rounds = []
  for (let round = 0; round < 3; round++) {
    await front.batch(ids, 'trash')
    await page.waitForTimeout(3000)
    const busy = workOf(
      await tracer.during(async () => {
        await front.batch(ids, 'restore')
        await page.waitForTimeout(3000)
      }),
    )
    const quiet = workOf(await tracer.during(() => page.waitForTimeout(3000)))
    rounds.push({ longest_task_ms: busy.longest, longest_task_cpu_ms: busy.longestCpu, main_thread_cpu_ms: Math.max(0, Math.round(busy.total - quiet.total)) })
  }
  return rounds.sort((a, b) => a.main_thread_cpu_ms - b.main_thread_cpu_ms)[1]
}

await library()
const server = await Server.start(data)
const front = await Front.before(server, join(data, 'thumbnails')).catch(async (error) => {
  await server.stop()
  throw error
})
const browser = await chromium.launch({
  executablePath: process.env.MEDIA_VAULT_CHROMIUM ?? '/usr/bin/chromium',
  args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--disable-background-networking', '--enable-precise-memory-info'],
})
try {
  const first_paint_ms = await firstPaint(browser, front)
  say(`first timeline paint: ${first_paint_ms} ms`)
  const { page } = await opened(browser, front)
  const tracer = await Tracer.of(browser, page)
  await page.waitForLoadState('networkidle')
  const scrubbed = await middle(() => scrub(page, tracer))
  const heap_mb = await tracer.heap()
  say(`scrub: ${JSON.stringify({ ...scrubbed, heap_mb })}`)
  const month_of_70000 = await middle(() => dense(page, tracer))
  say(`70,000 in a month: ${JSON.stringify(month_of_70000)}`)
  const events_1000 = await arriving(page, tracer, front)
  say(`1,000 by events: ${JSON.stringify(events_1000)}`)
  const plain_boxes = await middle(() => plain(browser))
  say(`the same wheel over plain boxes: ${JSON.stringify(plain_boxes)}`)
  console.log(JSON.stringify({ rows: ROWS, first_paint_ms, scrub: scrubbed, heap_mb, month_of_70000, plain_boxes, events_1000 }))
} finally {
  await browser.close()
  await front.stop()
  await server.stop()
}
