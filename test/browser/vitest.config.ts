import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** `npm run test:browser`; with `-- --mode screenshots` the pictures of the documents are taken on the way. */
export default defineConfig(({ mode }) => ({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/browser/*.test.ts'],
    globalSetup: ['test/browser/setup.ts'],
    provide: { takesScreenshots: mode === 'screenshots' },
    pool: 'forks',
    maxWorkers: 2,
    // Room for a machine that does other things: no test is decided by its speed.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
}))
