import { inspect } from 'node:util'
import { ActiveAlchemy as Core, type ActiveAlchemyOptions } from '@active-alchemy/core'
import { ActiveAlchemy as ForExpress } from '@active-alchemy/express'
import { ActiveAlchemy as ForFastify } from '@active-alchemy/fastify'
import { ActiveAlchemy as ForKoa } from '@active-alchemy/koa'
import { ActiveAlchemy as ForNest, AlchemyModule } from '@active-alchemy/nest'
import { Controller, Module, Param, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { FreshDatabase, TestDatabase } from '../databases/database.ts'
import { onServer } from '../databases/mysql.ts'
import { servers } from '../matrix.ts'

/** Planted where a secret lies in practice; none may come out anywhere. */
const planted = {
  password: 'pLanted-pAssword-1',
  hidden: 'pLanted-hIdden-2',
  // In lower case, since addresses are.
  email: 'planted-email-3@example.org',
  value: 'pLanted-vAlue-4',
  login: 'pLanted-lOgin-5',
  sealed: 'pLanted-sEaled-6',
  key: 'pLanted-kEy-7',
  // What is stored of a password is nobody's either.
  scheme: '$scrypt$ln',
} as const
const secrets = Object.values(planted)

/** What an answer that says 5xx must not tell either: of the database, its tables, its statements. */
const insides = /127\.0\.0\.1|localhost|5432|3306|hoarder|postgresql:|mysql:|sqlite:|select |insert |SQLITE_|vault|planted_column/i

/** The database, with a password in its URI where it has one. */
async function guarded(database: TestDatabase): Promise<FreshDatabase> {
  const fresh = await database.create()
  if (database.name === 'sqlite') return fresh
  const uri = new URL(fresh.uri)
  uri.password = planted.password
  if (database.name === 'postgres') return { ...fresh, uri: uri.href }
  uri.username = `hoarder${process.pid}`
  await onServer(`create or replace user ${uri.username}@'%' identified by '${planted.password}'`)
  await onServer(`grant all on \`${uri.pathname.slice(1)}\`.* to ${uri.username}@'%'`)
  return {
    uri: uri.href,
    async drop() {
      await onServer(`drop user ${uri.username}@'%'`)
      await fresh.drop()
    },
  }
}

function modelsOf(db: Core) {
  class Vault extends db.Model(
    'Vault',
    {
      name: db.Column(db.String(40)),
      email: db.Column(db.EmailType(), { unique: true, nullable: true }),
      hash: db.Column(db.String(64), { hidden: true, default: '' }),
      planted: db.Column(db.Integer, { name: 'planted_column', hidden: true, default: 0 }),
      login: db.Column(db.PasswordType({ cost: 10 }), { nullable: true }),
      sealed: db.Column(db.EncryptedType(db.String(40), { key: planted.key, blindIndex: 'sealedIndex' }), { nullable: true, unique: true }),
      notes: db.Column(db.EncryptedType(db.JSONType, { key: () => [planted.key] }), { nullable: true }),
    },
    { guarded: ['hash'] },
  ) {}
  class Locked extends db.Model(
    'Locked',
    { sealed: db.Column(db.EncryptedType(db.Text, { key: `other ${planted.key}` }), { nullable: true }) },
    { tableName: 'vault' },
  ) {}
  return { Vault, Locked }
}

/** The row that holds the secrets. */
const first = {
  name: 'a',
  email: planted.email,
  hash: planted.hidden,
  login: planted.login,
  sealed: planted.sealed,
  notes: { text: planted.sealed },
}

const columnNames = /hash|planted/

/** Everything that goes wrong with a secret in it: each is thrown, as by a handler. */
function mishaps(db: Core, { Vault, Locked }: ReturnType<typeof modelsOf>): Record<string, () => Promise<unknown>> {
  const make = (values: object): Promise<unknown> => Promise.resolve(Vault.create(values as never, { unguarded: true }))
  return {
    'a taken value': () => make({ name: 'b', email: planted.email }),
    'a missing value': () => db.dataSource.getRepository(Vault).insert({ email: `x${planted.email}` }),
    'a value of the wrong kind': () => make({ name: [planted.value] }),
    'a value that is too long': () => make({ name: planted.value.repeat(9) }),
    'an unknown column': () => make({ [`x`]: planted.value, name: 'a' }),
    'a guarded column': () => Promise.resolve(Vault.create({ name: 'a', hash: planted.hidden })),
    'a statement that is no SQL': () => Promise.resolve(db.sql`select ${planted.value} from vault whre planted_column = 1`),
    'a statement with a literal': () => db.dataSource.query(`select '${planted.value}' from vault where nope = 1`),
    'a value of the wrong type in SQL': () =>
      Promise.resolve(db.sql`select id from ${Vault} where planted_column = ${planted.value} or nope = 1`),
    'a row that plain TypeORM refuses': () => db.dataSource.getRepository(Vault).save({ name: 'c', email: planted.email }),
    'a session that failed': () =>
      db.run(async () => {
        await make({ name: 'd', email: planted.email }).catch(() => undefined)
        await make({ name: 'e' })
      }),
    'an amount': () => Promise.resolve(Vault.getOrError(1).increment('planted', planted.value as never)),
    'a password of the wrong kind': () => make({ name: 'a', login: [planted.login] }),
    'a password that is too long': () => make({ name: 'a', login: planted.login.repeat(999) }),
    'a filter by a password': () => Promise.resolve(Vault.filter({ login: planted.login } as never).all()),
    'a repository that looks for a password': () => db.dataSource.getRepository(Vault).findOneBy({ login: planted.login as never }),
    'a statement with a password': () => db.dataSource.query('select 1', [new Vault({ name: 'a', login: planted.login }).login]),
    'a sealed value that is taken': () => make({ name: 'g', sealed: planted.sealed, login: planted.login }),
    'a sealed value of the wrong kind': () => make({ name: 'g', sealed: { a: planted.sealed } }),
    'a sealed value that is too long': () => make({ name: 'g', sealed: planted.sealed.repeat(9) }),
    'a sealed value that a repository finds taken': () => db.dataSource.getRepository(Vault).save({ name: 'h', sealed: planted.sealed }),
    'a filter by a sealed value': () => Promise.resolve(Vault.filter({ notes: planted.sealed } as never).all()),
    'a wrong key': () => Promise.resolve(Locked.getOrError(1)),
    'a wrong key at a definition': async () => db.EncryptedType(db.Text, { key: [planted.key, 5] as never }),
    'a filter of the wrong kind': () => Promise.resolve(Vault.filter({ name: { a: planted.value } } as never).all()),
    'a key': () => Promise.resolve(Vault.getOrError({ id: planted.value })),
    'a size of pages': () => Vault.paginate({ maxPerPage: planted.value as never }),
    'a database that is not there': async () => {
      const uri = db.toString().startsWith('sqlite')
        ? `sqlite:////nowhere/${planted.value.length}/x.db`
        : `postgresql://hoarder:${planted.password}@127.0.0.1:1/vault`
      const other = new Core(uri, { name: undefined as never })
      try {
        await other.dataSource.query('select 1')
      } finally {
        await other.close()
      }
    },
    'a pool that is empty': () =>
      db.run(async () => {
        await make({ name: 'f' })
        const small = new Core(`postgresql://hoarder:${planted.password}@127.0.0.1:1/vault`, { poolTimeoutMs: 50 })
        try {
          await small.dataSource.query('select 1')
        } finally {
          await small.close()
        }
      }),
  }
}

/** Everything that can be printed, with a secret inside. */
async function exhibits(db: Core, { Vault }: ReturnType<typeof modelsOf>): Promise<Record<string, unknown>> {
  const record = await Vault.getOrError(1)
  const inScope = await db.run(async () => {
    const own = await Vault.getOrError(1)
    own.hash = `${planted.hidden}-changed`
    own.set({ login: planted.login, sealed: `${planted.sealed}!` })
    const { session } = db
    const { changes } = own
    await own.save()
    const { statements } = session
    const shown = Object.entries({ own, session, manager: session.manager, changes, statements })
    const printed = shown.map(([name, thing]) => [`${name} in a scope`, channels(thing)] as const)
    await db.session.rollback()
    return Object.fromEntries(printed)
  })
  return {
    ...inScope,
    db,
    record,
    unsaved: new Vault({ name: 'u', login: planted.login, sealed: planted.sealed }),
    login: record.login,
    dict: record.toDict(),
    json: record.toJSON(),
    type: db.PasswordType(),
    sealing: db.EncryptedType(db.Text, { key: planted.key }),
    records: [record],
    page: await Vault.paginate(),
    promise: Vault.get(1),
    query: Vault.query(),
    filtered: Vault.filter({ hash: planted.hidden }),
    found: Vault.filter({ sealed: planted.sealed }),
    foundSQL: Vault.filter({ sealed: planted.sealed }).toSQL(),
    sql: db.sql`select ${planted.value}`,
    dataSource: db.dataSource,
    options: db.dataSource.options,
    driver: db.dataSource.driver,
    manager: db.dataSource.manager,
    repository: db.dataSource.getRepository(Vault),
    metadata: db.metadata[0],
    model: Vault,
  }
}

/** What comes out when `thing` is printed, serialized, logged. */
function channels(thing: unknown): string {
  const lines: string[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  // Of a record pino would take the properties one by one, as `{ ...record }` does, which nothing can prevent.
  if (thing instanceof Error) log.error(thing)
  log.error({ err: thing, thing: isCircular(thing) ? undefined : thing }, 'it happened')
  return [
    String(thing),
    inspect(thing),
    inspect(thing, { depth: 12, showHidden: false }),
    isCircular(thing) ? '' : JSON.stringify(thing),
    ...lines,
  ].join('\n')
}

function isCircular(thing: unknown): boolean {
  try {
    JSON.stringify(thing)
    return false
  } catch {
    return true
  }
}

/**
 * What loggers read by name of an error and of all that caused it. Not `query` and `parameters`: they are TypeORM's, only who asks for
 * them by name gets them, and they are how an application finds out what it sent.
 */
function chain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const read = ['name', 'message', 'stack', 'detail', 'hint', 'where', 'sql', 'sqlMessage', 'code', 'table', 'constraint']
  const own = [...Object.keys(error), ...read].map((name) => `${name}: ${inspect(Reflect.get(error, name))}`)
  return [...own, 'cause' in error ? chain(error.cause) : '', 'driverError' in error ? chain(error.driverError) : ''].join('\n')
}

interface Served {
  readonly url: string
  readonly logged: () => string
  stop(): Promise<void>
}

type Mishaps = Record<string, () => Promise<unknown>>

/** Applications that word no error by themselves, and log as their framework does. */
const frameworks: Record<
  string,
  { readonly Class: new (uri: string, options?: ActiveAlchemyOptions) => Core; serve(db: Core, work: Mishaps): Promise<Served> }
> = {
  express: {
    Class: ForExpress,
    async serve(db, work) {
      const app = express()
      const on = db as ForExpress
      app.use(on.middleware())
      app.post('/:name', async (req, res) => void res.json(await work[req.params.name]?.()))
      app.use(on.errorHandler())
      const server = app.listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const { port } = server.address() as { port: number }
      return { url: `http://127.0.0.1:${port}`, logged: () => '', stop: () => new Promise((resolve) => server.close(() => resolve())) }
    },
  },
  fastify: {
    Class: ForFastify,
    async serve(db, work) {
      const lines: string[] = []
      const app = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } })
      await app.register((db as ForFastify).plugin())
      app.post<{ Params: { name: string } }>('/:name', async (req) => work[req.params.name]?.())
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      return { url, logged: () => lines.join(''), stop: () => app.close() }
    },
  },
  koa: {
    Class: ForKoa,
    async serve(db, work) {
      const app = new Koa()
      app.use((db as ForKoa).middleware())
      app.use(async (ctx) => {
        ctx.body = (await work[decodeURIComponent(ctx.path.slice(1))]?.()) ?? {}
      })
      const server = app.listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const { port } = server.address() as { port: number }
      return { url: `http://127.0.0.1:${port}`, logged: () => '', stop: () => new Promise((resolve) => server.close(() => resolve())) }
    },
  },
  'nest on express': { Class: ForNest, serve: (db, work) => serveNest(db, work, new ExpressAdapter()) },
  'nest on fastify': { Class: ForNest, serve: (db, work) => serveNest(db, work, new FastifyAdapter()) },
}

async function serveNest(db: Core, work: Mishaps, adapter: ExpressAdapter | FastifyAdapter): Promise<Served> {
  class Mishap {
    async happen(name: string) {
      return work[name]?.()
    }
  }
  Param('name')(Mishap.prototype, 'happen', 0)
  Post(':name')(Mishap.prototype, 'happen', Object.getOwnPropertyDescriptor(Mishap.prototype, 'happen') ?? {})
  Controller()(Mishap)
  class Root {}
  Module({ imports: [AlchemyModule.forRoot({ db, close: false })], controllers: [Mishap] })(Root)
  const lines: unknown[] = []
  const logger = Object.fromEntries(
    ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'].map((level) => [level, (...parts: unknown[]) => void lines.push(...parts)]),
  )
  const app = await NestFactory.create(Root, adapter, { logger: logger as never })
  await app.listen(0, '127.0.0.1')
  return { url: await app.getUrl(), logged: () => lines.map((line) => channels(line)).join('\n'), stop: () => app.close() }
}

const leaked = (text: string): string[] => secrets.filter((secret) => text.includes(secret))

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

for (const database of servers) {
  for (const mode of ['development', 'production']) {
    describe(`${database.name} › secrets in ${mode}`, () => {
      it('are in nothing that is printed, serialized or logged', async () => {
        vi.stubEnv('NODE_ENV', mode)
        const fresh = await guarded(database)
        const db = new Core(fresh.uri)
        const models = modelsOf(db)
        const found: string[] = []
        try {
          await db.createAll()
          await models.Vault.create(first, { unguarded: true })
          for (const [name, thing] of Object.entries(await exhibits(db, models))) {
            // The address is no secret of a record that shows it.
            const shown = channels(thing).replaceAll(planted.email, '')
            for (const secret of leaked(shown)) found.push(`${name} shows ${secret}`)
          }
          for (const [name, work] of Object.entries(mishaps(db, models))) {
            const error: unknown = await Promise.resolve()
              .then(work)
              .then(
                () => undefined,
                (reason: unknown) => reason,
              )
            expect([name, error]).toEqual([name, expect.any(Error)])
            for (const secret of leaked(`${channels(error)}\n${chain(error)}`)) found.push(`${name} tells ${secret}`)
          }
        } finally {
          await db.close()
          await fresh.drop()
        }
        expect(found).toEqual([])
      })

      it('are in nothing that is printed of statements', async () => {
        vi.stubEnv('NODE_ENV', mode)
        const printed: unknown[] = []
        for (const method of ['log', 'warn', 'error', 'info'] as const) {
          vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => void printed.push(...parts))
        }
        const fresh = await guarded(database)
        const db = new Core(fresh.uri, { echo: true, slowMs: 1 })
        const { Vault } = modelsOf(db)
        try {
          await db.createAll()
          await Vault.create(first, { unguarded: true })
          await Vault.filter({ sealed: planted.sealed }).all()
          await (await Vault.getOrError(1)).update({ login: planted.login, sealed: planted.sealed })
          await db.dataSource.getRepository(Vault).update({ id: 1 }, { login: planted.login as never, sealed: planted.sealed })
        } finally {
          await db.close()
          await fresh.drop()
        }
        const text = printed.map((each) => (typeof each === 'string' ? each : inspect(each))).join('\n')
        expect(text).toMatch(/insert into/i)
        expect(leaked(text)).toEqual([])
      })

      it.each(Object.keys(frameworks))('are in no answer and no log of %s', async (name) => {
        vi.stubEnv('NODE_ENV', mode)
        const printed: string[] = []
        for (const method of ['log', 'warn', 'error', 'info'] as const) {
          vi.spyOn(console, method).mockImplementation(
            (...parts: unknown[]) => void printed.push(...parts.map((part) => (typeof part === 'string' ? part : inspect(part)))),
          )
        }
        const fresh = await guarded(database)
        const framework = frameworks[name]
        if (!framework) throw new Error(name)
        const db = new framework.Class(fresh.uri)
        const models = modelsOf(db)
        const found: string[] = []
        await db.createAll()
        await models.Vault.create(first, { unguarded: true })
        const work = mishaps(db, models)
        const app = await framework.serve(db, work)
        try {
          for (const mishap of Object.keys(work)) {
            const answer = await fetch(`${app.url}/${encodeURIComponent(mishap)}`, { method: 'POST' })
            const text = await answer.text()
            if (answer.status < 400) found.push(`${mishap} was answered ${answer.status}`)
            for (const secret of leaked(text)) found.push(`${mishap}: the answer tells ${secret}`)
            // In development Express shows the stack of an error that nobody words.
            if (answer.status >= 500 && mode === 'production') {
              const inside = insides.exec(text)
              if (inside) found.push(`${mishap}: the answer ${answer.status} tells ${inside[0]}: ${text.slice(0, 200)}`)
            }
            if (answer.status < 500 && !mishap.includes('guarded') && mode === 'production') {
              const column = columnNames.exec(text)
              if (column) found.push(`${mishap}: the answer ${answer.status} names ${column[0]}: ${text.slice(0, 200)}`)
            }
          }
          for (const secret of leaked(app.logged())) found.push(`the log tells ${secret}`)
          for (const secret of leaked(printed.join('\n'))) found.push(`the console tells ${secret}`)
        } finally {
          await app.stop()
          await db.close()
          await fresh.drop()
        }
        expect(found).toEqual([])
      })
    })
  }
}
