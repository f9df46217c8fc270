import { ActiveAlchemy, between, gt, oneOf } from '@active-alchemy/core'
import * as fc from 'fast-check'
import { Column, Entity, In, MoreThan, PrimaryGeneratedColumn } from 'typeorm'
import { beforeAll, afterAll, describe, expect, it } from 'vitest'
import type { FreshDatabase } from '../databases/database.ts'
import { open, type TestDatabase } from '../databases/database.ts'
import { databases } from '../matrix.ts'

/**
 * Whatever a client sends, by whatever door: no text of his becomes SQL, no table changes that should not, and what is
 * refused is refused with a status of 4xx. `FUZZ_RUNS` sets how many inputs each door gets.
 */
const runs = Number(process.env['FUZZ_RUNS'] ?? 60)

/** An entity of plain TypeORM. */
class Plain {
  declare id: number
  declare token: string
  declare level: number
}
Entity('plain')(Plain)
PrimaryGeneratedColumn()(Plain.prototype, 'id')
Column('varchar', { length: 64 })(Plain.prototype, 'token')
Column('integer')(Plain.prototype, 'level')

function models(db: ActiveAlchemy) {
  class Owner extends db.Model('Owner', { name: db.Column(db.String(20)) }) {}
  class Thing extends db.Model(
    'Thing',
    {
      name: db.Column(db.String(20)),
      mail: db.Column(db.EmailType(), { nullable: true }),
      count: db.Column(db.Integer, { default: 0 }),
      long: db.Column(db.BigInteger, { nullable: true }),
      price: db.Column(db.Numeric(8, 2), { nullable: true }),
      weight: db.Column(db.Float, { nullable: true }),
      open: db.Column(db.Boolean, { nullable: true }),
      day: db.Column(db.Date, { nullable: true }),
      hour: db.Column(db.Time, { nullable: true }),
      at: db.Column(db.DateTime, { nullable: true }),
      data: db.Column(db.JSONType, { nullable: true }),
      uid: db.Column(db.UUID, { nullable: true }),
      bytes: db.Column(db.LargeBinary, { nullable: true }),
      secret: db.Column(db.String(20), { hidden: true, nullable: true }),
    },
    { guarded: ['secret'] },
  ) {
    static relations = this.relate({ owner: db.ManyToOne(() => Owner, { nullable: true }) })
    declare owner: Owner | null
  }
  class Pair extends db.BaseModel('Pair', {
    a: db.Column(db.Integer, { primary: true }),
    b: db.Column(db.String(9), { primary: true }),
  }) {}
  class Canary extends db.BaseModel('Canary', { id: db.Column(db.Integer, { primary: true }), song: db.Column(db.String(20)) }) {}
  return { Thing, Owner, Pair, Canary }
}

const names = `id name mail count long price weight open day hour at data uid bytes secret owner createdAt deletedAt isDeleted`.split(' ')

const hostile = [
  "'; drop table canary; --",
  '" or 1=1; delete from canary; --',
  '` or 1=1 #',
  'id; drop table canary',
  'name, (select song from canary)',
  '(select song from canary)',
  'thing.name',
  'canary.song',
  '*',
  ':filter_0',
  ':...filter_0',
  '$1',
  '?',
  '\\',
  "\\'; drop table canary; --",
  '\0',
  'a\0b',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  '1 or 1=1',
  '1e0',
  '0x1',
  '-1',
  'null',
  'true',
  '9999-12-31T23:59:59-14:00',
  '0000-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z',
  '00000000-0000-4000-8000-000000000000',
  '/*',
  'DESC; drop table canary',
  'NULLS LAST; drop table canary',
  'x'.repeat(300),
]

const text = fc.oneof(fc.constantFrom(...hostile), fc.constantFrom(...names), fc.string(), fc.string({ unit: 'binary', maxLength: 30 }))
const scalar = fc.oneof(
  text,
  fc.constantFrom(null, true, false, 0, -0, 1, -1, 1.5, 2 ** 31, 2 ** 53, 1e21, 1e308, -1e308, 5e-324),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
)
const operatorLike = scalar.chain((value) =>
  fc.constantFrom<unknown>(
    { $gt: value },
    { $ne: null },
    { gt: value },
    { type: 'raw', value, '@instanceof': 'FindOperator' },
    { kind: 'or', operands: [{}, value] },
    { render: value, texts: ['1 = 1'], values: [] },
    { isLuxonDateTime: true, isValid: true, ts: value },
    { toSqlString: value },
    { toString: value },
    { toJSON: value },
    { length: value },
    { id: value },
    { constructor: { name: value } },
    JSON.parse('{"__proto__":{"unguarded":true,"includeDeleted":true}}'),
  ),
)
/** What JSON or a query string can bring. */
const sent: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: operatorLike },
  { weight: 1, arbitrary: fc.array(fc.oneof(scalar, operatorLike), { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.dictionary(text, fc.oneof(scalar, operatorLike, fc.array(scalar, { maxLength: 3 })), { maxKeys: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.constant(undefined) },
)
const column = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: text })

interface World extends ReturnType<typeof models> {
  readonly db: ActiveAlchemy
}

/** A door by which values come in: `key` is mostly a column, `value` anything. */
type Door = (world: World, key: string, value: unknown) => unknown

const doors: Readonly<Record<string, Door>> = {
  get: ({ Thing }, _key, value) => Thing.get(value),
  getOrError: ({ Thing }, _key, value) => Thing.getOrError(value),
  'get of two columns': ({ Pair }, _key, value) => Pair.get({ a: 1, b: value }),
  'get of a whole body': ({ Pair }, _key, value) => Pair.get(value),
  'filter by a value': ({ Thing }, key, value) => Thing.filter({ [key]: value } as never).all(),
  'filter by a body': ({ Thing }, _key, value) => Thing.filter(value as never).all(),
  'filter by an operator': ({ Thing }, key, value) => Thing.filter({ [key]: gt(value as never) } as never).count(),
  'filter by a range': ({ Thing }, key, value) => Thing.filter({ [key]: between(value as never, value as never) } as never).count(),
  'filter by a list': ({ Thing }, key, value) => Thing.filter({ [key]: oneOf(value as never) } as never).all(),
  "filter by TypeORM's operators": ({ Thing }, key, value) => Thing.filter({ [key]: In(value as never) } as never).all(),
  first: ({ Thing }, key, value) => Thing.first({ [key]: value } as never),
  'first by a body': ({ Thing }, _key, value) => Thing.first(value as never),
  exists: ({ Thing }, _key, value) => Thing.exists(value as never),
  count: ({ Thing }, _key, value) => Thing.count(value as never),
  'a plain entity': ({ db }, key, value) =>
    db
      .query(Plain)
      .filter({ token: value, level: value } as never)
      .all()
      .then(() =>
        db
          .query(Plain)
          .filter({ [key]: value } as never)
          .first(),
      ),
  "a plain entity by TypeORM's operators": ({ db }, _key, value) =>
    db
      .query(Plain)
      .filter({ level: MoreThan(value as never) })
      .all(),
  'the key of a plain entity': ({ db }, _key, value) => db.query(Plain).getOrError(value, () => null),
  'a comparison of an expression': ({ Thing }, key, value) =>
    Thing.filter((thing) => thing[key as 'name'].gt(value as never).or(thing[key as 'name'].in(value as never))).count(),
  'a pattern': ({ Thing }, key, value) =>
    Thing.filter((thing) =>
      thing[key as 'name']
        .like(value as never)
        .or(thing[key as 'name'].ilike(value as never))
        .or(thing[key as 'name'].contains(value as never)),
    ).count(),
  'a path of JSON': ({ Thing }, key, value) =>
    Thing.filter((thing) => thing[key as 'name'].path(value as never).eq(value as never)).count(),
  'a sum of values': ({ Thing }, key, value) =>
    Thing.filter((thing) => thing[key as 'name'].plus(value as never).gt(value as never)).count(),
  'relations by name': ({ Thing }, _key, value) =>
    Thing.query()
      .with(value as never)
      .all(),
  'an order': ({ Thing }, _key, value) =>
    Thing.query()
      .orderBy(value as never)
      .all(),
  'a direction': ({ Thing }, key, value) =>
    Thing.query()
      .orderBy(key as never, value as never)
      .all(),
  'an order by an object': ({ Thing }, key, value) =>
    Thing.query()
      .orderBy({ [key]: value } as never)
      .limit(1)
      .all(),
  'a page': ({ Thing }, _key, value) => Thing.paginate({ page: value, perPage: value }),
  'a page by a body': ({ Thing }, _key, value) => Thing.paginate(value as never),
  'a page by an option': ({ Thing }, key, value) => Thing.paginate({ [key]: value }),
  limits: ({ Thing }, _key, value) =>
    Thing.query()
      .limit(value as never)
      .offset(value as never)
      .all(),
  columns: ({ Thing }, key, value) => Thing.query(key as 'name', value as 'name').all(),
  'a name of a result': ({ Thing }, _key, value) =>
    Thing.query({ [typeof value === 'string' ? value : typeof value]: 'name' } as never).all(),
  'a selection by a body': ({ Thing }, _key, value) => Thing.query(value as never).all(),
  'a function': ({ Thing, db }, key) => Thing.query({ a: db.func.sum(key), b: db.func.avg(key) } as never).all(),
  'an extreme': ({ Thing, db }, key) => Thing.query({ a: db.func.min(key), b: db.func.max(key), n: db.func.count(key) } as never).all(),
  'a text function': ({ Thing, db }, key) => Thing.query({ a: db.func.lower(key), b: db.func.upper(key) } as never).all(),
  'a function of anything': ({ Thing, db }, _key, value) => Thing.query({ a: db.func.count(value as 'name').distinct() } as never).all(),
  'a group': ({ Thing, db }, key) =>
    Thing.query({ n: db.func.count() })
      .groupBy(key as never)
      .all(),
  'a group of anything': ({ Thing, db }, _key, value) =>
    Thing.query({ n: db.func.count() })
      .groupBy(value as never)
      .all(),
  'distinct columns': ({ Thing }, key) =>
    Thing.query(key as 'name')
      .distinct()
      .paginate(),
  'a loop': async ({ Thing }, key, value) => {
    for await (const each of Thing.filter({ [key]: value } as never)) if (each) return
  },
  create: ({ Thing }, _key, value) => Thing.create(value as never),
  'create with a value': ({ Thing }, key, value) => Thing.create({ name: 'new', [key]: value } as never),
  createMany: ({ Thing }, key, value) => Thing.createMany([{ name: 'new', [key]: value } as never]),
  'createMany of anything': ({ Thing }, _key, value) => Thing.createMany(value as never),
  update: async ({ Thing }, key, value) => (await Thing.firstOrError({ name: 'kept' })).update({ [key]: value } as never),
  'update by a body': async ({ Thing }, _key, value) => (await Thing.firstOrError({ name: 'kept' })).update(value as never),
  updateAll: ({ Thing }, key, value) => Thing.filter({ name: 'kept' }).updateAll({ [key]: value } as never),
  'updateAll of what a body finds': ({ Thing }, _key, value) =>
    Thing.filter(value as never)
      .filter({ name: 'nobody' })
      .updateAll({ count: 1 }),
  'deleteAll of what a body finds': ({ Thing }, _key, value) =>
    Thing.filter(value as never)
      .filter({ name: 'nobody' })
      .deleteAll(),
  'a value of SQL': ({ Thing, db }, _key, value) => Thing.filter(db.sql`name = ${value} or count in (${[value]})`).all(),
  'a value of SQL that reads': ({ Thing, db }, _key, value) => Thing.filter(db.sql.read`name in (${value})`).all(),
}

/** Whether a client gets the error as his fault. */
function isAnswered(error: unknown): boolean {
  return error instanceof Error && 'status' in error && Number(error.status) >= 400 && Number(error.status) < 500
}

/** Words and names of a statement: what a client brought would be among them. */
function words(sql: string): string[] {
  const plain = sql
    .replace(/\$\d+/g, '?')
    .replace(/\b(LIMIT|OFFSET) \d+/g, '$1 n')
    .replace(/\b(SAVEPOINT|savepoint) \w+/g, 'savepoint')
  return plain.match(/"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*'|\w+|[^\s\w]/g) ?? []
}

/** Words that a run of each door with innocent values needs. */
async function innocent({ Thing, Owner, Pair, db }: World): Promise<void> {
  const kept = await Thing.create({ name: 'kept', owner: await Owner.create({ name: 'o' }) })
  await Pair.create({ a: 1, b: 'x' })
  await Pair.get({ a: 1, b: 'x' })
  await db.dataSource.getRepository(Plain).insert({ token: 'c0ffee', level: 5 })
  await db.query(Plain).getOrError(1)
  const values: Readonly<Record<string, unknown>> = {
    id: 1,
    name: 'kept',
    mail: 'a@b.cd',
    count: 1,
    long: 1n,
    price: '1.00',
    weight: 1,
    open: true,
    day: '2026-01-01',
    hour: '10:00:00',
    at: db.utcnow(),
    data: {},
    uid: '00000000-0000-4000-8000-000000000000',
    bytes: Buffer.from('a'),
    owner: kept.owner,
    createdAt: db.utcnow(),
    deletedAt: db.utcnow(),
    isDeleted: false,
    secret: 'x',
  }
  // Some values do not fit some doors; what they send counts all the same.
  const calm = async (call: () => unknown): Promise<void> => {
    await Promise.resolve()
      .then(call)
      .catch(() => undefined)
  }
  for (const name of ['relations by name', 'a path of JSON']) {
    for (const value of ['owner', 'a.b', 'id'])
      for (const key of names) await calm(() => doors[name]?.({ db, Thing, Owner, Pair } as World, key, value))
  }
  for (const number of [1, 1.5, 2 ** 40, 1e21, 5e-324]) {
    for (const key of ['id', 'count', 'long', 'price', 'weight'] as const) {
      await calm(() => Thing.filter((thing) => (thing[key] as typeof thing.count).plus(number).gt(number)).count())
    }
  }
  for (const key of [...names, 'token', 'level']) {
    for (const door of Object.values(doors)) await calm(() => door({ db, Thing, Owner, Pair } as World, key, values[key]))
    for (const direction of ['ASC', 'DESC']) {
      for (const nulls of ['nullsFirst', 'nullsLast'] as const)
        await calm(() =>
          Thing.query()
            .orderBy((thing) => thing[key as 'name'][direction === 'ASC' ? 'asc' : 'desc']()[nulls]())
            .all(),
        )
    }
    await calm(() => kept.update({ [key]: values[key] } as never))
    await calm(() => Thing.filter({ name: 'kept' }).updateAll({ [key]: null } as never))
    await calm(() => kept.update({ [key]: null } as never))
  }
  await Thing.filter({ count: oneOf([]) })
    .filter({ count: oneOf([1, 2]) })
    .all()
  await Thing.exists()
  await kept.update({ name: 'kept' })
  await db.run(async () => {
    await Owner.create({ name: 'undone' })
    for (const fails of [false, true]) {
      const inner = db.transaction(async () => {
        await Owner.create({ name: 'inner' })
        if (fails) throw new Error('undone')
      })
      await inner.catch(() => undefined)
    }
    await db.rollback()
  })
}

function suite(database: TestDatabase): void {
  let fresh: FreshDatabase
  let db: ActiveAlchemy
  let statements: string[]
  let world: World
  let known: Set<string>

  beforeAll(async () => {
    fresh = await database.create()
    ;({ db, statements } = open(ActiveAlchemy, fresh, { models: [Plain] }))
    world = { db, ...models(db) }
    await db.createAll()
    await world.Canary.create({ id: 1, song: 'tweet' })
    statements.length = 0
    await innocent(world)
    known = new Set(statements.flatMap(words))
  }, 120_000)

  afterAll(async () => {
    expect(await world.Canary.query().all()).toMatchObject([{ id: 1, song: 'tweet' }])
    expect(await db.query(Plain).all()).toMatchObject([{ token: 'c0ffee', level: 5 }])
    await db.close()
    await fresh.drop()
  })

  it.each(Object.keys(doors))(
    '%s',
    async (name) => {
      const door = doors[name] as Door
      const property = fc.asyncProperty(column, sent, async (key, value) => {
        statements.length = 0
        // What is kept is dropped again, so that one input does not change what the next one meets.
        const undo = new Error('undo')
        const work = db.run(async () => {
          try {
            await door(world, key, value)
          } catch (error) {
            if (!isAnswered(error)) throw error
          }
          throw undo
        })
        await work.catch((error: unknown) => {
          if (error !== undo) throw error
        })
        const alias = name === 'a name of a result' || name === 'a selection by a body'
        const brought = statements
          .flatMap(words)
          .filter((word) => !known.has(word) && !(alias && /^["`][\p{L}\p{N}_$? -]+["`]$/u.test(word)))
        expect(brought).toEqual([])
      })
      await fc.assert(property, { numRuns: runs })
    },
    600_000,
  )
}

for (const database of databases) describe(`${database.name} › whatever a client sends`, () => suite(database))
