import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`packages/${path}`, import.meta.url))

/** The suite of a server that `DATABASES` does not name. */
function without(folder: 'mysql' | 'postgres'): string[] {
  const chosen = process.env['DATABASES']?.split(',').filter(Boolean)
  const name = folder === 'mysql' ? 'mariadb' : folder
  return !chosen || chosen.some((each) => name.startsWith(each)) ? [] : [`test/${folder}/**`]
}

export default defineConfig({
  resolve: {
    // The sources, so that coverage is theirs; `npm run test:pack` tests what is published.
    alias: [
      { find: '@active-alchemy/core/http', replacement: source('core/src/http/index.ts') },
      { find: /^@active-alchemy\/([a-z]+)$/, replacement: source('$1/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // Suites of one server need it: `npm run test:sqlite` leaves them out.
    exclude: ['**/node_modules/**', ...without('postgres'), ...without('mysql')],
    globalSetup: ['test/servers.ts'],
    setupFiles: ['test/setup.ts'],
    // better-sqlite3 is native; a process each also keeps the databases of the workers apart.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 95, branches: 90 },
    },
    typecheck: { include: ['test/types/**/*.test-d.ts'], tsconfig: 'test/tsconfig.json' },
  },
})
