import { ActiveAlchemy, DateTime, like, Query } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** What a model is asked for beside its rows: indexes, changes, databases, words of its queries, and old rows that go. */
export function utilityRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a model tells its indexes, and a record its changes', async ({ db, User }) => {
    @db.Unique(['first', 'second'])
    @db.Index(['third', 'first'])
    class Thing extends db.Model('Thing', {
      first: db.Column(db.Integer),
      second: db.Column(db.Integer),
      third: db.Column(db.Integer),
      live: db.Column(db.String(20), { unique: 'live', default: 'x' }),
      plain: db.Column(db.Integer, { index: true, default: 0 }),
    }) {}
    db.register(Thing)
    await db.createAll()
    const { hasIndex, hasUniqueIndex, hasChanges } = db.utils
    expect([hasIndex(Thing, 'id'), hasIndex(Thing, 'first'), hasIndex(Thing, 'first', 'second'), hasIndex(Thing, 'third')]).toEqual(
      Array(4).fill(true),
    )
    expect([hasIndex(Thing, 'second'), hasIndex(Thing, 'first', 'third'), hasUniqueIndex(Thing, 'first')]).toEqual(Array(3).fill(false))
    expect([hasUniqueIndex(Thing, 'second', 'first'), hasUniqueIndex(Thing, 'id'), hasUniqueIndex(Thing, 'live')]).toEqual(
      Array(3).fill(true),
    )
    expect([hasIndex(Thing, 'plain'), hasUniqueIndex(Thing, 'plain'), hasUniqueIndex(User, 'email')]).toEqual([true, false, true])
    expect(() => hasIndex(Thing, 'nope' as never)).toThrow('name of a column of Thing')

    const user = await User.create({ name: 'a' })
    expect([hasChanges(user), hasChanges(user, 'name')]).toEqual([false, false])
    user.name = 'b'
    expect([hasChanges(user), hasChanges(user, 'name'), hasChanges(user, 'location')]).toEqual([true, true, false])
    expect(() => hasChanges(user, 'nope' as never)).toThrow('name of a column of User')
  })

  row('a text stands for itself in a pattern', async ({ db, User }) => {
    await User.createMany([{ name: '50%' }, { name: '500' }, { name: 'a_b\\' }, { name: 'axb\\' }])
    const found = async (text: string): Promise<string[]> =>
      (await User.filter({ name: like(`${db.utils.escapeLike(text)}%`) }).all()).map(({ name }) => name)
    expect([await found('50%'), await found('a_b\\'), await found('%')]).toEqual([['50%'], ['a_b\\'], []])
  })

  row('a database is made and dropped by its URI, also within a scope', async ({ db, uri }) => {
    const { databaseExists, createDatabase, dropDatabase } = db.utils
    expect(await databaseExists(uri)).toBe(true)
    if (uri.includes(':memory:')) {
      expect([await createDatabase(uri), await dropDatabase(uri)]).toEqual([false, false])
      return
    }
    const other = uri.replace(/(\w+)(?=(?:\.db)?(?:\?.*)?$)/, (name) => `${name}_other`)
    expect(await databaseExists(other)).toBe(false)
    await db.run(async () => {
      expect([await createDatabase(other), await createDatabase(other), await databaseExists(other)]).toEqual([true, false, true])
    })
    const opened = new ActiveAlchemy(other)
    class Note extends opened.Model('Note', { text: opened.Column(opened.String(20)) }) {}
    await opened.createAll()
    await Note.create({ text: '😀' })
    await opened.close()
    expect([await dropDatabase(other), await dropDatabase(other), await databaseExists(other)]).toEqual([true, false, false])
    await expect(databaseExists('oracle://x')).rejects.toMatchObject({ code: 'INVALID_URI' })
  })

  row('a model has words of its own in its queries, which chain', async ({ db }) => {
    class PostQuery extends Query<Article> {
      published(): this {
        return this.filter({ isPublished: true })
      }
      longerThan(words: number): this {
        return this.filter((article) => article.words.gt(words))
      }
    }
    class Article extends db.Model('Article', {
      isPublished: db.Column(db.Boolean, { default: false }),
      words: db.Column(db.Integer, { default: 0 }),
    }) {
      static override readonly queryClass = PostQuery
      static drafts(): Query<Article> {
        return this.filter({ isPublished: false })
      }
    }
    await db.createAll()
    await Article.createMany([{ words: 5 }, { words: 9, isPublished: true }, { words: 2, isPublished: true }])
    const found = await Article.query().published().longerThan(3).orderBy('id').all()
    expect(found.map(({ words }) => words)).toEqual([9])
    expect(await Article.query().orderBy('words').published().count()).toBe(2)
    expect(await Article.drafts().count()).toBe(1)
    expect(Article.query().clone()).toBeInstanceOf(PostQuery)
    class Wrong extends db.Model('Wrong', { a: db.Column(db.Integer) }) {
      static override readonly queryClass = Date
    }
    db.register(Wrong)
    await db.createAll()
    expect(() => Wrong.query()).toThrow('queryClass is no class that extends Query')
  })

  row('old deleted rows go for good, in batches, and no others', async ({ db, User, raw, statements }) => {
    const users = await User.createMany(Array.from({ length: 7 }, (_each, index) => ({ name: `u${index}` })))
    for (const user of users.slice(0, 6)) await user.delete()
    const old = DateTime.utc().minus({ days: 100 })
    for (const user of users.slice(0, 5)) {
      await db.dataSource.getRepository(User).update(user.id, { deletedAt: old })
    }
    statements.length = 0
    expect(await User.prune({ deletedBefore: db.utcnow().minus({ days: 90 }), batch: 2 })).toBe(5)
    expect(statements.filter((sql) => /^delete/i.test(sql)).length).toBe(3)
    expect(await User.query({ includeDeleted: true }).orderBy('id').all()).toMatchObject([{ name: 'u5' }, { name: 'u6' }])
    expect(await User.prune({ deletedBefore: old.toJSDate() })).toBe(0)
    expect(await User.prune({ deletedBefore: '2020-01-01T00:00:00Z' })).toBe(0)
    await expect(User.prune({} as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(User.prune({ deletedBefore: 'yesterday' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(User.prune({ deletedBefore: old, batches: 2 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect((await raw('select 1 as n')).length).toBe(1)
  })
}
