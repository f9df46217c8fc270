import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ActiveAlchemy } from '@active-alchemy/core'
import { afterEach, describe, expect, it } from 'vitest'
import type { FreshDatabase } from './databases/database.ts'
import { postgres } from './databases/postgres.ts'
import { sqliteFile } from './databases/sqlite.ts'
import { servers } from './matrix.ts'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'packages/core/dist/cli/main.js')

/** What a command printed, and how it ended. */
interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** Runs `active-alchemy`. */
interface Run {
  (...words: string[]): Ended
  /** With lines on its standard input. */
  piped(lines: readonly string[], ...words: string[]): Ended
}

/** Many processes, one after the other, perhaps on a busy machine. */
const patience = 300_000

const open: { folder?: string; fresh?: FreshDatabase } = {}

afterEach(async () => {
  if (open.folder) rmSync(open.folder, { recursive: true })
  await open.fresh?.drop()
  delete open.folder
  delete open.fresh
})

/** A project with `files`, and the packages of this repository. @param place Folder in it. @returns Runs `active-alchemy` there. */
function project(files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}, place = '.'): Run {
  const folder = mkdtempSync(join(tmpdir(), 'alchemy-cli-'))
  open.folder = folder
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const piped: Run['piped'] = (lines, ...words) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
      cwd: join(folder, place),
      encoding: 'utf8',
      env: { ...process.env, ...env },
      timeout: 60_000,
      input: lines.join('\n'),
    })
    return { code: status, out: stdout, error: stderr }
  }
  return Object.assign((...words: string[]) => piped([], ...words), { piped })
}

const manifest = (type: string, config: object = { db: './src/db.js' }): string => JSON.stringify({ type, 'active-alchemy': config })

/** The module of a shop's database; a timer keeps its process alive, as a server would. */
function shop(type: 'module' | 'commonjs', columns = ''): string {
  const head =
    type === 'module'
      ? "import { ActiveAlchemy } from '@active-alchemy/core'\nexport const db = make()"
      : "const { ActiveAlchemy } = require('@active-alchemy/core')\nconst db = make()\nmodule.exports = { db, answer: 42 }"
  return `${head}
function make() { return new ActiveAlchemy(process.env.SHOP_URI, { typeorm: { migrations: ['migrations/*.js'] } }) }
class Product extends db.Model('Product', { name: db.Column(db.String(25)), ${columns} }) {}
class Order extends db.Model('Order', { product: db.Column(db.String(25), { length: { min: 2 } }) }) {}
setInterval(() => {}, 1_000)
`
}

const migrationFiles = (): string[] => readdirSync(join(open.folder ?? '', 'migrations')).sort()
const textOf = (file: string): string => readFileSync(join(open.folder ?? '', file), 'utf8')
const change = (file: string, text: string): void => writeFileSync(join(open.folder ?? '', file), text)

for (const database of servers) {
  for (const type of database === sqliteFile ? (['module', 'commonjs'] as const) : (['module'] as const)) {
    describe(`${database.name} › active-alchemy, ${type}`, () => {
      it(
        'writes migrations, runs them, tells of them and undoes them',
        async () => {
          open.fresh = await database.create()
          const run = project({ 'package.json': manifest(type), 'src/db.js': shop(type) }, { SHOP_URI: open.fresh.uri })
          expect(run('status')).toEqual({ code: 0, out: '0 ran, 0 pending.\n', error: '' })

          const written = run('migrate:generate', 'create-shop')
          expect(written).toMatchObject({ code: 0, error: '' })
          const [first = ''] = migrationFiles()
          expect(first).toMatch(/^\d{13}-CreateShop\.js$/)
          expect(written.out).toContain(`migrations/${first}`)
          expect(textOf(`migrations/${first}`)).toMatch(
            type === 'module' ? /^export class CreateShop\d{13} \{/ : /^exports\.CreateShop\d{13} = class /,
          )
          const name = `CreateShop${first.slice(0, 13)}`

          expect(run('status')).toEqual({ code: 1, out: `pending  ${name}\n0 ran, 1 pending.\n`, error: '' })
          expect(run('migrate:generate', 'Again')).toMatchObject({
            code: 1,
            error: expect.stringContaining(`1 migration pending (${name})`) as unknown,
          })
          const ran = run('migrate')
          expect(ran).toMatchObject({ code: 0, error: '' })
          expect(ran.out.replace(/\d\.\d\d s/, 'T')).toBe(`1 migration to run\n1/1      ${name} (T)\n1 migration ran.\n`)
          expect(run('migrate').out).toBe('Nothing to run: the database is up to date.\n')
          expect(run('status')).toEqual({ code: 0, out: `ran      ${name}\n1 ran, 0 pending.\n`, error: '' })
          expect(run('migrate:generate', 'Again')).toEqual({
            code: 0,
            out: 'The database has what the models say: nothing to write.\n',
            error: '',
          })

          change('src/db.js', shop(type, "price: db.Column(db.CompositeType('money', { amount: db.Integer }), { nullable: true }),"))
          const differs = run('migrate:generate', 'AddPrice', '--check')
          expect(differs).toMatchObject({ code: 1, out: expect.stringContaining('price') as unknown })
          expect(migrationFiles()).toHaveLength(1)
          expect(run('migrate:generate', 'AddPrice').code).toBe(0)
          expect(run('migrate').code).toBe(0)

          const undone = run('migrate:revert')
          expect(undone).toMatchObject({ code: 0, out: expect.stringMatching(/^undone {3}AddPrice\d{13}\n$/) as unknown, error: '' })
          expect(run('migrate:generate', 'AddPrice', '--check')).toMatchObject({
            code: 1,
            error: expect.stringContaining('pending') as unknown,
          })
          expect(run('migrate:revert').out).toContain('CreateShop')
          expect(run('migrate:revert')).toEqual({ code: 0, out: 'Nothing to undo: no migration has run.\n', error: '' })
        },
        patience,
      )
    })
  }

  describe(`${database.name} › active-alchemy`, () => {
    it('checks models, packages, connection, pool and migrations', async () => {
      open.fresh = await database.create()
      const run = project({ 'package.json': manifest('module'), 'src/db.js': shop('module') }, { SHOP_URI: open.fresh.uri })
      const well = run('check')
      expect(well).toMatchObject({ code: 0, error: '' })
      expect(well.out.split('\n').map((line) => line.slice(0, 20).replace(/:.*/, ''))).toEqual(
        ['models', 'packages', 'connection', 'pool', 'migrations'].map((title) => `ok       ${title}`).concat('All is well.', ''),
      )
      expect(well.out).toContain('2 (Product, Order)')
      const product = { sqlite: 'SQLite 3.', postgres: 'PostgreSQL ', mariadb: 'MariaDB ' }[database.name]
      expect(well.out).toContain(`ok       connection: ${product}`)
      expect(well.out).toMatch(
        database.lacks['a server'] ? /4 connections; a file/ : /10 connections of the server's \d+: room for \d+ process/,
      )

      run('migrate:generate', 'First')
      const pending = run('check')
      expect(pending).toMatchObject({ code: 1, error: '' })
      expect(pending.out).toMatch(
        /problem {2}migrations: 1 migration pending \(First\d{13}\)\. Run active-alchemy migrate\.\n1 problem\.\n$/,
      )
      change('src/db.js', shop('module').replace('{ typeorm', '{ poolSize: 1000, typeorm'))
      expect(run('check').out).toMatch(
        database.lacks['a server']
          ? /ok {7}pool: 1000 connections/
          : /problem {2}pool: 1000 connections, and the server takes \d+ from this user\. Set poolSize to \d+ or less\./,
      )
    })

    it('prints the SQL of createAll, and makes nothing', async () => {
      open.fresh = await database.create()
      const run = project({ 'package.json': manifest('module'), 'src/db.js': shop('module') }, { SHOP_URI: open.fresh.uri })
      const { code, out, error } = run('schema')
      expect({ code, error }).toEqual({ code: 0, error: '' })
      expect(out.match(/^CREATE TABLE .*;$/gm)).toHaveLength(2)
      expect(out).toMatch(/CHECK \(.*>= 2/)
      // What it made would have to be made no more.
      expect(run('migrate:generate', 'All', '--check').code).toBe(1)
      await using db = new ActiveAlchemy(open.fresh.uri)
      for (const sql of out.split(/;\n/).filter(Boolean)) await db.dataSource.query(sql)
      expect(run('migrate:generate', 'All', '--check')).toMatchObject({ code: 0, error: '' })
    })

    it('writes models of the tables that are there, which say what the database has', async () => {
      open.fresh = await database.create()
      const before = new ActiveAlchemy(open.fresh.uri)
      class Author extends before.Model('Author', {
        name: before.Column(before.String(40), { unique: true }),
        born: before.Column(before.Date, { nullable: true, index: true }),
      }) {}
      class BookLoan extends before.BaseModel('BookLoan', {
        key: before.Column(before.Integer, { primary: true, generated: true }),
        mark: before.Column(before.Text, { name: 'etag', nullable: true }),
        price: before.Column(before.Numeric(8, 2)),
        weight: before.Column(before.Float),
        copies: before.Column(before.BigInteger),
        isOpen: before.Column(before.Boolean, { name: 'isOpen' }),
        lentAt: before.Column(before.DateTime),
        cover: before.Column(before.LargeBinary, { nullable: true }),
      }) {
        static relations = this.relate({ author: before.ManyToOne(() => Author, { nullable: false, onDelete: 'CASCADE' }) })
      }
      before.register(Author, BookLoan)
      await before.createAll()
      await before.close()
      const source = `import { ActiveAlchemy } from '@active-alchemy/core'\nexport const db = new ActiveAlchemy(process.env.SHOP_URI)\n`
      const run = project(
        { 'package.json': manifest('module'), 'src/db.js': source, 'src/all.js': "import './models.js'\nexport { db } from './db.js'" },
        { SHOP_URI: open.fresh.uri },
      )
      expect(run('reflect', '--out', 'src/models.js')).toEqual({ code: 0, out: 'written  src/models.js: 2 models. Read it.\n', error: '' })
      expect(run('reflect', '--out', 'src/models.js')).toMatchObject({ code: 1, error: expect.stringContaining('already') as unknown })
      expect(textOf('src/models.js')).toContain("import { db } from './db.js'")
      expect(textOf('src/models.js')).toContain(
        "class Author extends db.Model('Author', {\n  name: db.Column(db.String(40), { unique: true }),",
      )
      expect(run('migrate:generate', 'Same', '--check', '--db', 'src/all.js')).toEqual({
        code: 0,
        out: 'The database has what the models say: nothing to write.\n',
        error: '',
      })
      const typed = run('reflect', '--out', 'src/models.ts')
      expect(typed.code).toBe(0)
      expect(textOf('src/models.ts')).toContain('  declare author?: Author\n')
    })

    it('says which migration failed, and what stays of those before it', async () => {
      open.fresh = await database.create()
      const migration = (name: string, sql: string): string =>
        `export class ${name} { async up(runner) { await runner.query('${sql}') } async down() {} }`
      const run = project(
        {
          'package.json': manifest('module'),
          'src/db.js': shop('module'),
          'migrations/1.js': migration('Good1700000000001', 'create table good (id integer)'),
          'migrations/2.js': migration('Bad1700000000002', 'create nonsense'),
        },
        { SHOP_URI: open.fresh.uri },
      )
      const failed = run('migrate')
      expect(failed.code).toBe(1)
      const stays = database.lacks['transactional DDL'] !== undefined
      expect(failed.out).toContain(`failed   Bad1700000000002\nThe 1 migration before it ${stays ? 'stay' : 'are undone as well'}.\n`)
      expect(failed.error).toMatch(/^error: QueryFailedError: /)
      expect(run('status').out).toContain(stays ? 'ran      Good' : 'pending  Good')
    })
  })
}

for (const database of servers.filter((each) => each === postgres)) {
  it(
    'postgres › changes a composite type to what the model says, and drops it with the migration that made it',
    async () => {
      open.fresh = await database.create()
      const columns = (text: string, options = ''): string =>
        shop('module', `price: db.Column(db.CompositeType('money', { ${text} }${options}), { nullable: true }),`)
      const run = project({ 'package.json': manifest('module'), 'src/db.js': columns('amount: db.Integer') }, { SHOP_URI: open.fresh.uri })
      expect([run('migrate:generate', 'Create').code, run('migrate').code]).toEqual([0, 0])
      change('src/db.js', columns('amount: db.Integer, currency: db.String(3)', ", { nullable: ['currency'] }"))
      expect(run('migrate:generate', 'AddCurrency')).toMatchObject({ code: 0, error: '' })
      expect(textOf(`migrations/${migrationFiles().at(-1)}`)).toContain(
        'ALTER TYPE "money_composite" ADD ATTRIBUTE currency character varying(3) CASCADE',
      )
      expect([run('migrate').code, run('migrate:generate', 'Again', '--check').code]).toEqual([0, 0])
      change('src/db.js', columns('currency: db.String(3), amount: db.Integer'))
      expect(run('migrate:generate', 'Swapped').error).toContain('write amount, currency')
      expect([run('migrate:revert').code, run('migrate:revert').code]).toEqual([0, 0])
      const db = new ActiveAlchemy(open.fresh.uri)
      expect(await db.sql`select typname from pg_type where typname = 'money_composite'`).toEqual([])
      await db.close()
    },
    patience,
  )
}

describe('active-alchemy finds the database', () => {
  const uri = { SHOP_URI: 'sqlite://' }

  it('by package.json, from any folder below it', () => {
    const run = project({ 'package.json': manifest('module'), 'src/db.js': shop('module'), 'src/deep/here.txt': '' }, uri, 'src/deep')
    expect(run('status')).toMatchObject({ code: 0, error: '' })
  })

  it('by --db, from where it is typed', () => {
    const run = project({ 'package.json': manifest('module', {}), 'src/db.js': shop('module') }, uri)
    expect(run('status')).toMatchObject({
      code: 2,
      out: '',
      error: expect.stringContaining('Nothing says where the database is.') as unknown,
    })
    expect(run('status', '--db', 'src/db.js')).toMatchObject({ code: 0, error: '' })
    expect(run('status', '--db=./src/db.js#db')).toMatchObject({ code: 0, error: '' })
    expect(run('status', '--db', './src/db.js#dd')).toMatchObject({
      code: 2,
      error: expect.stringContaining('no database named dd. It exports db.') as unknown,
    })
    expect(run('status', '--db', './db.js')).toMatchObject({ code: 2, error: expect.stringContaining('There is no file ') as unknown })
  })

  it.each([
    ['js', "export default { db: './src/db.js' }"],
    ['mjs', "export { db } from './src/db.js'"],
    ['cjs', "module.exports = { db: './src/db.js#db' }"],
  ])('by active-alchemy.config.%s', (ending, text) => {
    const run = project(
      { 'package.json': '{ "type": "module" }', [`active-alchemy.config.${ending}`]: text, 'src/db.js': shop('module') },
      uri,
    )
    expect(run('status')).toEqual({ code: 0, out: '0 ran, 0 pending.\n', error: '' })
  })

  it('works on one of its binds by --bind, and says which there are', () => {
    const run = project({
      'package.json': manifest('module', { db: './db.js' }),
      'db.js': `import { ActiveAlchemy } from '@active-alchemy/core'
export const db = new ActiveAlchemy('sqlite:///shop.db', { binds: { users: 'sqlite:///users.db' } })
class Order extends db.Model('Order', { text: db.Column(db.Text) }) {}
class User extends db.Model('User', { name: db.Column(db.Text) }, { bindKey: 'users' }) {}`,
    })
    const tables = (text: string): string[] => [...text.matchAll(/CREATE TABLE "(\w+)"/g)].map(([, name = '']) => name)
    expect(tables(run('schema').out)).toContain('order')
    expect(tables(run('schema', '--bind', 'users').out)).toEqual(expect.arrayContaining(['user']))
    expect(tables(run('schema', '--bind', 'users').out)).not.toContain('order')
    expect(run('schema', '--bind', 'user')).toMatchObject({
      code: 2,
      error: expect.stringContaining('The database has no bind user. It has users.') as unknown,
    })
  })

  it('asks which, where a module exports several', () => {
    const run = project(
      {
        'package.json': manifest('module'),
        'src/db.js':
          "import { ActiveAlchemy } from '@active-alchemy/core'\nexport const shop = new ActiveAlchemy('sqlite://')\nexport const log = new ActiveAlchemy('sqlite://')",
      },
      uri,
    )
    expect(run('status').error).toContain('exports log, shop. Say which: --db ./src/db.js#log.')
    expect(run('status', '--db', './src/db.js#shop')).toMatchObject({ code: 0, error: '' })
  })

  const inTypeScript = {
    'package.json': manifest('module', { db: './src/db.ts' }),
    'src/db.ts': shop('module').replace('function make() {', 'function make(): ActiveAlchemy {'),
  }
  const readsTypes = 'typescript' in process.features && Boolean(process.features.typescript)

  it.runIf(readsTypes)('in TypeScript, and writes the migration so', () => {
    const run = project(inTypeScript, uri)
    expect(run('migrate:generate', 'First')).toMatchObject({ code: 0, error: '' })
    const [file = ''] = migrationFiles()
    expect(file).toMatch(/\.ts$/)
    expect(textOf(`migrations/${file}`)).toContain('async up(runner: QueryRunner): Promise<void> {')
  })

  it.skipIf(readsTypes)('in TypeScript, and says what to do where nothing reads it', () => {
    const ended = project(inTypeScript, uri)('status')
    expect(ended).toMatchObject({ code: 1, out: '' })
    expect(ended.error).toContain('db.ts is TypeScript, which Node.js')
    expect(ended.error).toContain('npm install --save-dev tsx')
  })

  it('built from TypeScript, and writes the migration to its sources', () => {
    const run = project(
      {
        'package.json': manifest('module', { db: './dist/db.js' }),
        'tsconfig.json': '{\n  // where it is built\n  "compilerOptions": { "outDir": "./dist", "rootDir": "./src" },\n}',
        'dist/db.js': shop('module').replace('migrations/*.js', 'dist/migrations/*.js'),
      },
      uri,
    )
    expect(run('migrate:generate', 'First')).toMatchObject({ code: 0, error: '' })
    expect(readdirSync(join(open.folder ?? '', 'src/migrations'))).toEqual([expect.stringMatching(/^\d{13}-First\.ts$/)])
    expect(run('migrate:generate', 'First', '--js', '--dir', 'sql')).toMatchObject({ code: 0, error: '' })
    expect(readdirSync(join(open.folder ?? '', 'sql'))).toEqual([expect.stringMatching(/^\d{13}-First\.js$/)])
  })

  it('with the variables of --env-file', () => {
    const run = project({ 'package.json': manifest('module'), 'src/db.js': shop('module'), '.env': 'SHOP_URI=sqlite://' })
    expect(run('status')).toMatchObject({ code: 1, error: expect.stringContaining('The database URI cannot be used') as unknown })
    expect(run('status', '--env-file', '.env')).toMatchObject({ code: 0, error: '' })
  })
})

describe('active-alchemy', () => {
  it('helps, without a project', () => {
    const run = project({})
    const { code, out, error } = run('--help')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toContain('Usage: active-alchemy <command> [options]')
    expect(run()).toEqual({ code: 2, out, error: '' })
    expect(run('-v').out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('refuses what it does not know', () => {
    const ended = project({ 'package.json': '{}' })('status', '--db', 'postgresql://me:secret@host/x')
    expect(ended).toEqual({ code: 2, out: '', error: 'error: --db names a module that exports the database, not a URI.\n' })
  })

  it('refuses a name that is no class, and a database without models', () => {
    const empty = "import { ActiveAlchemy } from '@active-alchemy/core'\nexport const db = new ActiveAlchemy('sqlite://')"
    const run = project({ 'package.json': manifest('module'), 'src/db.js': empty })
    expect(run('migrate:generate', '../up')).toMatchObject({
      code: 2,
      error: expect.stringContaining('A folder is given by --dir') as unknown,
    })
    expect(run('migrate:generate', 'Up')).toMatchObject({ code: 1, error: expect.stringContaining('src/db.js knows no model') as unknown })
    expect(run('check')).toMatchObject({ code: 1, out: expect.stringContaining('problem  models: none.') as unknown })
  })

  it('never prints a password, and says where a module failed', () => {
    const run = project(
      { 'package.json': manifest('module'), 'src/db.js': shop('module') },
      { SHOP_URI: 'postgresql://me:s3cret@127.0.0.1:9/x' },
    )
    const ended = run('check')
    expect(ended.code).toBe(1)
    expect(ended.out).toContain('problem  connection: No connection to postgresql://me:***@127.0.0.1:9/x')
    expect(ended.out).toContain('See docs/reference/errors.md#CONNECTION_FAILED\n')
    expect(ended.out + ended.error).not.toContain('s3cret')
    change('src/db.js', "throw new Error('cannot reach redis://me:s3cret@host')")
    const failed = run('status')
    expect(failed).toMatchObject({ code: 1, out: '' })
    expect(failed.error).toContain('db.js could not be loaded. Error: cannot reach redis://me:***@host')
    expect(failed.error).toContain('src/db.js:1')
  })

  it('opens a console, each of whose lines is a scope, and which keeps nothing in a sandbox', async () => {
    const source = shop('module').replace('setInterval(() => {}, 1_000)', 'await db.createAll()')
    const run = project({ 'package.json': manifest('module'), 'src/db.js': source }, { SHOP_URI: 'sqlite:///shop.db' })
    const lines = [
      "const desk = await Product.create({ name: 'Desk' })",
      'async function rename(product, name) {',
      '  await product.update({ name })',
      '',
      '  return product.name',
      '}',
      "rename(desk, 'Table')",
      "Product.filter({ name: startsWith('Tab') }).count()",
      '[db.session.statements.length, 6 * 7]',
    ]
    expect(run.piped(lines, 'console')).toEqual({ code: 0, out: "undefined\nundefined\n'Table'\n1\n[ 0, 42 ]\n", error: '' })

    for (const line of [
      "await Product.create({ name: 'Chair' }); throw new Error('no')",
      "Product.create({ name: 'Chair' }); throw new Error('no')",
    ]) {
      const failed = run.piped([line, 'process.exit(7)'], 'console')
      expect(failed).toMatchObject({ code: 1, out: expect.stringContaining('Uncaught Error: no') as unknown })
    }
    const forgotten = run.piped(["await Product.create({ name: 'Chair' }), 'made'", 'Product.count()'], 'console', '--sandbox')
    expect(forgotten).toEqual({ code: 0, out: "'made'\n2\n", error: '' })
    expect(run.piped(['Product.count()', '.exit', 'process.exit(7)'], 'console')).toEqual({ code: 0, out: '1\n', error: '' })
  })

  it('leaves a migration whose file is gone as it is', () => {
    const file = 'migrations/1.js'
    const run = project(
      {
        'package.json': manifest('module'),
        'src/db.js': shop('module'),
        [file]: 'export class Up1700000000001 { async up() {} async down() {} }',
      },
      { SHOP_URI: 'sqlite:///shop.db' },
    )
    expect(run('migrate').code).toBe(0)
    rmSync(join(open.folder ?? '', file))
    expect(run('status').out).toBe('ran      Up1700000000001 (its file is gone)\n1 ran, 0 pending.\n')
    expect(run('migrate:revert')).toMatchObject({
      code: 1,
      error: expect.stringContaining('Up1700000000001, is not among those') as unknown,
    })
    expect(run('status').out).toContain('1 ran')
  })
})
