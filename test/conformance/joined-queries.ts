import { some } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** Queries that look at related records. */
export function joinedQueryRows(database: TestDatabase): void {
  const row = rowIn(database)
  const shelves = async ({ User, Post }: Store): Promise<void> => {
    const [ada, bob, cid] = await User.createMany([{ name: 'Ada' }, { name: 'Bob' }, { name: 'Cid' }])
    if (!ada || !bob || !cid) throw new Error('No users')
    await Post.createMany([
      { title: 'a1', author: ada },
      { title: 'a2', author: ada },
      { title: 'a3', author: ada },
      { title: 'b1', author: bob },
      { title: 'b2', author: bob },
    ])
  }

  row('a loop gives each record once, with the relations that were joined', async (store) => {
    const { User } = store
    await shelves(store)
    for await (const user of User.filter({ posts: some() })) await user.increment('points')
    expect((await User.query().orderBy('name').all()).map(({ points }) => points)).toEqual([1, 1, 0])
    const seen: [string, string[]][] = []
    for await (const { name, posts } of User.query()
      .with('posts', (related) => related.orderBy('title', 'DESC'))
      .orderBy('name')) {
      seen.push([name, posts.map(({ title }) => title)])
    }
    expect(seen).toEqual([
      ['Ada', ['a3', 'a2', 'a1']],
      ['Bob', ['b2', 'b1']],
      ['Cid', []],
    ])
    const windowed: string[] = []
    for await (const { name } of User.query().with('posts').orderBy('name').offset(1).limit(1)) windowed.push(name)
    expect(windowed).toEqual(['Bob'])
  })

  row('a loop over records with the one that each belongs to has it', async (store) => {
    const { Post } = store
    await shelves(store)
    const authors: string[] = []
    for await (const { author } of Post.query().with('author').orderBy('title')) authors.push(author?.name ?? '')
    expect(authors).toEqual(['Ada', 'Ada', 'Ada', 'Bob', 'Bob'])
  })

  row('limit and offset count records, not joined rows', async (store) => {
    const { User } = store
    await shelves(store)
    const query = () => User.query().with('posts').orderBy('name')
    const facts = (users: readonly InstanceType<Store['User']>[]): [string, number][] =>
      users.map(({ name, posts }) => [name, posts.length])
    expect(facts(await query().limit(2).all())).toEqual([
      ['Ada', 3],
      ['Bob', 2],
    ])
    expect(facts(await query().offset(1).all())).toEqual([
      ['Bob', 2],
      ['Cid', 0],
    ])
    expect(facts(await query().offset(1).limit(1).all())).toEqual([['Bob', 2]])
    expect((await query().offset(1).first())?.name).toBe('Bob')
    expect([await query().count(), await query().offset(1).count(), await query().limit(0).count()]).toEqual([3, 2, 0])
    expect([await query().offset(2).exists(), await query().offset(3).exists()]).toEqual([true, false])
    const page = await query().paginate({ page: 2, perPage: 1 })
    expect([facts([...page.items]), page.total]).toEqual([[['Bob', 2]], 3])
  })

  row('a bulk write refuses to load relations before a row is touched', async (store) => {
    const { User } = store
    await shelves(store)
    const query = User.filter({ name: 'Ada' }).with('posts')
    await expect(query.deleteAll()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await User.count()).toBe(3)
  })

  row('an order by a column of a related record takes its visible names only', async (store) => {
    const { Post } = store
    await shelves(store)
    const titles = await Post.query()
      .orderBy((post) => post.author.name.desc())
      .orderBy('title')
      .limit(3)
      .all()
    expect(titles.map(({ title }) => title)).toEqual(['b1', 'b2', 'a1'])
    for (const name of ['author.name', 'author', 'post.title; drop table user']) {
      expect(() => Post.query().orderBy(name as 'title')).toThrow(expect.objectContaining({ code: 'INVALID_FILTER', status: 400 }) as Error)
    }
  })
}
