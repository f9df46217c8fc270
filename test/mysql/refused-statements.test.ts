import { InvalidStatementError } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { clientsFault, failure, gaugesOf } from '../conformance/refused-statements.ts'
import { inStore } from '../conformance/store.ts'
import { mariadb } from '../databases/mysql.ts'

describe('mariadb: values that would change a statement', () => {
  it.each([
    ['a list', ['a', 'b']],
    ['a list of lists', [['a', 'b']]],
    ['an object', { a: 1 }],
  ])('%s in the place of a value is refused, also from plain TypeORM', (_name, token) =>
    inStore(mariadb, async (store) => {
      const gauges = await gaugesOf(store)
      expect(await failure(gauges.insert({ token: token as never }))).toMatchObject({ status: clientsFault })
      expect(await gauges.count()).toBe(0)
      await gauges.insert({ token: 'a' })
      expect(await failure(gauges.query('select * from gauge where token = ?', [token]))).toBeInstanceOf(InvalidStatementError)
    }),
  )

  it('a list in IN (?) and rows in VALUES ? are bound as users of mysql2 know it', () =>
    inStore(mariadb, async (store) => {
      const gauges = await gaugesOf(store)
      const rows = [
        ['a', 1],
        ['b', 2],
      ]
      await gauges.query('insert into gauge (token, level) values ?', [rows])
      expect(await gauges.query('select token from gauge where token in (?) order by token', [['a', 'b', 'c']])).toHaveLength(2)
    }))

  it('a text that the server would hang up on is told before it is sent', () =>
    inStore(
      mariadb,
      async ({ db }) => {
        const id: unknown = await db.dataSource.query('select connection_id() as id')
        const [{ size }] = (await db.dataSource.query('select @@max_allowed_packet + 0e0 as size')) as [{ size: number }]
        const error = await failure(db.dataSource.query('select length(?) as n', ['x'.repeat(size)]))
        expect(error).toBeInstanceOf(InvalidStatementError)
        expect(error).toMatchObject({ status: 400, message: expect.stringContaining('max_allowed_packet') as unknown })
        const almost = 'x'.repeat(size - 100)
        expect(await db.dataSource.query('select length(?) + 0e0 as n', [almost])).toEqual([{ n: almost.length }])
        expect(await db.dataSource.query('select connection_id() as id')).toEqual(id)
      },
      { poolSize: 1 },
    ))
})
