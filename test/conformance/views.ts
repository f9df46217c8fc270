import { ActiveAlchemy } from '@active-alchemy/core'
import { ViewColumn, ViewEntity } from 'typeorm'
import { expect, it, onTestFinished } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

class LongNote {
  declare id: number
  declare title: string
}
ViewEntity({
  name: 'long_note',
  expression: (source) => source.createQueryBuilder().select('note.id', 'id').addSelect('note.title', 'title').from('note', 'note'),
})(LongNote)
class LongTitle {
  declare title: string
}
ViewEntity({ name: 'a_long_title', expression: 'SELECT title FROM long_note', dependsOn: [LongNote] })(LongTitle)
for (const column of ['id', 'title']) ViewColumn()(LongNote.prototype, column)
ViewColumn()(LongTitle.prototype, 'title')

async function notes(database: TestDatabase) {
  const fresh = await database.create()
  const db = new ActiveAlchemy(fresh.uri, { models: [LongTitle, LongNote] })
  onTestFinished(async () => {
    await db.close()
    await fresh.drop()
  })
  class Note extends db.Model('Note', { title: db.Column(db.String(20)) }) {}
  db.register(Note)
  return { db, Note }
}

/** Views: those of plain TypeORM among the models, and models of their own. */
export function viewRows(database: TestDatabase): void {
  const row = rowIn(database)

  it('createAll makes the views of the models, each after what it reads from, and once', async () => {
    const { db, Note } = await notes(database)
    await db.createAll()
    await db.createAll()
    await Note.create({ title: 'a' })
    expect(await db.dataSource.getRepository(LongNote).find()).toMatchObject([{ id: 1, title: 'a' }])
    expect(await db.dataSource.getRepository(LongTitle).find()).toEqual([{ title: 'a' }])
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  it('dropAll drops the views with the tables', async () => {
    const { db, Note } = await notes(database)
    await db.createAll()
    await db.dropAll()
    await db.dropAll()
    await db.createAll()
    await Note.create({ title: 'b' })
    expect(await db.dataSource.getRepository(LongTitle).find()).toEqual([{ title: 'b' }])
  })

  row('a view is a model that is read: asked, filtered, paged, walked, and dropped with the rest', async ({ db, User, Post }) => {
    const { Total, Busy } = views(db)
    await db.createAll()
    await db.createAll()
    const [ada, bob] = await User.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('none')
    for (const words of [3, 4]) await Post.create({ title: 'a', words, author: ada } as never)
    await Post.create({ title: 'b', words: 1, author: bob } as never)
    expect(await Total.query().orderBy('words', 'DESC').all()).toMatchObject([
      { authorId: ada.id, posts: 2, words: 7 },
      { authorId: bob.id, posts: 1, words: 1 },
    ])
    expect(await Total.get(ada.id)).toMatchObject({ posts: 2 })
    expect(await Total.filter((total) => total.words.gt(3)).count()).toBe(1)
    expect((await Total.paginate({ perPage: 1 })).total).toBe(2)
    const seen: number[] = []
    for await (const { authorId } of Total.query().orderBy('authorId')) seen.push(authorId)
    expect(seen).toEqual([ada.id, bob.id])
    expect(await Busy.query('authorId').all()).toEqual([{ authorId: ada.id }])
    expect(JSON.stringify(await Total.get(bob.id))).toBe(JSON.stringify({ authorId: bob.id, posts: 1, words: 1 }))
    await db.dropAll()
    await db.createAll()
    expect(await Total.query().count()).toBe(0)
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('a write to a view is refused before a statement is sent, by every door', async ({ db, User, Post, sent }) => {
    const { Total } = views(db)
    await db.createAll()
    const author = await User.create({ name: 'Ada' })
    await Post.create({ title: 'a', author } as never)
    const total = await Total.firstOrError((each) => each.posts.eq(1))
    const repository = db.dataSource.getRepository(Total)
    const writes: (() => PromiseLike<unknown>)[] = [
      () => Total.create({ authorId: 7, posts: 1, words: 1 }),
      () => Total.createMany([{ authorId: 7, posts: 1, words: 1 }]),
      () => Total.upsertMany([{ authorId: 7, posts: 1, words: 1 }], { on: ['authorId'] }),
      () => total.update({ posts: 2 }),
      () => total.delete(),
      () => total.increment('posts'),
      () => Total.filter({ posts: 1 }).updateAll({ posts: 2 }),
      () => Total.filter({ posts: 1 }).deleteAll(),
      () => repository.insert({ authorId: 7, posts: 1, words: 1 }),
      () => repository.update({ posts: 1 }, { posts: 2 }),
      () => repository.delete({ posts: 1 }),
    ]
    for (const write of writes) {
      const refused = async (): Promise<void> => {
        const error: unknown = await write().then(
          () => 'written',
          (failed: unknown) => failed,
        )
        expect(error).toMatchObject({ code: 'UNSUPPORTED' })
      }
      expect(await sent(refused)).toEqual([])
    }
    expect(String(await total.update({ posts: 2 }).catch((error: unknown) => error))).toContain('It is a view')
  })

  row(
    'a materialised view keeps its rows until refresh, and readers do not wait; elsewhere it is a plain view',
    async ({ db, User, Post, sent, raw }) => {
      const { Kept } = views(db)
      await db.createAll()
      const author = await User.create({ name: 'Ada' })
      await Post.create({ title: 'a', words: 3, author } as never)
      const isKept = db.dataSource.driver.materializedViews !== undefined
      expect(await Kept.query().count()).toBe(isKept ? 0 : 1)
      const statements = await sent(() => Kept.refresh())
      expect(statements.length).toBe(isKept ? 1 : 0)
      if (isKept) expect(statements[0]).toMatch(/^REFRESH MATERIALIZED VIEW CONCURRENTLY/)
      expect(await Kept.get(author.id)).toMatchObject({ words: 3 })
      await db.run(async () => {
        const kept = await Kept.getOrError(author.id)
        await Post.create({ title: 'b', words: 4, author } as never)
        await Kept.refresh()
        expect(await Kept.get(author.id)).toBe(kept)
        expect(kept.words).toBe(7)
        await db.rollback()
      })
      expect(await Kept.get(author.id)).toMatchObject({ words: 3 })
      if (isKept) expect(await raw("select indexname from pg_indexes where tablename = 'kept'")).toHaveLength(2)
      await db.of(User).create({ name: 'b' })
    },
  )

  row('what is no view is refused as it is defined', async ({ db }) => {
    expect(() => db.View('Odd', { id: db.Column(db.Integer, { primary: true }) }, { as: 'select 1', size: 3 } as never)).toThrow(
      'it has no setting size',
    )
    expect(() => db.Model('Odd', { id: db.Column(db.Integer) }, { as: 'select 1' } as never)).toThrow('it has no setting as')
    class Nothing extends db.View('Nothing', { id: db.Column(db.Integer, { primary: true }) }, {} as never) {}
    expect(() => Nothing.query()).toThrow('it is a view of nothing')
  })

  row('the records of a relation are a dictionary by a column of theirs', async ({ db, User, Post }) => {
    const user = await User.create({ name: 'Ada' })
    for (const title of ['en', 'de', 'de']) await Post.create({ title, words: 1, author: user } as never)
    const { posts } = await User.getOrError(user.id, { with: ['posts'] })
    const byTitle = db.utils.proxyDict(posts, 'title')
    expect([...byTitle.keys()]).toEqual(['en', 'de'])
    expect(byTitle.get('de')).toBe(posts[2])
    expect(() => db.utils.proxyDict(user.posts, 'title')).toThrow('what is not loaded')
  })
}

/** Views of the posts of each author. */
function views(db: ActiveAlchemy) {
  const columns = {
    authorId: db.Column(db.Integer, { primary: true }),
    posts: db.Column(db.Integer),
    words: db.Column(db.Integer, { index: true }),
  }
  const as =
    'select author_id, count(*) as posts, cast(sum(words) as decimal(9)) as words from post where author_id is not null group by author_id'
  class Total extends db.View('Total', columns, { as }) {}
  class Kept extends db.View('Kept', columns, { as, materialized: true }) {}
  class Busy extends db.View(
    'ABusy',
    { authorId: db.Column(db.Integer, { primary: true }) },
    {
      as: (source) => source.createQueryBuilder().select('t.author_id', 'author_id').from('total', 't').where('t.posts > 1'),
      dependsOn: [Total],
    },
  ) {}
  db.register(Busy, Total, Kept)
  return { Total, Busy, Kept }
}
