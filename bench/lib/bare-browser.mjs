import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Chromium with one page and nothing that listens to its network: test drivers copy every request and its body to
 * themselves, which costs more than sending it.
 */
export class BareBrowser {
  #process
  #profile
  #session
  #answers = new Map()
  #number = 0

  /** Pages of `origin` are treated as if they came by TLS. */
  static async start(origin, executable = process.env.MEDIA_VAULT_CHROMIUM ?? '/usr/bin/chromium') {
    const browser = new BareBrowser()
    browser.#profile = await mkdtemp(join(tmpdir(), 'bare-browser-'))
    const flags = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${browser.#profile}`, '--window-size=1440,900', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--lang=en-GB', `--unsafely-treat-insecure-origin-as-secure=${origin}`, ...(process.getuid() === 0 ? ['--no-sandbox'] : [])]
    browser.#process = spawn(executable, [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    let heard = ''
    browser.#process.stdio[4].setEncoding('utf8').on('data', (text) => {
      heard += text
      for (let end = heard.indexOf('\0'); end >= 0; end = heard.indexOf('\0')) {
        browser.#hear(JSON.parse(heard.slice(0, end)))
        heard = heard.slice(end + 1)
      }
    })
    const { targetInfos } = await browser.send('Target.getTargets')
    const page = targetInfos.find(({ type }) => type === 'page')
    browser.#session = (await browser.send('Target.attachToTarget', { targetId: page.targetId, flatten: true })).sessionId
    return browser
  }

  #hear({ id, result, error }) {
    const waiting = this.#answers.get(id)
    this.#answers.delete(id)
    if (error) waiting?.reject(new Error(error.message))
    else waiting?.resolve(result)
  }

  send(method, params = {}) {
    const id = ++this.#number
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject })
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.#session })}\0`)
    })
  }

  async open(url) {
    await this.send('Page.navigate', { url })
    await this.until(`location.origin === ${JSON.stringify(new URL(url).origin)} && document.readyState === 'complete'`)
  }

  /** What an expression of the page comes to. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** Asks the page again and again until the expression is true. */
  async until(expression, seconds = 60) {
    const deadline = Date.now() + seconds * 1000
    while (!(await this.evaluate(expression).catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${expression}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    await this.send('Browser.close').catch(() => this.#process.kill('SIGKILL'))
    await ended
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
