import { ValueError } from '@active-alchemy/core'
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'

@Entity()
class Gauge {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 9, nullable: true }) declare token: string | null
  @Column('int', { nullable: true }) declare level: number | null
}

/** What `work` fails with. */
export async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A status between 400 and 499. */
export const clientsFault = expect.toSatisfy((status: unknown) => Number(status) >= 400 && Number(status) < 500, 'a 4xx status') as unknown

/** TypeORM's repository of a plain entity. */
export async function gaugesOf({ another }: Store) {
  const db = another({ models: [Gauge], poolSize: 1 })
  await db.createAll()
  return db.dataSource.getRepository(Gauge)
}

/** Statements that a server refuses, or that must not reach it. */
export function refusedStatementRows(database: TestDatabase): void {
  const row = database.lacks['a server'] === undefined ? it : it.skip
  const isPostgres = database.name === 'postgres'
  const time = isPostgres ? 'timestamptz(3)' : 'datetime(3)'
  const place = isPostgres ? '$1' : '?'
  const own = isPostgres ? 'pg_backend_pid()' : 'connection_id()'
  const quote = isPostgres ? '"' : '`'

  row.each([
    ['a number out of range', `insert into measure (n) values (${place})`, 2 ** 40],
    ['a text that is too long', `insert into measure (t) values (${place})`, 'x'.repeat(10)],
    ['a time that is none', `insert into measure (d) values (${place})`, 'no day'],
    ['a time of no year', `insert into measure (d) values (${place})`, '2026-13-01 00:00:00'],
    ['a number that is none', `insert into measure (n) values (${place})`, 'many'],
    ['a sum out of range', `update measure set n = n + ${place}`, 2147483647],
  ])('%s is refused with 422, and no value is told', (_name, sql, value) =>
    inStore(database, async ({ db, raw }) => {
      await raw(`create table measure (id int, n int, t varchar(5), d ${time})`)
      await raw('insert into measure (id, n) values (1, 1)')
      const error = await failure(db.dataSource.query(sql, [value]))
      expect(error).toBeInstanceOf(ValueError)
      expect(error).toMatchObject({ status: 422, code: 'INVALID_VALUE' })
      expect(String(error)).not.toContain(String(value))
    }),
  )

  row('a number that is none is no name of a column', () =>
    inStore(database, async (store) => {
      const gauges = await gaugesOf(store)
      expect(await failure(gauges.insert({ level: Number.NaN }))).toMatchObject({ status: clientsFault })
      expect(await gauges.count()).toBe(0)
    }),
  )

  row.each(['__proto__', '__defineGetter__', 'with\0nul'])('a name of a result like %j costs no connection', (name) =>
    inStore(
      database,
      async ({ db }) => {
        const before: unknown = await db.dataSource.query(`select ${own} as id`)
        const error = await failure(db.dataSource.query(`select 1 as ${quote}${name}${quote}`))
        expect(error === undefined || (error as { status?: number }).status === 400).toBe(true)
        expect(await db.dataSource.query(`select ${own} as id`)).toEqual(before)
      },
      { poolSize: 1 },
    ),
  )
}
