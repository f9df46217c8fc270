import { describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'

describe('postgres: prepared statements', () => {
  it('are freed on the server when others take their names, and found again where they are used', () =>
    inStore(
      postgres,
      async ({ db, User }) => {
        await User.create({ name: 'a' })
        const prepared = async (): Promise<string[]> =>
          (await db.sql<{ statement: string }>`select statement from pg_prepared_statements`).map(({ statement }) => statement)
        for (let index = 0; index < 400; index++) {
          await User.count()
          const runner = await db.dataSource.driver.lease('read')
          for (let use = 0; use < 3; use++) await runner.query(`SELECT ${index} AS n`)
          await runner.release()
        }
        const texts = await prepared()
        expect(texts.filter((text) => text !== 'BEGIN').length).toBeLessThanOrEqual(250)
        expect(texts.filter((text) => /count/i.test(text)).length).toBeGreaterThan(0)
        expect(texts).toContain('SELECT 399 AS n')
        expect(texts).not.toContain('SELECT 0 AS n')
      },
      { poolSize: 1 },
    ))

  it('lists whose lengths a client chooses take none from the application', () =>
    inStore(
      postgres,
      async ({ db, User, Post }) => {
        const { id } = await User.create({ name: 'a' })
        for (let length = 1; length <= 100; length++) {
          const runner = await db.dataSource.driver.lease('read')
          const list = Array.from({ length }, (_, index) => `$${index + 1}`).join(', ')
          const values = Array.from({ length }, () => id)
          for (let use = 0; use < 3; use++) await runner.query(`SELECT id FROM "user" WHERE id IN (${list})`, values)
          await runner.release()
        }
        for (let use = 0; use < 4; use++) await Post.count()
        const texts = await db.sql<{ statement: string }>`select statement from pg_prepared_statements`
        expect(texts.filter(({ statement }) => statement.startsWith('SELECT id FROM "user" WHERE id IN')).length).toBeLessThanOrEqual(3)
        expect(texts.filter(({ statement }) => statement.includes('"post"')).length).toBeGreaterThan(0)
      },
      { poolSize: 1 },
    ))

  it('go on where a table changed under them', () =>
    inStore(
      postgres,
      async ({ db, User, raw }) => {
        await User.create({ name: 'a' })
        for (let round = 0; round < 3; round++) {
          for (let use = 0; use < 5; use++) {
            const runner = await db.dataSource.driver.lease('read')
            expect(await runner.query('SELECT * FROM "user"')).toHaveLength(1)
            await runner.release()
          }
          await raw(`alter table "user" add more_${round} integer`)
        }
        expect(await User.count()).toBe(1)
      },
      { poolSize: 1 },
    ))
})
