import { ActiveAlchemy } from '@active-alchemy/core'
import { stdSerializers } from 'pino'
import { EventSubscriber, QueryFailedError } from 'typeorm'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore } from './store.ts'

/** What is told of a statement, to loggers and subscribers. */
export function statementRows(database: TestDatabase): void {
  it('a slow statement is one line that says slow, how long and what, and no value', async () => {
    const fresh = await database.create()
    const db = new ActiveAlchemy(fresh.uri, { typeorm: { maxQueryExecutionTime: 0.001 } })
    const lines: string[] = []
    onTestFinished(async () => {
      vi.restoreAllMocks()
      await db.close()
      await fresh.drop()
    })
    vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line))
    await db.sql`select 1 as n where ${'a secret'} <> 'x'`
    const slow = lines.filter((line) => line.includes('select 1 as n'))
    expect(slow).toEqual([expect.stringMatching(/^\[active-alchemy\] slow \(\d+ ms\): select 1 as n where \S+ <> 'x'$/)])
  })

  it('no logger finds a value in an error, nor in its cause, which it reads by name', () =>
    inStore(database, async ({ db, User }) => {
      await User.create({ name: 'a', email: 's3cr3t@example.org' })
      const errors = await refused(db, [
        () => User.create({ name: 'b', email: 's3cr3t@example.org' }),
        () => User.query().updateAll({ name: null as unknown as string }),
        () => db.run(() => User.create({ name: 's3cr3t name', email: 's3cr3t@example.org' }).catch(() => User.create({ name: 'c' }))),
        ...refusals(db)[database.name.split(' ')[0] as 'sqlite'],
      ])
      for (const error of errors) {
        const told = [JSON.stringify(stdSerializers.err(error)), JSON.stringify(stdSerializers.errWithCause(error)), everything(error)]
        expect(told.join('\n')).not.toMatch(/s3cr3t|987654321/)
      }
      expect(errors.length).toBeGreaterThan(5)
    }))

  it('the cause of an error still names its code, and the names of the database', () =>
    inStore(database, async ({ db, User }) => {
      await User.create({ name: 'a', email: 's3cr3t@example.org' })
      const [error] = await refused(db, [() => User.create({ name: 'b', email: 's3cr3t@example.org' })])
      const expected = {
        sqlite: { code: 'SQLITE_CONSTRAINT_UNIQUE' },
        postgres: { code: '23505', table: 'user', constraint: expect.any(String) as unknown },
        mariadb: { code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000' },
      }
      expect(error?.cause).toMatchObject(expected[database.name.split(' ')[0] as 'sqlite'])
    }))

  it('a table that is missing is told with the calls that make it', () =>
    inStore(database, async ({ db }) => {
      class Forgotten extends db.Model('Forgotten', { n: db.Column(db.Integer) }) {}
      const errors = await refused(db, [() => Forgotten.create({ n: 1 }), () => Forgotten.count()])
      for (const error of errors) {
        expect(error).toBeInstanceOf(QueryFailedError)
        expect(error.message).toMatch(/forgotten.*Make the tables by db\.createAll\(\) or db\.migrate\(\)\.$/)
      }
    }))

  it('a subscriber hears of each statement before and after it, and of its failure', () => {
    const heard: string[] = []
    class Listener {
      beforeQuery({ query }: { query: string }): void {
        heard.push(`before ${query}`)
      }
      afterQuery({ query, success, executionTime }: { query: string; success: boolean; executionTime?: number }): void {
        heard.push(`after ${query} ${success} ${typeof executionTime}`)
      }
    }
    EventSubscriber()(Listener)
    return inStore(
      database,
      async ({ db, raw }) => {
        heard.length = 0
        await raw('select 1')
        await expect(raw('select x from nowhere')).rejects.toThrow(/nowhere/)
        expect(heard.filter((line) => line.includes('select'))).toEqual([
          'before select 1',
          'after select 1 true number',
          'before select x from nowhere',
          'after select x from nowhere false undefined',
        ])
        expect(db.dataSource.subscribers).toHaveLength(1)
      },
      { typeorm: { subscribers: [Listener] } },
    )
  })
}

/** What the calls reject with; each must. */
async function refused(db: ActiveAlchemy, calls: readonly (() => PromiseLike<unknown>)[]): Promise<Error[]> {
  const errors: Error[] = []
  for (const call of calls) {
    const error: unknown = await db.detach(call).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(Error)
    errors.push(error as Error)
  }
  return errors
}

/** All that can be read of an error and its causes, but for the statement and what was given for it. */
function everything(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const names = Object.getOwnPropertyNames(error).filter((name) => name !== 'query' && name !== 'parameters')
  return names.map((name) => `${name}: ${everything(Reflect.get(error, name))}`).join('\n')
}

/** Statements whose values each database quotes as it refuses them. */
function refusals({ sql, dataSource }: ActiveAlchemy): Record<'sqlite' | 'postgres' | 'mariadb', (() => PromiseLike<unknown>)[]> {
  const value = 's3cr3t value'
  return {
    sqlite: [
      () => sql`select json_extract('{}', ${value})`,
      () => sql`select json(${value})`,
      () => sql`insert into "user" (name, location) values (null, ${value})`,
    ],
    postgres: [
      ...['integer', 'timestamp', 'uuid', 'inet', 'numeric', 'boolean', 'interval', 'json', 'integer[]', 'int4range'].map(
        (type) => () => dataSource.query(`select cast($1 as ${type})`, [value]),
      ),
      () => sql`select cast(${'987654321987654321'} as integer)`,
      () => sql`select set_config('TimeZone', ${value}, true)`,
      () => sql`select to_tsquery('simple', ${'s3cr3t & '})`,
      () => sql`select 'a' ~ ${'(s3cr3t'}`,
      () => sql`select pg_read_file(${value})`,
      () => sql`select to_date(${value}, 'YYYY')`,
      () => sql`select lo_import(${value})`,
      () => sql`insert into "user" (name, location) values (null, ${value})`,
    ],
    mariadb: [
      () => sql`update user set points = ${value}`,
      () => sql`update user set last_access = ${value}`,
      () => sql`select cast(1 as unsigned) - ${987654321}`,
      () => sql`set time_zone = ${value}`,
      () => sql`select get_lock(${`s3cr3t${'x'.repeat(200)}`}, 0)`,
      () => sql`select 'a' regexp ${'(s3cr3t'}`,
      () => sql`select st_geomfromtext(${value}) + extractvalue('<a/>', ${'s3cr3t['})`,
      () => sql`insert into user (id, name, location) values (${value}, '', '')`,
    ],
  }
}
