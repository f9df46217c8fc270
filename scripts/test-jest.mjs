// jest loads no ES modules by `require`: with the line that the README tells, ts-jest and @swc/jest load the packages.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack, root, run, step } from './packed.mjs'

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const line = "transformIgnorePatterns: ['/node_modules/(?!@active-alchemy)']"
if (!readFileSync(join(root, 'packages/core/README.md'), 'utf8').includes(line)) throw new Error(`The README of core does not tell ${line}`)

const folder = mkdtempSync(join(tmpdir(), 'alchemy-jest-'))
const spec = `import { ActiveAlchemy } from '@active-alchemy/express'
import express from 'express'

const db = new ActiveAlchemy('sqlite://')
class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {}

class Tag extends db.Model {
  @db.Column(db.String(20)) declare label: string
}

beforeAll(() => db.createAll())
afterAll(() => db.close())

it('writes and reads', async () => {
  await Note.create({ text: 'a' })
  await Tag.create({ label: 'b' } as never)
  expect([await Note.count(), (await Tag.first())?.label]).toEqual([1, 'b'])
})

it('binds an application', async () => {
  const app = express()
  app.use(db.middleware())
  app.post('/', async (_req, res) => {
    await Note.create({ text: 'lost' })
    res.status(400).json({})
  })
  const server = app.listen(0)
  const { port } = server.address() as { port: number }
  expect((await fetch('http://127.0.0.1:' + port, { method: 'POST' })).status).toBe(400)
  server.close()
  expect(await Note.count()).toBe(1)
})

describe('in a sandbox', () => {
  let box: Awaited<ReturnType<typeof db.sandbox>>
  beforeEach(async () => {
    box = await db.sandbox()
  })
  afterEach(() => box.rollback())

  it.each(['first', 'second'])('the %s test writes over a socket, and finds nothing of the other', async (text) => {
    const app = express()
    app.use(db.middleware())
    app.post('/', async (_req, res) => {
      await Note.create({ text })
      res.status(201).json({})
    })
    const server = app.listen(0)
    const { port } = server.address() as { port: number }
    expect((await fetch('http://127.0.0.1:' + port, { method: 'POST' })).status).toBe(201)
    server.close()
    expect(await Note.count()).toBe(2)
  })
})
`
const swc = `['@swc/jest', { jsc: { parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true } } }]`
const transforms = { 'ts-jest': `['ts-jest', { diagnostics: false }]`, '@swc/jest': swc }

try {
  const tarballs = await step('npm pack', () => pack(folder).map(({ tarball }) => tarball))
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "application", "private": true }')
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['jest', 'node'],
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  writeFileSync(join(project, 'note.test.ts'), spec)
  await step('npm install', () => {
    const pinned = ['express', 'typeorm', 'luxon', 'better-sqlite3', '@types/express'].map((name) => `${name}@${devDependencies[name]}`)
    const jest = ['jest@30', 'ts-jest@29', '@swc/jest@0.2', '@swc/core@1.16.18', '@types/jest@30', '@types/node@20', 'typescript@6.0']
    // The native part of better-sqlite3 was compiled by this checkout.
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error', ...tarballs, ...pinned, ...jest], {
      cwd: project,
    })
    const own = join(project, 'node_modules/better-sqlite3')
    rmSync(own, { recursive: true })
    cpSync(join(root, 'node_modules/better-sqlite3'), own, { recursive: true })
  })
  for (const [name, transform] of Object.entries(transforms)) {
    writeFileSync(join(project, 'jest.config.js'), `module.exports = { transform: { '^.+\\\\.(t|j)s$': ${transform} }, ${line} }`)
    await step(name, () => run('npx', ['jest'], { cwd: project }))
  }
  await step('without the line they are not loaded: it is still needed', () => {
    writeFileSync(join(project, 'jest.config.js'), `module.exports = { transform: { '^.+\\\\.ts$': ${swc} } }`)
    try {
      run('npx', ['jest'], { cwd: project })
    } catch (error) {
      if (/Must use import|Cannot use import|Unexpected token/.test(error.message)) return
      throw error
    }
    throw new Error('jest loads them without it: take the line out of the README')
  })
} catch (error) {
  console.error(`FAILED ${error.message}`)
  process.exitCode = 1
} finally {
  if (!process.env.KEEP) rmSync(folder, { recursive: true, force: true })
}
