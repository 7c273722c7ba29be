import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'

const cache = process.env.MEDIA_VAULT_CACHE ?? join(homedir(), '.cache/media-vault')

/** Caddy before a server, as most of them are reached from elsewhere: HTTPS and HTTP/2, a certificate of its own authority. */
export class Front {
  #process: ChildProcess | null = null

  private constructor(
    readonly url: string,
    /** The most bytes of a request, as Caddy writes them. */
    readonly most: string | null,
    readonly folder: string,
  ) {}

  /** Chooses its address: the server wants to know it. */
  static async make(most: string | null): Promise<Front> {
    return new Front(`https://localhost:${await freePort()}`, most, await mkdtemp(join(tmpdir(), 'media-vault-front-')))
  }

  /** Begins to pass on to a server. */
  async before(server: string): Promise<void> {
    const rules = join(this.folder, 'Caddyfile')
    const limit = this.most === null ? '' : `  request_body {\n    max_size ${this.most}\n  }\n`
    await writeFile(rules, `{\n  admin off\n  skip_install_trust\n  auto_https disable_redirects\n  storage file_system ${join(this.folder, 'storage')}\n}\n${this.url} {\n  tls internal\n${limit}  reverse_proxy ${new URL(server).host}\n}\n`)
    const log = await open(join(this.folder, 'caddy.log'), 'a')
    this.#process = spawn(join(cache, 'venv/bin/caddy'), ['run', '--config', rules], {
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env.PATH, HOME: this.folder, XDG_CONFIG_HOME: this.folder, XDG_DATA_HOME: this.folder },
    })
    await log.close()
    const deadline = Date.now() + 30_000
    while (!(await readFile(join(this.folder, 'caddy.log'), 'utf8')).includes('serving initial configuration')) {
      if (this.#process.exitCode !== null || Date.now() > deadline) throw new Error(`Caddy does not start:\n${await readFile(join(this.folder, 'caddy.log'), 'utf8')}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  async stop(): Promise<void> {
    const running = this.#process
    this.#process = null
    if (running && running.exitCode === null) {
      const ended = once(running, 'exit')
      running.kill('SIGTERM')
      await ended
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}
