import { InvalidStatementError, ValueError } from '@active-alchemy/core'
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'

@Entity()
class Gauge {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 9, nullable: true }) declare token: string | null
  @Column('int', { nullable: true }) declare level: number | null
  @Column('double precision', { nullable: true }) declare share: number | null
}

/** Statements that a server refuses, or that must not reach it. */
export function refusedStatementRows(database: TestDatabase): void {
  if (database.lacks['a server']) return
  const isPostgres = database.name === 'postgres'
  const time = isPostgres ? 'timestamptz(3)' : 'datetime(3)'
  const place = isPostgres ? '$1' : '?'

  const onOneConnection = (row: (store: Store) => Promise<void>): Promise<void> => inStore(database, row, { poolSize: 1 })

  it.each([
    ['a number out of range', `insert into measure (n) values (${place})`, 2 ** 40],
    ['a text that is too long', `insert into measure (t) values (${place})`, 'x'.repeat(10)],
    ['a time that is none', `insert into measure (d) values (${place})`, 'no day'],
    ['a time of no year', `insert into measure (d) values (${place})`, '2026-13-01 00:00:00'],
    ['a number that is none', `insert into measure (n) values (${place})`, 'many'],
    ['an expression out of range', 'update measure set n = n + 2147483647', undefined],
  ])('%s is refused with 422, and says no value', (_name, sql, value) =>
    onOneConnection(async ({ db, raw }) => {
      await raw(`create table measure (id int, n int, t varchar(5), d ${time})`)
      await raw('insert into measure (id, n) values (1, 1)')
      const error = await db.dataSource.query(sql, value === undefined ? [] : [value]).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(ValueError)
      expect(error).toMatchObject({ status: 422, code: 'INVALID_VALUE' })
      if (value !== undefined) expect(String(error)).not.toContain(String(value))
    }),
  )

  it.each([
    ['a list', ['a', 'b']],
    ['a list of lists', [['a', 'b']]],
    ['an object', { a: 1 }],
  ])('%s in the place of a value of plain TypeORM changes no statement', (_name, token) =>
    onOneConnection(async (store) => {
      const gauges = await repository(store)
      const error = await gauges.insert({ token: token as never }).catch((reason: unknown) => reason)
      if (isPostgres) return expect(await gauges.count()).toBeLessThan(2)
      expect(error).toMatchObject({ status: expect.toSatisfy((status: number) => status >= 400 && status < 500) as unknown })
      expect(await gauges.count()).toBe(0)
      return undefined
    }),
  )

  it('a number that is none is no name of a column', () =>
    onOneConnection(async (store) => {
      const gauges = await repository(store)
      const error = await gauges.insert({ level: Number.NaN }).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ status: expect.toSatisfy((status: number) => status >= 400 && status < 500) as unknown })
      expect(await gauges.count()).toBe(0)
    }))

  it('a list in IN (?) and rows in VALUES ? are bound as mysql2 does', () =>
    onOneConnection(async (store) => {
      const gauges = await repository(store)
      if (isPostgres) {
        await gauges.query('insert into gauge (token) select unnest($1::text[])', [['a', 'b']])
        expect(await gauges.query('select token from gauge where token = any ($1) order by token', [['a', 'b', 'c']])).toHaveLength(2)
        return
      }
      await gauges.query('insert into gauge (token, level) values ?', [
        [
          ['a', 1],
          ['b', 2],
        ],
      ])
      expect(await gauges.query('select token from gauge where token in (?) order by token', [['a', 'b', 'c']])).toHaveLength(2)
    }))

  it('more values than the server takes are told before it is asked', () =>
    onOneConnection(async ({ db }) => {
      if (isPostgres) {
        const count = 70_000
        const sql = `select 1 where 1 in (${Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ')})`
        const error = await db.dataSource
          .query(
            sql,
            Array.from({ length: count }, (_, index) => index),
          )
          .catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(InvalidStatementError)
        expect(error).toMatchObject({ status: 400 })
        return
      }
      const [{ id }] = (await db.dataSource.query('select connection_id() as id')) as [{ id: unknown }]
      const [{ size }] = (await db.dataSource.query('select @@max_allowed_packet as size')) as [{ size: number }]
      const error = await db.dataSource.query('select length(?) as n', ['x'.repeat(Number(size))]).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(InvalidStatementError)
      expect(error).toMatchObject({ status: 400, message: expect.stringContaining('max_allowed_packet') as unknown })
      const almost = 'x'.repeat(Number(size) - 100)
      expect(await db.dataSource.query('select length(?) as n', [almost])).toEqual([{ n: almost.length }])
      expect(await db.dataSource.query('select connection_id() as id')).toEqual([{ id }])
    }))

  it.each(['__proto__', '__defineGetter__', 'with\0nul'])('a name of a result like %j costs no connection', (name) =>
    onOneConnection(async ({ db, User }) => {
      await User.create({ name: 'a' })
      const id = isPostgres ? 'pg_backend_pid()' : 'connection_id()'
      const before: unknown = await db.dataSource.query(`select ${id} as id`)
      const quote = isPostgres ? '"' : '`'
      const error = await db.dataSource.query(`select 1 as ${quote}${name}${quote}`).catch((reason: unknown) => reason)
      if (error instanceof Error) expect(error).toMatchObject({ status: 400 })
      expect(await db.dataSource.query(`select ${id} as id`)).toEqual(before)
    }),
  )
}

async function repository({ another }: Store) {
  const db = another({ models: [Gauge], poolSize: 1 })
  await db.createAll()
  return db.dataSource.getRepository(Gauge)
}
