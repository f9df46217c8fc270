import { ActiveAlchemy, DateTime } from '@active-alchemy/core'
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm'
import { open, type TestDatabase } from '../databases/database.ts'
import type { Framework, Handler, RunningApp } from '../frameworks/framework.ts'

/** What no answer may ever hold. */
export const secrets = {
  token: 'tOken-4dM1n-9f2c',
  hash: 'hAsh-4dM1n-77ab',
  code: '010999',
  owner: 'tHe-4dM1n',
} as const

@Entity()
class Plain {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 64 }) declare token: string
  @Column('int', { default: 0 }) declare count: number
}

@Entity()
class Big {
  @PrimaryColumn('bigint') declare id: string
  @Column('varchar', { length: 64 }) declare token: string
}

/** The models that an ordinary application might have: typed ones, decorated ones, plain entities of TypeORM. */
function targetModels(db: ActiveAlchemy) {
  class Account extends db.Model(
    'Account',
    {
      name: db.Column(db.String(40), { unique: true }),
      email: db.Column(db.EmailType(), { nullable: true, unique: true }),
      token: db.Column(db.String(64), { nullable: true, hidden: true }),
      hash: db.Column(db.String(64), { default: '', hidden: true }),
      role: db.Column(db.String(10), { default: 'user' }),
      credits: db.Column(db.Integer, { default: 0 }),
      age: db.Column(db.Integer, { default: 0 }),
    },
    { guarded: ['role', 'credits', 'token', 'hash'] },
  ) {
    static relations = this.relate({ pages: db.OneToMany(() => Page, 'account') })
    declare pages: object[]
  }
  class Page extends db.Model('Page', {
    title: db.Column(db.Text, { default: '' }),
    body: db.Column(db.JSONType, { nullable: true }),
    views: db.Column(db.BigInteger, { default: 0n }),
    price: db.Column(db.Numeric(10, 2), { default: '0' }),
    ratio: db.Column(db.Float, { default: 0 }),
    at: db.Column(db.DateTime, { nullable: true }),
    day: db.Column(db.Date, { nullable: true }),
    time: db.Column(db.Time, { nullable: true }),
    flag: db.Column(db.Boolean, { default: false }),
    uid: db.Column(db.UUID, { nullable: true }),
  }) {
    static relations = this.relate({ account: db.ManyToOne(() => Account, 'pages', { nullable: true }) })
    declare account: Account | null
  }
  class Reset extends db.Model('Reset', { user: db.Column(db.String(20)), code: db.Column(db.String(6)) }) {}
  class Vote extends db.Model('Vote', { post: db.Column(db.Integer), stars: db.Column(db.Integer) }) {}

  class Session extends db.Model {
    @Column('varchar', { length: 64 }) declare token: string
    @Column('varchar', { length: 64 }) declare owner: string
  }

  return { Account, Page, Reset, Vote, Session }
}

type Models = ReturnType<typeof targetModels>

/** An application in front of a database, with what must stay as it is. */
export interface Target {
  /** Sends one attack. */
  readonly attack: (route: string, body: unknown) => Promise<{ readonly status: number; readonly text: string }>
  /** What is not as it was, in words. */
  readonly damage: () => Promise<string[]>
  close(): Promise<void>
}

/** Handlers that a programmer in a hurry writes: what the client sends goes straight into the verbs. */
function handlers(db: ActiveAlchemy, { Account, Page, Reset, Session, Vote }: Models): Record<string, Handler> {
  // The type that Express gives `req.body`: nobody checks it.
  // oxlint-disable-next-line typescript/no-explicit-any
  type Input = any
  const on =
    (work: (body: Input) => unknown): Handler =>
    async ({ body }) => ({ json: (await work(Object(body))) ?? null })
  const login = (found: unknown): unknown => ({ in: found !== null && found !== undefined })
  return {
    'POST /login': on(async ({ token }) => login(await Account.first({ token }))),
    'POST /login-by-name': on(async ({ name, hash }) => login(await Account.first({ name, hash }))),
    'POST /exists': on(async (body) => login((await Account.exists({ token: body['token'] })) ? {} : null)),
    'POST /session': on(async ({ token }) => login(await Session.first({ token }))),
    'POST /plain': on(async ({ token }) => login(await db.query(Plain).filter({ token }).first())),
    'POST /big': on(async ({ id }) => login(await db.query(Big).filter({ id }).first())),
    'POST /reset': on(async ({ user, code }) => login(await Reset.first({ user, code }))),
    'POST /sql': on(async ({ token }) => login((await db.sql`select id from ${Account} where token = ${token}`)[0])),
    'POST /me': on(async ({ id }) => Account.get(id)),
    'POST /plain-me': on(async ({ id }) => login(await db.query(Plain).filter({ id }).first())),
    'POST /accounts': on((body) => Account.create(body)),
    'POST /many': on(async (body) => (await Account.createMany(body)).length),
    'POST /update': on((body) => Account.getOrError(2).update(body)),
    'POST /set': on(async (body) => (await Account.getOrError(2)).set(body).save()),
    'POST /session-create': on((body) => Session.create(body)),
    'POST /page': on((body) => Page.create(body)),
    'POST /page-update': on((body) => Page.getOrError(1).update(body)),
    'POST /find': on((body) => Account.filter(body).all()),
    'POST /find-pages': on((body) => Page.filter(body).all()),
    'POST /sort': on(({ by, order }) => Account.query().orderBy(by, order).all()),
    'POST /group': on(({ by }) => Account.query({ n: db.func.count() }).groupBy(by).all()),
    'POST /fields': on(({ fields }) => Account.query(...[fields].flat()).all()),
    'POST /alias': on(({ as }) => Account.query({ [String(as)]: 'name' }).all()),
    'POST /min': on(({ column }) => Account.query({ n: db.func.min(column) }).all()),
    'POST /sum': on(({ column }) => Account.query({ n: db.func.sum(column) }).all()),
    'POST /pages': on((body) => Account.paginate(body)),
    'POST /increment': on(({ column, by, options }) => Account.getOrError(2).increment(column, by, options)),
    'POST /decrement': on(({ column, by, options }) => Account.getOrError(2).decrement(column, by, options)),
    'POST /bulk': on(({ where, values }) => Account.filter(where).updateAll(values)),
    'POST /wipe': on((body) => Account.filter(body).deleteAll()),
    'POST /first': on(async (body) => login(await Account.first(body))),
    'POST /many-keys': on(({ ids }) => Account.getMany(ids)),
    'POST /cursor': on((body) => Account.query().orderBy('name').paginateByCursor(body)),
    'POST /seen': on(({ tag }) => Account.getOrError(2, { ifMatch: tag }).update({ age: 30 })),
    'POST /found': on((body) => Account.firstOrCreate({ name: body['name'] }, body)),
    'POST /changed': on((body) => Account.updateOrCreate({ name: 'mallory' }, body)),
    'POST /upserted': on(async (body) => (await Account.upsertMany([body].flat(), { on: ['name'] })).length),
    'POST /list': on(async ({ ids }) => (await db.sql`select id from ${Account} where id in (${ids})`).length),
    'POST /limit': on(async ({ n }) => (await db.sql`select id from ${Account} order by id limit ${n}`).length),
    'POST /votes': on(async ({ id }) => Vote.filter({ post: id }).updateAll({ stars: db.sql`stars` })),
    'POST /lists': on(async () => [
      (await Account.query().all()).length,
      (await Page.query().all()).length,
      (await Account.paginate()).items.length,
      (await Session.query().all()).length,
    ]),
  }
}

/** The rows that are there before the first attack. */
async function plant(db: ActiveAlchemy, { Account, Page, Reset, Vote, Session }: Models): Promise<void> {
  const unguarded = { unguarded: true }
  const admin = { name: 'admin', email: 'admin@example.org', token: secrets.token, hash: secrets.hash, role: 'admin', credits: 7, age: 40 }
  await Account.create(admin, unguarded)
  await Account.create({ name: 'mallory', email: 'mallory@example.org', token: 'mallorys', credits: 5, age: 30 }, unguarded)
  await Account.create({ name: 'empty' })
  await Page.create({ title: 'first', body: { ok: true }, at: DateTime.utc(2026, 1, 1) })
  await Reset.create({ user: 'victim', code: secrets.code })
  await Vote.createMany([
    { post: 1, stars: 7 },
    { post: 2, stars: 1 },
  ])
  await Session.create({ token: secrets.token, owner: secrets.owner })
  await db.dataSource.getRepository(Plain).insert({ token: secrets.token, count: 3 })
  await db.dataSource.getRepository(Big).insert({ id: '3000000000', token: secrets.token })
  await db.dataSource.query('create table canary (id integer)')
}

/** What no attack may change, read past every layer of the library. */
async function state(read: (sql: string) => Promise<unknown[]>, quoted: (name: string) => string): Promise<string> {
  const facts = [
    await read(`select id, name, role, credits, token, hash, is_deleted from ${quoted('account')} where id = 1`),
    await read(`select id, role, token, credits from ${quoted('account')} where id = 2`),
    await read(`select count(*) as n from ${quoted('account')} where role <> 'user'`),
    await read(`select count(*) as n from ${quoted('account')} where id in (1, 2, 3)`),
    await read(`select post, stars from ${quoted('vote')} order by id`),
    await read(`select count(*) as n from ${quoted('reset')}`),
    await read(`select token, owner from ${quoted('session')} where id = 1`),
    await read('select count(*) as n from canary'),
  ]
  return JSON.stringify(facts, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
}

/** Opens the target on a database of its own. */
export async function openTarget(framework: Framework, database: TestDatabase): Promise<Target> {
  const fresh = await database.create()
  const { db } = open(ActiveAlchemy, fresh, { models: [Plain, Big] })
  const models = targetModels(db)
  db.register(models.Session)
  const witness = new ActiveAlchemy(fresh.uri)
  const quoted = (name: string): string => (database.name === 'mariadb' ? `\`${name}\`` : `"${name}"`)
  let app: RunningApp | undefined
  const attack = async (route: string, body: unknown): Promise<{ status: number; text: string }> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${app?.url}${route}`, { method: 'POST', headers, body: text })
    return { status: answer.status, text: await answer.text() }
  }
  await db.createAll()
  await plant(db, models)
  await witness.dataSource.ready()
  app = await framework.start({ databases: [db], routes: handlers(db, models), options: { report: () => undefined } })
  const before = await state((sql) => witness.dataSource.query(sql), quoted)
  return {
    attack,
    async damage() {
      const found: string[] = []
      const after = await state((sql) => witness.dataSource.query(sql), quoted).catch((error: unknown) => String(error))
      if (after !== before) found.push(`the rows are ${after}, and were ${before}`)
      const lists = await attack('/lists', {})
      if (lists.status !== 200) found.push(`the lists answer ${lists.status}: ${lists.text.slice(0, 200)}`)
      return found
    },
    async close() {
      await app.stop()
      await db.close()
      await witness.close()
      await fresh.drop()
    },
  }
}
