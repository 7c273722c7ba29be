import AxeBuilder from '@axe-core/playwright'
import { type Page, test as base, expect } from '@playwright/test'
import { ADA, Vault } from './vault.ts'

interface Fixtures {
  /** Pages are opened by the server's name over plain http: to browsers that is not a secure context, as this machine's own addresses are. */
  inTheHouse: boolean
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
  vault: async ({}, use, info) => {
    const vault = await Vault.start()
    await use(vault)
    if (info.status !== info.expectedStatus) await info.attach('server.log', { body: await vault.log() })
    await vault.stop()
  },

  inTheHouse: [false, { option: true }],

  baseURL: async ({ vault, inTheHouse }, use) => use(inTheHouse ? vault.named : vault.url),

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

  signedIn: async ({ page, vault }, use) => {
    await vault.setUp()
    const answer = await page.request.post('/api/v1/auth/login', {
      headers: { 'X-Session': 'cookie', Origin: vault.url },
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
