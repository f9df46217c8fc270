import { type ActiveAlchemy, type ColumnMap, DateTime } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore } from './store.ts'

/** Columns of every type, by what their default is. */
const defaults: Readonly<Record<string, (db: ActiveAlchemy) => ColumnMap[string]>> = {
  String: (db) => db.Column(db.String(20), { default: 'USA' }),
  'String with quotes': (db) => db.Column(db.String(40), { default: `O'Brien "\\ and co` }),
  'String that is empty': (db) => db.Column(db.String(20), { default: '' }),
  'String of digits': (db) => db.Column(db.String(20), { default: '007' }),
  'String of a word of SQL': (db) => db.Column(db.String(20), { default: 'NULL' }),
  'String of a call': (db) => db.Column(db.String(20), { default: 'now()' }),
  EmailType: (db) => db.Column(db.EmailType(), { default: 'a@b.cd' }),
  Integer: (db) => db.Column(db.Integer, { default: 7 }),
  'Integer below zero': (db) => db.Column(db.Integer, { default: -7 }),
  'Integer of zero': (db) => db.Column(db.Integer, { default: 0 }),
  BigInteger: (db) => db.Column(db.BigInteger, { default: 9007199254740993n }),
  'BigInteger of a number': (db) => db.Column(db.BigInteger, { default: 5 as unknown as bigint }),
  Numeric: (db) => db.Column(db.Numeric(10, 2), { default: '1' }),
  'Numeric with its digits': (db) => db.Column(db.Numeric(10, 2), { default: '-1.50' }),
  Float: (db) => db.Column(db.Float, { default: 1.5 }),
  'Float of a whole number': (db) => db.Column(db.Float, { default: 2 }),
  Boolean: (db) => db.Column(db.Boolean, { default: true }),
  'Boolean of false': (db) => db.Column(db.Boolean, { default: false }),
  Date: (db) => db.Column(db.Date, { default: '2026-01-02' }),
  Time: (db) => db.Column(db.Time, { default: '13:45' }),
  'Time with a fraction': (db) => db.Column(db.Time, { default: '13:45:00.25' }),
  DateTime: (db) => db.Column(db.DateTime, { default: DateTime.fromISO('2026-01-02T03:04:05.678Z') }),
  JSON: (db) => db.Column(db.JSONType, { default: { a: [1, 'b', null] } }),
  'JSON of a text': (db) => db.Column(db.JSONType, { default: 'text' }),
  UUID: (db) => db.Column(db.UUID, { default: '6f9619ff-8b86-d011-b42d-00cf4fc964ff' }),
  'a function': (db) => db.Column(db.String(20), { default: () => 'made' }),
  NULL: (db) => db.Column(db.String(20), { nullable: true, default: null }),
  nothing: (db) => db.Column(db.Numeric(10, 2), { nullable: true }),
  'an index': (db) => db.Column(db.Integer, { index: true, default: 1 }),
  'a unique column': (db) => db.Column(db.String(20), { unique: true, nullable: true }),
}

/** Rows that others insert get the default as well. */
const plain = [
  'String',
  'String with quotes',
  'String that is empty',
  'String of a call',
  'Integer',
  'BigInteger of a number',
  'Numeric',
].concat(['Float', 'Boolean', 'Date', 'Time', 'Time with a fraction', 'UUID'])

/** The tables that createAll makes are those that the models say. */
export function schemaRows(database: TestDatabase): void {
  for (const name of plain) {
    it(`a row that others insert has the default too: ${name}`, () =>
      inStore(database, async ({ db, raw }) => {
        const column = defaults[name] as (typeof defaults)[string]
        class Thing extends db.Model('Thing', { value: column(db) }) {}
        db.register(Thing)
        await db.createAll()
        await raw("insert into thing (created_at, updated_at) values ('2026-01-01', '2026-01-01')")
        const ours = await Thing.create({} as never)
        const [theirs, same] = await Thing.query().orderBy('id').all()
        expect(theirs?.value).toEqual(ours.value)
        expect(same?.value).toEqual(ours.value)
        expect(await Thing.count({ value: ours.value } as never)).toBe(2)
      }))
  }

  it('a default that its column does not take is told where the tables are made', () =>
    inStore(database, async ({ db }) => {
      class Thing extends db.Model('Thing', { size: db.Column(db.Integer, { default: 'big' as unknown as number }) }) {}
      db.register(Thing)
      await expect(db.createAll()).rejects.toMatchObject({
        code: 'MODEL_DEFINITION',
        message: expect.stringMatching(/Thing.*default of its column size is refused, which takes/) as unknown,
      })
    }))

  for (const [name, column] of Object.entries(defaults)) {
    it(`after createAll no migration has anything to change, with a default of ${name}`, () =>
      inStore(database, async ({ db }) => {
        class Thing extends db.Model('Thing', { value: column(db) }) {}
        db.register(Thing)
        await db.createAll()
        const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
        expect(upQueries.map(({ query }) => query)).toEqual([])
      }))
  }
}
