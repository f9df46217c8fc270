// The tests of an application in every runner: `test/runners` against the packages as they are published, on every database, two files
// at once. `npm run test:runners`, or what some words begin: `npm run test:runners -- jest sqlite`.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ActiveAlchemy } from '@active-alchemy/core'
import { build } from 'esbuild'
import { installed } from './copy.mjs'
import { pack, root, run, step } from './packed.mjs'

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const clients = ['supertest', 'inject', 'nest-inject', 'fetch']
/** Those of `rows.ts`: where there is one sandbox at a time, one less. */
const testsOn = { sqlite: 6, postgres: 7, mariadb: 6 }

/** What a page tells its reader to write: the first group of `pattern`. */
function told(page, pattern) {
  const [, text] = pattern.exec(readFileSync(join(root, page), 'utf8')) ?? []
  if (!text) throw new Error(`${page} does not tell ${pattern}`)
  return text
}
const importOf = (module) => told('docs/testing.md', new RegExp(`(import \\{[^}]*\\} from '${module}')`))
const lineOfJest = /^ {2}(transformIgnorePatterns: .*),$/m
const line = told('docs/start/languages.md', lineOfJest)
if (told('packages/core/README.md', lineOfJest) !== line) throw new Error(`The README of core does not tell ${line}`)

// Files that took less than a second the last time jest would run one after the other, but for a limit of the memory.
const jest = ['node_modules/jest/bin/jest.js', '--maxWorkers=2', '--workerIdleMemoryLimit=4GB']
const compiling = (transform, ...lines) =>
  `module.exports = {\n${[`transform: { '^.+\\\\.(t|j)s$': ${transform} }`, ...lines].map((each) => `  ${each},\n`).join('')}}\n`
const tsJest = `['ts-jest', { diagnostics: false }]`
const swc = `['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true } } }]`

/** How each runs two files at once. The files are TypeScript where something compiles them, else ES modules of JavaScript. */
const runners = {
  vitest: { module: 'vitest', isTyped: true, command: ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=2'] },
  'jest, ES modules': {
    module: '@jest/globals',
    config: 'export default { transform: {} }\n',
    command: ['--experimental-vm-modules', ...jest],
    // Fastify's inject requires an ES module.
    newer: ['inject', 'nest-inject'],
  },
  'jest, CommonJS by ts-jest': {
    module: '@jest/globals',
    isTyped: true,
    config: compiling(tsJest, line),
    command: jest,
    // TypeScript leaves the `import.meta` of Nest 12 as it is.
    lacks: ['nest-inject'],
  },
  'jest, CommonJS by @swc/jest': { module: '@jest/globals', isTyped: true, config: compiling(swc, line), command: jest },
  'node:test': { module: 'node:test', command: ['--test', '--test-concurrency=2'] },
}

const scratch = mkdtempSync(join(tmpdir(), 'alchemy-runners-'))
const project = join(scratch, 'project')

let count = 0
/** The URI of a database that is not there yet. */
function freshUri(database) {
  const name = `runners_${process.pid}_${++count}`
  if (database === 'sqlite') return `sqlite:///${join(scratch, `${name}.db`)}`
  const url = new URL(servers[database])
  url.pathname = `/${name}`
  return String(url)
}
const servers = {
  sqlite: undefined,
  postgres: process.env.ALCHEMY_PG_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres',
  mariadb: process.env.ALCHEMY_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/mysql',
}

/** The names that a word of the command line begins; all, where none does. */
function chosen(names) {
  const some = names.filter((name) => process.argv.slice(2).some((word) => name.startsWith(word)))
  return some.length > 0 ? some : names
}

function install(tarballs) {
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "application", "private": true }')
  const nest = ['common', 'core', 'platform-fastify', 'testing'].map((name) => `@nestjs/${name}`)
  const own = ['express', 'fastify', 'koa', ...nest, 'reflect-metadata', 'rxjs', 'typeorm', 'luxon', 'better-sqlite3', 'pg', 'mysql2']
  const pinned = [...own, 'supertest', 'vitest'].map((name) => `${name}@${devDependencies[name]}`)
  const others = ['jest@30', 'ts-jest@29', '@swc/jest@0.2', '@swc/core@1.16.18', '@types/jest@30', '@types/node@20', 'typescript@6.0']
  // The native part of better-sqlite3 was compiled by this checkout.
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel', 'error']
  run('npm', ['install', ...quiet, ...tarballs, ...pinned, ...others], { cwd: project })
  const native = join(project, 'node_modules/better-sqlite3')
  rmSync(native, { recursive: true })
  cpSync(join(root, 'node_modules/better-sqlite3'), native, { recursive: true })
}

/** Writes a file of tests for each client: but for what it imports it is the same in every runner. @returns Their folder. */
async function filesOf(name) {
  const { module, isTyped, config } = runners[name]
  const folder = join(project, name.replaceAll(/\W+/g, '-'))
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), isTyped ? '{}' : '{ "type": "module" }')
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    isolatedModules: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  if (config) writeFileSync(join(folder, 'jest.config.js'), config)
  const sources = isTyped ? folder : join(scratch, 'sources')
  cpSync(join(root, 'test/runners'), sources, { recursive: true, filter: (path) => !path.endsWith('.test.ts') })
  const files = clients.map((client) => join(sources, `${client}.test.ts`))
  for (const [index, client] of clients.entries()) {
    const imports = [importOf(module), `import { start } from './${client}.ts'`, `import { rows } from './rows.ts'`]
    const place = `{ uri: () => process.env.DATABASE_URL, hasSeveral: process.env.DATABASE_URL.startsWith('postgres'), files: 2 }`
    const call = `rows({ beforeAll, beforeEach, afterEach, afterAll, test }, start, ${place})`
    writeFileSync(files[index], [...imports, call, ''].join('\n'))
  }
  if (isTyped) return folder
  const tsconfig = join(folder, 'tsconfig.json')
  await build({ entryPoints: files, outdir: folder, bundle: true, packages: 'external', format: 'esm', target: 'node20', tsconfig })
  return folder
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isNew = major > 24 || (major === 24 && minor >= 9)

/** Where jest loads ES modules by `require`. SQLite's client is compiled for this Node alone. */
function newerNode() {
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  return isNew ? process.execPath : join(installed(platform, '24'), platform, 'bin/node')
}

/** Runs files of tests, of which all must pass. */
function passes(node, name, folder, some, database, uri) {
  const { command, config, isTyped } = runners[name]
  const files = some.map((client) => join(folder, `${client}.test.${isTyped ? 'ts' : 'js'}`))
  const parameters = [...command, ...(config ? ['--config', join(folder, 'jest.config.js')] : []), ...files]
  const printed = run('bash', ['-c', '"$@" 2>&1', 'bash', node, ...parameters], {
    cwd: project,
    env: { ...process.env, DATABASE_URL: uri, NODE_ENV: 'test' },
  })
  const expected = some.length * testsOn[database]
  if (!new RegExp(`\\b(${expected} passed|pass ${expected})\\b`).test(printed)) throw new Error(`Not ${expected} tests:\n${printed}`)
}

try {
  const tarballs = await step('npm pack', () => pack(scratch).map(({ tarball }) => tarball))
  await step('npm install', () => install(tarballs))
  const { utils } = new ActiveAlchemy('sqlite://')
  const names = chosen(Object.keys(runners))
  for (const name of names) {
    const folder = await filesOf(name)
    const { newer = [], lacks = [] } = runners[name]
    const later = isNew ? [] : newer
    const now = clients.filter((client) => !later.includes(client) && !lacks.includes(client))
    for (const client of lacks) console.log(`left   ${name}: ${client}`)
    for (const database of chosen(Object.keys(servers))) {
      const uri = freshUri(database)
      await utils.createDatabase(uri)
      try {
        await step(`${name}, ${database}: ${now.join(', ')}`, () => passes(process.execPath, name, folder, now, database, uri))
        if (later.length === 0) continue
        if (database === 'sqlite') console.log(`left   ${name}, ${database}: ${later.join(', ')}: for Node 24.9 and later`)
        else await step(`${name}, ${database}, Node 24: ${later.join(', ')}`, () => passes(newerNode(), name, folder, later, database, uri))
      } finally {
        await utils.dropDatabase(uri)
      }
    }
  }
  const swcRunner = 'jest, CommonJS by @swc/jest'
  if (names.includes(swcRunner) && !isNew) {
    await step('without its line jest loads nothing: it is still needed', () => {
      const folder = join(project, swcRunner.replaceAll(/\W+/g, '-'))
      writeFileSync(join(folder, 'jest.config.js'), compiling(swc))
      try {
        passes(process.execPath, swcRunner, folder, ['fetch'], 'sqlite', freshUri('sqlite'))
      } catch (error) {
        if (/Must use import|Cannot use import|Unexpected token/.test(error.message)) return
        throw error
      }
      throw new Error('jest loads them without it: take the line out of the documents')
    })
  }
} catch (error) {
  console.error(`FAILED ${error.message}`)
  process.exitCode = 1
} finally {
  if (!process.env.KEEP) rmSync(scratch, { recursive: true, force: true })
}
