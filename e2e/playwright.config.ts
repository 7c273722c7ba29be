import { defineConfig } from '@playwright/test'
import { HOUSE } from './lib/vault.ts'

/** Debian's Chromium: nothing is downloaded. As root it needs to run without its own sandbox. */
const chromium = {
  executablePath: process.env.MEDIA_VAULT_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Caddy's certificate is of its own authority. Nothing but this machine is ever reached.
    '--ignore-certificate-errors',
    `--host-resolver-rules=MAP ${HOUSE} 127.0.0.1`,
  ],
}

export default defineConfig({
  testDir: 'tests',
  outputDir: '../target/e2e',
  // One browser at a time: the machine is shared with the server and its decoders.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [['list'], ['json']] : [['list']],
  use: {
    browserName: 'chromium',
    headless: true,
    launchOptions: chromium,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Warsaw',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
  },
})
