/**
 * How fast files get into the vault from a browser: `node bench/browser_upload.mjs [--files 1000] [--rounds 2]`, prints one
 * line of JSON.
 *
 * The same files of 4 MB go into a fresh server: dropped as a folder onto the web app in Chromium; by curl, which is as simple
 * as a client can be, each file one POST over a connection that stays open, as many connections as the app has; and by a page
 * in Chromium that does nothing but send, which is what the browser can do; and by a curl command for each file. They alternate. Before each run the server is new
 * and empty; it keeps what it gets encrypted and durable, and makes no thumbnails meanwhile (`--no-worker`): what is measured
 * is the way in. The app also follows the events and shows what arrives. On loopback there is no cable, only the processors
 * that all share; then the same over links as fast as an ordinary and a fast Ethernet. MEDIA_VAULT_BINARY and MEDIA_VAULT_CHROMIUM name other programs.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link as hardLink, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { BareBrowser } from './lib/bare-browser.mjs'
import { Link } from './lib/link.mjs'
import { ADA, Server } from './lib/server.mjs'

const cache = process.env.MEDIA_VAULT_CACHE ?? join(homedir(), '.cache/media-vault')
const { values } = parseArgs({ options: { files: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '2' } } })
const FILES = Number(values.files)
const ROUNDS = Number(values.rounds)
const SIZE = 4_000_000
/** As many as web/src/lib/upload/queue.svelte.ts sends at once. */
const CONNECTIONS = 4

const say = (text) => process.stderr.write(`${text}\n`)

/** Photos of 4 MB, each different: a small JPEG with noise behind its end, which no decoder minds. Made once. */
async function photos() {
  const folder = join(cache, `bench/upload-${FILES}`)
  if (existsSync(folder)) return folder
  say(`making ${FILES} files of 4 MB (once)`)
  const unfinished = `${folder}.part`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const small = await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=640x480', '-frames:v', '1', '-f', 'mjpeg', '-'], { encoding: 'buffer' })
  for (let number = 0; number < FILES; number++) {
    const noise = randomBytes(SIZE - small.stdout.length)
    await writeFile(join(unfinished, `IMG_${String(number).padStart(4, '0')}.jpg`), Buffer.concat([small.stdout, noise]))
  }
  await rename(unfinished, folder)
  return folder
}

/** The first of them in a folder of their own. Made once. */
async function some(folder, count) {
  if (count === FILES) return folder
  const part = `${folder}-first-${count}`
  if (existsSync(part)) return part
  const unfinished = `${part}.part`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished)
  for (const name of (await readdir(folder)).sort().slice(0, count)) await hardLink(join(folder, name), join(unfinished, name))
  await rename(unfinished, part)
  return part
}

async function fresh(run, files, link = null) {
  const data = await mkdtemp(join(process.env.BENCH_DISK ?? join(cache, 'bench'), 'upload-data-'))
  const server = await Server.start(data, ['--no-worker'], link)
  try {
    await server.setUp()
    const seconds = await run(server)
    const { total } = await server.get('/api/v1/timeline')
    if (total !== files) throw new Error(`${total} of ${files} files arrived`)
    return seconds
  } finally {
    await server.stop()
    await rm(data, { recursive: true, force: true })
  }
}

/** One process a connection, each with its part of the files. */
async function byCurl(server, folder, names) {
  const token = await server.token()
  const began = performance.now()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, part) => {
      const mine = names.filter((_, at) => at % CONNECTIONS === part)
      const requests = mine.map((name) =>
        [`url = "${server.url}/api/v1/media"`, `form = "file=@${join(folder, name)};type=image/jpeg"`, `header = "Authorization: Bearer ${token}"`, 'header = "Expect:"', 'output = "/dev/null"', 'fail'].join('\n'),
      )
      const curl = promisify(execFile)('curl', ['--silent', '--show-error', '--config', '-'])
      curl.child.stdin.end(requests.join('\nnext\n'))
      await curl
    }),
  )
  return (performance.now() - began) / 1000
}

/** One command for each file, as many at a time: how scripts do it. */
async function byCurls(server, folder) {
  const script = `find "$FOLDER" -type f -print0 | xargs -0 -P ${CONNECTIONS} -I {} curl --silent --show-error --fail --output /dev/null --header "Authorization: Bearer $TOKEN" --form "file=@{};type=image/jpeg" "$URL/api/v1/media"`
  const env = { PATH: process.env.PATH, FOLDER: folder, TOKEN: await server.token(), URL: server.url }
  const began = performance.now()
  await promisify(execFile)('sh', ['-c', script], { env })
  return (performance.now() - began) / 1000
}

/** From the drop to the words that all of them were added. */
async function byBrowser(server, folder, names) {
  const browser = await BareBrowser.start(server.url)
  try {
    await browser.open(`${server.url}/sign-in`)
    const login = { method: 'POST', headers: { 'content-type': 'application/json', 'x-session': 'cookie' }, body: JSON.stringify({ email: ADA.email, password: ADA.password }) }
    const status = await browser.evaluate(`fetch('/api/v1/auth/login', ${JSON.stringify(login)}).then((answer) => answer.status)`)
    if (status !== 200) throw new Error(`sign-in: ${status}`)
    await browser.open(server.url)
    await browser.until(`document.querySelector('[data-testid=files-bar]') !== null`)
    const data = { items: [], files: [folder], dragOperationsMask: 1 }
    const began = performance.now()
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await browser.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data })
      // A drop before the page has said that it takes it is none; a hand is never that fast.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await browser.until(`[...document.querySelectorAll('h2')].some((one) => one.textContent.startsWith('${names.length.toLocaleString('en-GB')} photos added'))`, 900)
    return (performance.now() - began) / 1000
  } finally {
    await browser.close()
  }
}

/** A page that sends and does nothing else. */
async function byBarePage(server, folder, names) {
  const browser = await BareBrowser.start(server.url)
  try {
    await browser.open(`${server.url}/robots.txt`)
    await browser.evaluate(`document.body.innerHTML = '<input type="file" multiple>'`)
    const { root } = await browser.send('DOM.getDocument', { depth: -1 })
    const { nodeId } = await browser.send('DOM.querySelector', { nodeId: root.nodeId, selector: 'input' })
    await browser.send('DOM.setFileInputFiles', { files: names.map((name) => join(folder, name)), nodeId })
    const began = performance.now()
    await browser.evaluate(`(${sendAll})(${JSON.stringify(await server.token())}, ${CONNECTIONS})`)
    return (performance.now() - began) / 1000
  } finally {
    await browser.close()
  }
}

/** Runs in the page. */
async function sendAll(token, connections) {
  const files = [...document.querySelector('input').files]
  const post = (file) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open('POST', '/api/v1/media')
      request.setRequestHeader('Authorization', `Bearer ${token}`)
      request.onloadend = () => (request.status === 201 ? resolve() : reject(new Error(`${request.status}`)))
      const form = new FormData()
      form.append('file', file)
      request.send(form)
    })
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let file = files.pop(); file; file = files.pop()) await post(file)
    }),
  )
}

const folder = await photos()
const rate = (count) => (seconds) => Math.round((count * SIZE) / 1e5 / seconds) / 10

/** Each contestant in each round, and `once` in the first; name -> MB/s of each round. */
async function contest(contestants, rounds, { files = FILES, link = null, once = {} } = {}) {
  const place = await some(folder, files)
  const names = (await readdir(place)).sort()
  const seconds = Object.fromEntries(Object.keys({ ...contestants, ...once }).map((name) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const [name, run] of Object.entries(round === 1 ? { ...contestants, ...once } : contestants)) seconds[name].push(await fresh((server) => run(server, place, names), files, link))
    say(`round ${round}: ${Object.entries(seconds).filter(([, times]) => times.length === round).map(([name, times]) => `${name} ${times.at(-1).toFixed(1)} s`).join(', ')}`)
  }
  return Object.fromEntries(Object.entries(seconds).map(([name, times]) => [name, times.map(rate(files))]))
}

const loopback = await contest({ curl: byCurl, app: byBrowser, curl_each: byCurls }, ROUNDS, { once: { bare_page: byBarePage } })
const gigabit = {}
// A cable carries the same for a while as for long.
for (const megabits of [1000, 2500]) {
  const link = Link.make(megabits)
  try {
    gigabit[megabits] = await contest({ curl: byCurl, app: byBrowser }, Math.ceil(ROUNDS / 3), { files: FILES / 2, link })
  } finally {
    link.remove()
  }
}
console.log(JSON.stringify({ files: FILES, bytes_each: SIZE, connections: CONNECTIONS, rounds: ROUNDS, loopback, gigabit }))
