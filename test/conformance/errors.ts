import { CheckError, DatabaseError, ForeignKeyError, NotNullError, UniqueError } from '@active-alchemy/core'
import { QueryFailedError } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'
import { quoted } from './verbs.ts'

/** What a database refuses, in words that mean the same on every database. */
export function errorRows(database: TestDatabase): void {
  const row = rowIn(database)
  const thrown = (work: PromiseLike<unknown>): Promise<unknown> =>
    Promise.resolve(work).then(
      () => undefined,
      (error: unknown) => error,
    )
  const user = quoted(database, 'user')

  row('a unique column: status 409, with its columns; still a QueryFailedError, with the cause of the driver', async ({ User }) => {
    await User.create({ name: 'a', email: 'a@b.cd' })
    const error = await thrown(User.create({ name: 'b', email: 'a@b.cd' }))
    expect(error).toBeInstanceOf(UniqueError)
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error).toBeInstanceOf(QueryFailedError)
    expect(error).toMatchObject({ code: 'UNIQUE', status: 409, statusCode: 409, expose: true, columns: ['email'] })
    expect((error as Error).cause).toBe((error as QueryFailedError).driverError)
    expect((error as Error).message).toContain('email')
  })

  row('several unique columns, a key, an update, a bulk update', async ({ db, User }) => {
    @db.Unique(['left', 'right'])
    class Pair extends db.Model('Pair', { left: db.Column(db.Integer), right: db.Column(db.Integer) }) {}
    await db.createAll()
    await Pair.create({ left: 1, right: 2 })
    const error = await thrown(Pair.create({ left: 1, right: 2 }))
    expect(error).toMatchObject({ code: 'UNIQUE' })
    expect([...(error as UniqueError).columns].sort()).toEqual(['left', 'right'])
    const [, second] = await User.createMany([
      { name: 'a', email: 'a@b.cd' },
      { name: 'b', email: 'b@b.cd' },
    ])
    expect(await thrown(second?.update({ email: 'a@b.cd' }) ?? Promise.resolve())).toMatchObject({ code: 'UNIQUE', columns: ['email'] })
    expect(await thrown(User.query().updateAll({ email: 'c@d.ef' }, { allRows: true }))).toMatchObject({
      code: 'UNIQUE',
      columns: ['email'],
    })
    expect(await thrown(db.dataSource.getRepository(User).insert({ name: 'x', email: 'a@b.cd' }))).toMatchObject({ code: 'UNIQUE' })
  })

  row('a foreign key: status 409', async ({ raw, Post }) => {
    const { id } = await Post.create({ title: 'x' })
    const error = await thrown(raw(`update post set author_id = 987 where id = ${id}`))
    expect(error).toBeInstanceOf(ForeignKeyError)
    expect(error).toMatchObject({ code: 'FOREIGN_KEY', status: 409 })
  })

  row('a value that must not be null: status 422, with its column', async ({ raw, User }) => {
    await User.create({ name: 'a' })
    const error = await thrown(raw(`update ${user} set name = null`))
    expect(error).toBeInstanceOf(NotNullError)
    expect(error).toMatchObject({ code: 'NOT_NULL', status: 422, columns: ['name'] })
  })

  row('a check: status 422', async ({ db }) => {
    @db.Check('stock_is_not_negative', 'stock >= 0')
    class Product extends db.Model('Product', { stock: db.Column(db.Integer, { default: 0 }) }) {}
    await db.createAll()
    const product = await Product.create({ stock: 1 })
    const error = await thrown(product.increment('stock', -2))
    expect(error).toBeInstanceOf(CheckError)
    expect(error).toMatchObject({ code: 'CHECK', status: 422 })
    expect((await Product.getOrError(product.id)).stock).toBe(1)
  })

  row('another refusal keeps its own words, and shows no values', async ({ db, User }) => {
    await User.create({ name: 'a' })
    const error = await thrown(db.sql`select ${'secret'} from no_such_table`)
    expect(error).toBeInstanceOf(QueryFailedError)
    const { inspect } = await import('node:util')
    expect(`${inspect(error)} ${JSON.stringify(error)}`).not.toContain('secret')
  })

  row('no error shows a value: not in its message, its stack, its JSON, or when it is printed', async ({ db, User }) => {
    await User.create({ name: 'a', email: 'secret@example.org' })
    const refused: readonly PromiseLike<unknown>[] = [
      User.create({ name: 'b', email: 'secret@example.org' }),
      ...refusals(db)[database.name.split(' ')[0] as 'sqlite'],
    ]
    const errors = await Promise.all(refused.map(thrown))
    const { inspect } = await import('node:util')
    for (const error of errors) {
      expect(error).toBeInstanceOf(QueryFailedError)
      const { message, stack, query } = error as QueryFailedError
      const shown = [message, stack, inspect(error), JSON.stringify(error)].join(' ').replaceAll(query, '')
      expect(shown).not.toMatch(/secret|987654321/)
    }
  })
}

/** Statements whose values each database refuses in words of its own, which quote them. */
function refusals({ sql }: Store['db']): Record<'sqlite' | 'postgres' | 'mariadb', PromiseLike<unknown>[]> {
  return {
    sqlite: [sql`select json_extract('{}', ${'secret'})`],
    postgres: [
      sql`select cast(${'secret'} as integer)`,
      sql`select cast(${'987654321987654321'} as integer)`,
      sql`select cast(${'secret'} as timestamp)`,
      sql`select set_config('TimeZone', ${'secret'}, true)`,
      sql`select to_tsquery('simple', ${'secret & '})`,
    ],
    mariadb: [
      sql`update user set points = ${'secret'}`,
      sql`update user set last_access = ${'secret'}`,
      sql`select cast(1 as unsigned) - ${987654321}`,
    ],
  }
}
