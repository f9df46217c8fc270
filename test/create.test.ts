import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask } from '../packages/create-active-alchemy/src/questions.ts'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'packages/create-active-alchemy/dist/main.js')
const template = join(root, 'packages/create-active-alchemy/template')

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alchemy-create-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs `create-active-alchemy` where nobody can be asked. */
function create(...words: string[]): { code: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], { cwd: folder, encoding: 'utf8', input: '' })
  return { code: status, out: stdout, error: stderr }
}

const filesIn = (at: string): string[] =>
  readdirSync(join(folder, at), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, at).length + 1))
    .sort()
const textOf = (path: string): string => readFileSync(join(folder, path), 'utf8')
const fastify = ['--framework', 'fastify', '--database', 'postgres', '--language', 'ts'] as const

describe('create-active-alchemy', () => {
  it('makes an application of what was said, without a question', () => {
    const made = create('shop-2', ...fastify)
    expect(made).toMatchObject({ code: 0, error: '' })
    expect(made.out).toMatch(/^shop-2: fastify, postgres, ts; \d+ files\. Now:\n\n {2}cd shop-2\n {2}npm install\n/)
    expect(filesIn('shop-2')).toEqual([
      '.dockerignore',
      '.env',
      '.env.example',
      '.env.test',
      '.gitignore',
      'Dockerfile',
      'README.md',
      'compose.yaml',
      'package.json',
      'src/app.ts',
      'src/db.ts',
      'src/migrations/1764201600000-CreateProjectsAndTasks.ts',
      'src/models/index.ts',
      'src/models/project.ts',
      'src/models/task.ts',
      'src/server.ts',
      'src/settings.ts',
      'src/start.ts',
      'test/app.test.ts',
      'tsconfig.json',
    ])
    const { version } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8')) as { version: string }
    const manifest = JSON.parse(textOf('shop-2/package.json')) as Record<string, object>
    expect(manifest).toMatchObject({ name: 'shop-2', type: 'module', 'active-alchemy': { db: './dist/src/models/index.js' } })
    expect(Object.keys(manifest['dependencies'] ?? {})).toEqual(['@active-alchemy/fastify', 'fastify', 'luxon', 'pg', 'typeorm'])
    expect(manifest['dependencies']).toMatchObject({ '@active-alchemy/fastify': `^${version}` })
    expect(Object.keys(manifest['scripts'] ?? {})).toEqual(expect.arrayContaining(['dev', 'build', 'start', 'test', 'migrate']))
    expect(textOf('shop-2/.env')).toBe(textOf('shop-2/.env.example'))
    expect(textOf('shop-2/.env.test')).toContain('localhost:5432/shop_2_test')
    expect(textOf('shop-2/compose.yaml')).toContain('POSTGRES_DB: shop_2\n')
    expect(textOf('shop-2/Dockerfile')).not.toMatch(/sqlite|\/data|^# (?:if|end)/m)
    for (const path of filesIn('shop-2')) expect(textOf(`shop-2/${path}`)).not.toMatch(/my.app/)
  })

  it('takes what is usual with --yes', () => {
    expect(create('--yes', '--database=mysql')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^my-app: express, mysql, ts;/) as unknown,
    })
    expect(create('-y', 'other', '--framework', 'nest').out).toMatch(/^other: nest, sqlite, ts;/)
    expect(textOf('other/tsconfig.json')).toContain('experimentalDecorators')
    expect(textOf('other/Dockerfile')).toContain('VOLUME /data\nUSER node\n')
  })

  it('makes it in the empty folder where it stands', () => {
    mkdirSync(join(folder, 'here'))
    const { status, stdout } = spawnSync(process.execPath, [bin, '.', '--yes'], { cwd: join(folder, 'here'), encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, expect.not.stringContaining('cd ')])
    expect(textOf('here/package.json')).toContain('"name": "here"')
  })

  it('touches no folder with something in it, and makes nothing it was not told to', () => {
    mkdirSync(join(folder, 'full'))
    writeFileSync(join(folder, 'full/.keep'), '')
    writeFileSync(join(folder, 'file'), '')
    expect(create('full', ...fastify)).toEqual({
      code: 1,
      out: '',
      error: 'error: full has something in it. Name another folder, or empty it.\n',
    })
    expect(filesIn('full')).toEqual(['.keep'])
    expect(create('file', '--yes')).toMatchObject({ code: 1, error: 'error: file is a file.\n' })
    expect(create('My App', '--yes')).toMatchObject({ code: 1, error: expect.stringContaining('can be no name of a package') as unknown })
    expect(create('new', '--framework', 'koa')).toEqual({
      code: 2,
      out: '',
      error: 'error: Nobody is there to ask: say --database, --language, or --yes for what is usual. See create-active-alchemy --help.\n',
    })
    expect(existsSync(join(folder, 'new'))).toBe(false)
  })

  it.each([
    [['--framework', 'hapi'], '--framework takes express, fastify, koa, nest, and not hapi.'],
    [['--frame', 'koa'], 'Unknown option --frame. See create-active-alchemy --help.'],
    [['--database'], 'Option --database argument is ambiguous. See create-active-alchemy --help.'],
    [['a', 'b'], 'One folder is made at a time, and a, b are 2.'],
  ])('refuses %j', (words, error) => {
    expect(create(...words, '--yes')).toMatchObject({ code: 2, out: '', error: expect.stringContaining(error) as unknown })
    expect(filesIn('.')).toEqual([])
  })

  it('helps', () => {
    expect(create('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: npm create active-alchemy [folder]') as unknown,
    })
    expect(create('-v').out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('names no version below the one that is tested here', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
    const named = readdirSync(template).flatMap((layer) => {
      const file = join(template, layer, 'package.json')
      if (!existsSync(file)) return []
      const { dependencies, devDependencies: own } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>
      return Object.entries({ ...dependencies, ...own }).map(([name, range]) => [name, range.slice(1)] as const)
    })
    const floors = Object.fromEntries(named.filter(([name]) => name in devDependencies))
    expect(Object.keys(floors)).toEqual(
      expect.arrayContaining(['express', 'fastify', 'koa', '@nestjs/core', 'typeorm', 'pg', 'typescript']),
    )
    const tested = Object.entries(devDependencies).map(([name, version]) => [name, version.replace(/^~/, '')] as const)
    expect(floors).toEqual(Object.fromEntries(tested.filter(([name]) => name in floors)))
  })
})

describe('create-active-alchemy in a terminal', () => {
  /** Says the lines one after the other, as each question comes. */
  async function conversation(lines: string[], folder: string | undefined, chosen: Parameters<typeof ask>[1]) {
    const input = new PassThrough()
    let shown = ''
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        shown += chunk.toString()
        if (shown.endsWith('): ')) {
          const next = lines.shift()
          if (next === undefined) input.end()
          else input.write(`${next}\n`)
        }
        done()
      },
    })
    const answers = await ask(folder, chosen, input, output)
    return { answers, shown }
  }

  it('asks for each thing, and takes a number, a word, its beginning, or Enter', async () => {
    const { answers, shown } = await conversation(['My App', 'shop', 'ko', '2', ''], undefined, {})
    expect(answers).toEqual({ folder: 'shop', chosen: { framework: 'koa', database: 'postgres', language: 'ts' } })
    expect(shown).toContain('My App can be no name of a package')
    expect(shown).toContain('Framework\n  1. express: Express 5\n')
  })

  it('asks again what it does not understand, and not for what was said', async () => {
    const { answers, shown } = await conversation(['7', 'rails', 'nest'], 'shop', { database: 'mysql', language: 'js' })
    expect(answers).toEqual({ folder: 'shop', chosen: { framework: 'nest', database: 'mysql', language: 'js' } })
    expect(shown).not.toContain('Database')
  })

  it('makes nothing where the input ends', async () => {
    await expect(conversation([], undefined, {})).rejects.toThrow(/abort/i)
  })
})
