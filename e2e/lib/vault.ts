import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from './ports.ts'

const binary = process.env.MEDIA_VAULT_BINARY ?? resolve(import.meta.dirname, '../../target/release/media-vault')

/** Who every test signs in as. */
export const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'correct horse battery staple' }

/** What browsers that are told so find the server by, instead of by this machine's own address. */
export const HOUSE = 'vault.home.arpa'

/** A real server: the release binary on a free port, with a data folder of its own. */
export class Vault {
  #process: ChildProcess | null = null

  private constructor(
    readonly url: string,
    /** Where browsers that are told so find the same server by name. */
    readonly named: string,
    readonly folder: string,
    readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Vault> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'media-vault-e2e-'))
    const vault = new Vault(`http://127.0.0.1:${port}`, `http://${HOUSE}:${port}`, folder, settings)
    await vault.up()
    return vault
  }

  /** Starts the process and waits until it answers. */
  async up(): Promise<void> {
    const log = await open(this.#logFile, 'a')
    this.#process = spawn(binary, ['serve'], {
      cwd: this.folder,
      stdio: ['ignore', log.fd, log.fd],
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        MEDIA_VAULT_LISTEN: new URL(this.url).host,
        MEDIA_VAULT_DATA_DIR: join(this.folder, 'data'),
        ...this.settings,
      },
    })
    await log.close()
    const deadline = Date.now() + 30_000
    while (!(await this.#answers())) {
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        throw new Error(`the server does not start:\n${await this.log()}`)
      }
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    await rm(this.folder, { recursive: true, force: true })
  }

  log(): Promise<string> {
    return readFile(this.#logFile, 'utf8')
  }

  /** Makes the administrator, as the first visit would. */
  async setUp(who = ADA): Promise<void> {
    const answer = await fetch(`${this.url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(who),
    })
    if (answer.status !== 201) throw new Error(`setup answered ${answer.status}: ${await answer.text()}`)
  }

  /** A bearer token, for looking at the server from outside the browser. */
  async token(who = ADA): Promise<string> {
    const answer = await fetch(`${this.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: who.email, password: who.password }),
    })
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${await answer.text()}`)
    return ((await answer.json()) as { access_token: string }).access_token
  }

  get #logFile(): string {
    return join(this.folder, 'server.log')
  }

  async #answers(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      (answer) => answer.ok,
      () => false,
    )
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process
    this.#process = null
    if (!running || running.exitCode !== null) return
    const ended = once(running, 'exit')
    running.kill(signal)
    await ended
  }
}
