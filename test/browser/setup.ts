import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { preview } from 'vite'
import type { TestProject } from 'vitest/node'
import { chromiumPath } from './chromium.ts'
import { site } from './site.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser of all tests listens. */
    browser: string
    /** Address of the built site. */
    site: string
    takesScreenshots: boolean
  }
}

/** Starts what all files share: one browser, and the documents as they are published. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const executablePath = chromiumPath()
  if (!existsSync(site)) execFileSync('npm', ['run', 'docs:build'], { stdio: 'inherit' })
  const browser = await chromium.launchServer({ executablePath })
  provide('browser', browser.wsEndpoint())
  const pages = await preview({
    configFile: false,
    logLevel: 'error',
    appType: 'mpa',
    build: { outDir: site },
    preview: { host: '127.0.0.1', port: 0 },
  })
  const [url] = pages.resolvedUrls?.local ?? []
  if (url === undefined) throw new Error('The site is not served')
  provide('site', url)
  return async () => {
    await pages.close()
    await browser.close()
  }
}
