import {
  type ActiveAlchemy,
  type ColumnType,
  type ComputedType,
  type GeneratingType,
  not,
  operator,
  startsWith,
} from '@active-alchemy/core'
import { checkColumnType, type TypeCheck } from '@active-alchemy/core/testing'
import { Entity, PrimaryGeneratedColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** Even numbers; each type of these rows says one thing that a type may say. */
const Even: ColumnType<number> = {
  kind: 'integer',
  typeName: 'Even',
  storage: () => ({ type: 'integer' }),
  accept(value) {
    if (typeof value !== 'number' || value % 2 !== 0) throw new TypeError('takes even numbers')
    return value
  },
  check: ({ column }) => `${column} % 2 = 0`,
}

/** `top.science`, from `['top', 'science']` too. */
const Path: ColumnType<string, string[]> = {
  kind: 'string',
  typeName: 'Path',
  shape: 'list',
  storage: () => ({ type: 'varchar', length: 100 }),
  accept(value) {
    const text = Array.isArray(value) ? value.join('.') : value
    if (typeof text !== 'string') throw new TypeError('takes a path')
    return text
  },
}
const below = (path: string) => operator<string>((column) => column.startsWith(`${path}.`))

const Numbered: GeneratingType<string> = {
  kind: 'string',
  typeName: 'Numbered',
  storage: () => ({ type: 'varchar', length: 20 }),
  accept: String,
  generate: () => `number ${++given}`,
}
let given = 0

const Sealed: ColumnType<string> = {
  kind: 'string',
  typeName: 'Sealed',
  opaque: true,
  storage: () => ({ type: 'varchar', length: 20 }),
  accept: String,
}

/** The texts of other columns, one after the other. */
function Whole(first: string, second: string): ComputedType<string> {
  return {
    kind: 'string',
    typeName: 'Whole',
    storage: () => ({ type: 'varchar', length: 200 }),
    accept: String,
    computed({ database, columnOf }) {
      const names = [first, second].map(columnOf)
      return database === 'mysql' ? `concat(${names.join(', ')})` : names.join(' || ')
    },
  }
}

async function changes(db: ActiveAlchemy): Promise<string[]> {
  const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
  return upQueries.map(({ query }) => query)
}

/** What a type of one's own may say. */
export function ownTypeRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a type has a CHECK in the table, and an operator of its own in filters and expressions', async ({ db, raw }) => {
    class Leaf extends db.Model('Leaf', { size: db.Column(Even), inPath: db.Column(Path, { unique: true }) }) {}
    await db.createAll()
    await Leaf.create({ size: 2, inPath: ['top', 'science'] })
    await Leaf.create({ size: 4, inPath: 'topaz' })
    const insert = "insert into leaf (size, in_path, created_at, updated_at) values (3, 'x', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    await expect(raw(insert)).rejects.toMatchObject({ code: 'CHECK' })
    await expect(Leaf.create({ size: 3, inPath: 'x' })).rejects.toMatchObject({ code: 'INVALID_VALUE', status: 422 })
    expect(await Leaf.count({ inPath: below('top') })).toBe(1)
    expect(await Leaf.count((leaf) => leaf.inPath.matches(not(below('top'))).and(leaf.size.gt(2)))).toBe(1)
    expect(await Leaf.count((leaf) => leaf.inPath.matches(startsWith('top')))).toBe(2)
    expect(await Leaf.count({ inPath: ['top', 'science'] as never })).toBe(1)
    const fragment = operator<number>((column) => db.sql`${column} * 2 = ${4} or ${column} < 0`)
    expect(await Leaf.count({ size: fragment, inPath: 'topaz' })).toBe(0)
    expect(await Leaf.count({ size: fragment, inPath: 'top.science' })).toBe(1)
    expect(await changes(db)).toEqual([])
  })

  row('a type makes values for records that have none, also keys', async ({ db }) => {
    class Part extends db.BaseModel('Part', {
      code: db.Column(Numbered, { primary: true }),
      other: db.Column(Numbered, { default: 'mine' }),
    }) {}
    await db.createAll()
    const part = await Part.create({})
    expect(part).toMatchObject({ code: `number ${given}`, other: 'mine' })
    expect(await Part.get(part.code)).toEqual(part)
    expect((await Part.create({ code: 'chosen' })).code).toBe('chosen')
    const both = await Part.createMany([{}, { code: 'second' }])
    expect(both.map(({ code }) => code)).toEqual([`number ${given}`, 'second'])
  })

  row('what a type keeps to itself is neither compared nor sorted by', async ({ db }) => {
    class Box extends db.Model('Box', { lock: db.Column(Sealed), name: db.Column(db.String(5), { default: '' }) }) {}
    await db.createAll()
    await Box.create({ lock: 'secret' })
    expect((await Box.firstOrError({ name: '' })).lock).toBe('secret')
    const refused = expect.objectContaining({ code: 'INVALID_FILTER', status: 400 }) as object
    for (const ask of [
      () => Box.count({ lock: 'secret' }),
      () => Box.count({ lock: startsWith('s') }),
      () => Box.count((box) => box.lock.gt('a')),
      () => Box.count((box) => box.lock.eq(box.name)),
      () => Box.count((box) => box.lock.in(['secret'])),
      () => Box.query().orderBy('lock').all(),
      () => Box.query('lock').distinct().all(),
      () => Box.query((box) => ({ n: box.lock.min() })).all(),
      () =>
        Box.query((box) => ({ n: box.lock.length() }))
          .groupBy('lock')
          .all(),
    ]) {
      await expect((async () => ask())()).rejects.toEqual(refused)
    }
  })

  row('a column that the database computes is read, found and never set', async ({ db }) => {
    class Name extends db.Model('Name', {
      first: db.Column(db.String(20)),
      lastName: db.Column(db.String(20)),
      whole: db.Column(Whole('first', 'lastName'), { index: true }),
    }) {}
    await db.createAll()
    const name = await Name.create({ first: 'Ada', lastName: 'Lovelace' })
    await expect(Name.create({ first: 'A', lastName: 'B', whole: 'C' } as never)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    expect(await Name.count({ whole: 'AdaLovelace' })).toBe(1)
    await name.update({ first: 'Augusta' })
    expect((await name.reload()).whole).toBe('AugustaLovelace')
    expect(await changes(db)).toEqual([])
    expect(() => db.Column(Whole('first', 'lastName'), { default: 'x' })).toThrow('that the database computes takes no default')
    const other = (): Promise<unknown> => {
      class Wrong extends db.Model('Wrong', { whole: db.Column(Whole('nope', 'id')) }) {}
      return Wrong.count()
    }
    await expect((async () => other())()).rejects.toMatchObject({ code: 'MODEL_DEFINITION' })
  })

  row('a type of the database is made before its table, and dropped after it', async ({ db, raw, another }) => {
    if (db.dataSource.driver.kind !== 'postgres') return
    const Mood: ColumnType<string> = {
      kind: 'other',
      typeName: 'Mood',
      storage: () => ({ type: 'mood' }),
      accept: String,
      definitions: ({ quoted }) => [
        {
          create: `DO $$ BEGIN CREATE TYPE ${quoted('mood')} AS ENUM ('glad', 'sad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
          drop: `DROP TYPE IF EXISTS ${quoted('mood')}`,
        },
      ],
    }
    const own = another()
    class Day extends own.BaseModel('Day', { id: own.Column(own.Integer, { primary: true }), mood: own.Column(Mood) }) {}
    class Night extends own.BaseModel('Night', { id: own.Column(own.Integer, { primary: true }), mood: own.Column(Mood) }) {}
    await own.createAll()
    await Day.create({ id: 1, mood: 'glad' })
    expect(await Day.count({ mood: 'glad' })).toBe(1)
    expect(await Night.count()).toBe(0)
    const types = (): Promise<unknown[]> => raw("select 1 from pg_type where typname = 'mood'")
    expect(await types()).toHaveLength(1)
    await own.dropAll()
    expect(await types()).toEqual([])
  })

  row('the kit finds what a type does not keep', async ({ db }) => {
    const sound: ColumnType<string> = {
      kind: 'string',
      typeName: 'Sound',
      storage: () => ({ type: 'varchar', length: 20 }),
      accept(value) {
        if (typeof value !== 'string') throw new TypeError('takes texts')
        return value
      },
    }
    const samples = ['a', 'b', 'cc']
    await checkColumnType(sound, { samples, forms: [['a', 'a']], refused: [5], db })
    const storedAs = (to: (value: string) => string, from: (value: string) => string): ColumnType<string> => ({
      ...sound,
      storage: () => ({
        type: 'varchar',
        length: 20,
        transformer: {
          to: (value: unknown) => (typeof value === 'string' ? to(value) : value),
          from: (value: unknown) => (typeof value === 'string' ? from(value) : value),
        },
      }),
    })
    const broken: readonly (readonly [string, ColumnType<string>, Partial<TypeCheck<string>>?])[] = [
      [
        'comes back as it was kept',
        storedAs(
          (value) => value.slice(0, 1),
          (value) => value,
        ),
      ],
      [
        'sort in the order',
        storedAs(
          (value) => (value === 'a' ? 'z' : value),
          (value) => (value === 'z' ? 'a' : value),
        ),
      ],
      ['found in each of its forms', sound, { forms: [['A', 'a']] }],
      ['is refused', sound, { refused: ['a text'] }],
      ['sort in the order', sound, { samples: ['b', 'a'] }],
      ['is changed and taken away', { ...sound, check: ({ column }) => `${column} <> 'cc'` }],
    ]
    for (const [promise, type, check] of broken) {
      await expect(checkColumnType(type, { samples, db, ...check })).rejects.toThrow(promise)
    }
    await expect(checkColumnType(sound, { samples: ['a'] })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  row('columns of ours stand on entities of plain TypeORM, too', async ({ another }) => {
    class Plain {
      declare id: number
      declare size: number
      declare stateOf: string
      declare at: unknown
    }
    const db = another({ models: [Plain] })
    Entity()(Plain)
    PrimaryGeneratedColumn()(Plain.prototype, 'id')
    db.Column(Even)(Plain.prototype, 'size')
    db.Column(db.ChoiceType(['open', 'shut']), { default: 'open' })(Plain.prototype as { stateOf: 'open' | 'shut' }, 'stateOf')
    await db.createAll()
    const repository = db.dataSource.getRepository(Plain)
    await repository.insert({ size: 2, stateOf: 'shut' })
    await db.of(Plain).create({ size: 4 })
    await expect(db.of(Plain).create({ size: 3 })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    await expect(db.dataSource.query('insert into plain (size) values (3)')).rejects.toMatchObject({ code: 'CHECK' })
    expect(await repository.find({ select: { size: true, stateOf: true }, order: { id: 'ASC' } })).toEqual([
      { size: 2, stateOf: 'shut' },
      { size: 4, stateOf: 'open' },
    ])
    expect(await db.of(Plain).count({ stateOf: 'shut' })).toBe(1)
  })
}
