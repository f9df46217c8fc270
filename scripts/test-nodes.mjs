// The suites on other versions of Node: `npm run test:nodes`, `npm run test:nodes -- 24`; `DATABASES` and `FRAMEWORKS` choose as for vitest.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyRepository, installed, passes, replace } from './copy.mjs'
import { pack, run, step } from './packed.mjs'

const majors = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['22', '24', '26']
/** Compiled for every Node from 22 on, where 12 has to be compiled for each. */
const betterSqlite = '13.2.0'
const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const suites = [
  'test/model.test.ts',
  'test/data-types.test.ts',
  'test/cli.test.ts',
  'test/request',
  'test/promises.test.ts',
  'test/typeorm-contract.test.ts',
  'packages/core',
]
/** Again on the SQLite of Node.js. */
const suitesOfSqlite = [
  'test/model.test.ts',
  'test/data-types.test.ts',
  'test/sqlite.test.ts',
  'test/sqlite-drivers.test.ts',
  'test/consistency.test.ts',
  'test/request',
]

let failed = 0
const check = async (title, work) => {
  try {
    await step(title, () => {
      if (work() === false) throw new Error(title)
    })
  } catch (error) {
    failed += 1
    console.error(`FAILED ${error.message}`)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'alchemy-nodes-'))
let copy
try {
  const tarballs = await step('npm pack', () => pack(folder).map(({ tarball }) => tarball))
  copy = await step('a copy of the repository', copyRepository)
  await step(`better-sqlite3 ${betterSqlite}`, () => replace(copy, 'node_modules/better-sqlite3', 'better-sqlite3', betterSqlite))
  for (const major of majors) {
    const node = join(installed(platform, major), platform, 'bin/node')
    const version = run(node, ['--version']).trim()
    await check(`Node ${version}: nothing that is installed asks for another`, () => {
      const at = mkdtempSync(join(folder, 'engines-'))
      writeFileSync(join(at, 'package.json'), '{ "name": "application", "private": true }')
      const npm = process.env.npm_execpath ?? join(run('npm', ['root', '-g']).trim(), 'npm/bin/npm-cli.js')
      const peers = ['express', 'fastify', 'koa', '@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'typeorm', 'luxon']
      const parameters = ['install', '--package-lock-only', '--no-audit', '--no-fund', ...tarballs, ...peers]
      const printed = run('bash', ['-c', '"$@" 2>&1', 'bash', node, npm, ...parameters], { cwd: at })
      if (printed.includes('EBADENGINE')) throw new Error(printed)
    })
    await check(`Node ${version}: the suites`, () => passes(copy, suites, { node }))
    if (Number(major) >= 24)
      await check(`Node ${version}: the suites on its SQLite`, () =>
        passes(copy, suitesOfSqlite, { node, env: { SQLITE_DRIVER: 'node', DATABASES: 'sqlite' } }),
      )
  }
} finally {
  if (copy) rmSync(copy, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
