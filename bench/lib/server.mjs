import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { Agent, createServer as createHttp, request as ask } from 'node:http'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'

const binary = process.env.MEDIA_VAULT_BINARY ?? resolve(import.meta.dirname, '../../target/release/media-vault')
export const ADA = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery staple' }

/** A real server over a data folder that stays. */
export class Server {
  #process
  #host
  port = 0

  /** `options` go behind `serve`; with a link it runs on the other end of it. */
  static async start(data, options = [], link = null) {
    const server = new Server()
    server.port = await freePort()
    server.#host = link?.host ?? '127.0.0.1'
    const [command, ...rest] = [...(link?.prefix ?? []), binary, 'serve', ...options]
    server.#process = spawn(command, rest, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        MEDIA_VAULT_LISTEN: `${server.#host}:${server.port}`,
        MEDIA_VAULT_DATA_DIR: data,
        MEDIA_VAULT_RATE_LIMIT_PER_MINUTE: '0',
        MEDIA_VAULT_LOG: 'error',
      },
    })
    const deadline = Date.now() + 60_000
    while (!(await fetch(`${server.url}/health`).then((answer) => answer.ok, () => false))) {
      if (server.#process.exitCode !== null || Date.now() > deadline) throw new Error('the server does not start')
      await new Promise((done) => setTimeout(done, 50))
    }
    return server
  }

  get url() {
    return `http://${this.#host}:${this.port}`
  }

  async setUp() {
    await checked(fetch(`${this.url}/api/v1/setup`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(ADA) }))
  }

  /** Adds the photos of a folder, waits until they are prepared, and keeps their thumbnails in another folder. */
  async add(folder, thumbnails) {
    await mkdir(thumbnails, { recursive: true })
    const headers = { authorization: `Bearer ${await this.token()}` }
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.jpg'))) {
      const form = new FormData()
      form.append('file', new Blob([await readFile(join(folder, name))]), name)
      const media = await checked(fetch(`${this.url}/api/v1/media`, { method: 'POST', headers, body: form }))
      while ((await checked(fetch(`${this.url}/api/v1/media/${media.id}`, { headers }))).state === 'processing') await new Promise((done) => setTimeout(done, 100))
      const picture = await fetch(`${this.url}/api/v1/media/${media.id}/thumbnail?size=thumb`, { headers })
      await writeFile(join(thumbnails, `${media.id}.webp`), Buffer.from(await picture.arrayBuffer()))
    }
  }

  async token() {
    const { email, password } = ADA
    const answer = fetch(`${this.url}/api/v1/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email, password }) })
    return (await checked(answer)).access_token
  }

  async get(path) {
    return checked(fetch(this.url + path, { headers: { authorization: `Bearer ${await this.token()}` } }))
  }

  async stop() {
    if (this.#process.exitCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }
}

/** Stands before a server and answers for the thumbnails of rows that have no file, with those of real photos. */
export class Front {
  #server
  #http
  #headers
  #pictures = []
  url = ''

  static async before(server, thumbnails) {
    const front = new Front()
    front.#server = server
    front.#headers = { authorization: `Bearer ${await server.token()}` }
    for (const name of await readdir(thumbnails)) front.#pictures.push(await readFile(join(thumbnails, name)))
    const agent = new Agent({ keepAlive: true })
    front.#http = createHttp((from, to) => {
      const id = /^\/api\/v1\/media\/([^/]+)\/thumbnail/.exec(from.url)?.[1]
      if (id) {
        to.writeHead(200, { 'content-type': 'image/webp', 'cache-control': 'private, max-age=31536000, immutable' })
        to.end(front.#pictures[parseInt(id.slice(-4), 16) % front.#pictures.length])
        return
      }
      const there = ask({ host: '127.0.0.1', port: server.port, path: from.url, method: from.method, headers: from.headers, agent }, (answer) => {
        to.writeHead(answer.statusCode, answer.headers)
        answer.pipe(to)
      })
      there.on('error', () => to.destroy())
      to.on('close', () => there.destroy())
      from.pipe(there)
    })
    front.#http.listen(0, '127.0.0.1')
    await once(front.#http, 'listening')
    front.url = `http://127.0.0.1:${front.#http.address().port}`
    return front
  }

  async newest(count) {
    const { buckets } = await checked(fetch(`${this.#server.url}/api/v1/timeline`, { headers: this.#headers }))
    const ids = []
    for (const { month } of buckets) {
      if (ids.length >= count) break
      const { items } = await checked(fetch(`${this.#server.url}/api/v1/timeline/${month}?limit=${count}`, { headers: this.#headers }))
      ids.push(...items.id)
    }
    return ids.slice(0, count)
  }

  async batch(ids, action) {
    await checked(
      fetch(`${this.#server.url}/api/v1/media/batch`, {
        method: 'POST',
        headers: { ...this.#headers, 'content-type': 'application/json' },
        body: JSON.stringify({ ids, action }),
      }),
    )
  }

  async stop() {
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }
}

async function checked(asked) {
  const answer = await asked
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

async function freePort() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}
