import AxeBuilder from '@axe-core/playwright'
import { type Page, test as base, expect } from '@playwright/test'
import { Front } from './front.ts'
import { ADA, Vault } from './vault.ts'

interface Fixtures {
  /**
   * How pages are opened: by this machine's own address; by the server's name over plain http, which to browsers is not a secure context as
   * this machine's addresses are; or by Caddy, over HTTPS.
   */
  reached: 'here' | 'by name' | 'by Caddy'
  /** The most bytes of a request that Caddy takes. */
  caddyTakes: string | null
  /** Caddy before the server, if it is reached by it. */
  front: Front | null
  /** A new server with nothing in it. */
  vault: Vault
  /** A page, signed in as the administrator of that server. */
  signedIn: Page
  /** Fails the test when the page has accessibility faults. */
  accessible: (page: Page) => Promise<void>
}

declare global {
  interface Window {
    reportBreach: (what: string) => void
  }
}

export const test = base.extend<Fixtures>({
  reached: ['here', { option: true }],

  caddyTakes: [null, { option: true }],

  front: async ({ reached, caddyTakes }, use) => {
    const front = reached === 'by Caddy' ? await Front.make(caddyTakes) : null
    await use(front)
    await front?.stop()
  },

  vault: async ({ front }, use, info) => {
    const vault = await Vault.start(front ? { MEDIA_VAULT_PUBLIC_URL: front.url, MEDIA_VAULT_TRUSTED_PROXIES: '127.0.0.1/32' } : {})
    await front?.before(vault.url)
    await use(vault)
    if (info.status !== info.expectedStatus) await info.attach('server.log', { body: await vault.log() })
    await vault.stop()
  },

  baseURL: async ({ vault, front, reached }, use) => use(front?.url ?? (reached === 'by name' ? vault.named : vault.url)),

  ignoreHTTPSErrors: async ({ reached }, use) => use(reached === 'by Caddy'),

  // Every page of every test: anything on the console, a request to anywhere else or a breach of the content policy fails it.
  context: async ({ context, baseURL }, use) => {
    const problems: string[] = []
    await context.exposeBinding('reportBreach', (_, what: string) => problems.push(`content policy: ${what}`))
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
        window.reportBreach(`${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`),
      )
    })
    context.on('console', (message) => {
      // The browser itself reports refused requests as errors; what they mean is for the test to say.
      if (message.text().startsWith('Failed to load resource')) return
      if (message.type() === 'error' || message.type() === 'warning') problems.push(`${message.type()}: ${message.text()}`)
    })
    context.on('weberror', (error) => problems.push(String(error.error())))
    context.on('request', (request) => {
      const url = new URL(request.url())
      if (url.protocol.startsWith('http') && url.origin !== baseURL) problems.push(`a request left the house: ${url.origin}`)
    })
    await use(context)
    expect(problems).toEqual([])
  },

  signedIn: async ({ page, vault, baseURL }, use) => {
    await vault.setUp()
    const answer = await page.request.post('/api/v1/auth/login', {
      headers: { 'X-Session': 'cookie', Origin: baseURL ?? '' },
      data: { email: ADA.email, password: ADA.password },
    })
    expect(answer.status()).toBe(200)
    await page.goto('/')
    await expect(page.getByTestId('files-bar')).toBeAttached()
    await use(page)
  },

  accessible: async ({}, use) => {
    await use(async (page) => {
      const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze()
      expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([])
    })
  },
})

export { ADA, expect }
