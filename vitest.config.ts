import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`packages/${path}`, import.meta.url))

/** Suites of servers and frameworks that `DATABASES` and `FRAMEWORKS` do not name: `npm run test:sqlite` leaves some out. */
function unchosen(): string[] {
  const chosen = (variable: string): string[] | undefined => process.env[variable]?.split(',').filter(Boolean)
  const [databases, frameworks] = [chosen('DATABASES'), chosen('FRAMEWORKS')]
  const isChosen = (database: string): boolean => !databases || databases.some((each) => database.startsWith(each))
  const [postgres, mariadb] = [isChosen('postgres'), isChosen('mariadb')]
  return [
    ...(postgres ? [] : ['test/postgres/**']),
    ...(mariadb ? [] : ['test/mysql/**']),
    ...(postgres || mariadb ? [] : ['test/lost-commits.test.ts']),
    ...['express', 'fastify', 'koa', 'nest']
      .filter((family) => frameworks && !frameworks.some((each) => each.startsWith(family) || family.startsWith(each)))
      .map((family) => `test/request/${family}.test.ts`),
  ]
}

export default defineConfig({
  resolve: {
    // The sources, so that coverage is theirs; `npm run test:pack` tests what is published.
    alias: [
      { find: /^@active-alchemy\/core\/([a-z]+)$/, replacement: source('core/src/$1/index.ts') },
      { find: /^@active-alchemy\/([a-z]+)$/, replacement: source('$1/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // What needs a browser has a configuration of its own: `npm run test:browser`.
    exclude: ['**/node_modules/**', 'test/browser/**', ...unchosen()],
    globalSetup: ['test/servers.ts'],
    setupFiles: ['test/setup.ts'],
    // better-sqlite3 is native; a process each also keeps the databases of the workers apart.
    pool: 'forks',
    maxWorkers: 2,
    // Room for a machine that does other things: no test is decided by its speed.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      // Run as processes, by test/cli.test.ts and test/create.test.ts.
      exclude: ['packages/core/src/cli/**', 'packages/create-active-alchemy/src/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 95, branches: 90 },
    },
    typecheck: { include: ['test/types/**/*.test-d.ts'], tsconfig: 'test/tsconfig.json' },
  },
})
