import { InvalidStatementError } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { failure } from '../conformance/refused-statements.ts'
import { inStore } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'

describe('postgres: a statement that the protocol cannot carry', () => {
  it('with more values than one message holds is refused with 400, and the connection stays', () =>
    inStore(
      postgres,
      async ({ db }) => {
        const id: unknown = await db.dataSource.query('select pg_backend_pid() as id')
        const values = Array.from({ length: 70_000 }, (_, index) => index)
        const places = values.map((index) => `$${index + 1}`).join(', ')
        const error = await failure(db.dataSource.query(`select 1 where 1 in (${places})`, values))
        expect(error).toBeInstanceOf(InvalidStatementError)
        expect(error).toMatchObject({ status: 400 })
        expect(await db.dataSource.query('select pg_backend_pid() as id')).toEqual(id)
      },
      { poolSize: 1 },
    ))
})
