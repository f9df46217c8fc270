import type { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** Two users with two posts each and one without, and two tags on the first post of each. */
async function fill({ User, Post, Tag }: Store): Promise<void> {
  const tags = await Tag.createMany([{ label: 'a' }, { label: 'b' }])
  const [ada, bob] = await User.createMany([{ name: 'Ada' }, { name: 'Bob' }, { name: 'Cid' }])
  if (!ada || !bob) throw new Error('No users')
  for (const author of [ada, bob]) {
    await Post.create({ title: `${author.name} 1`, author, tags })
    await Post.create({ title: `${author.name} 2`, author })
  }
}

/** A tree, and rows whose keys have two columns. */
function others(db: ActiveAlchemy) {
  class Node extends db.Model('Node', { name: db.Column(db.String(20)) }) {
    static relations = this.relate({
      parent: db.ManyToOne(() => Node, 'children', { nullable: true }),
      children: db.OneToMany(() => Node, 'parent'),
    })
    declare parent?: Node | null
    declare children?: Node[]
  }
  class Region extends db.BaseModel('Region', {
    country: db.Column(db.String(2), { primary: true }),
    code: db.Column(db.Integer, { primary: true }),
    name: db.Column(db.String(20)),
  }) {
    static relations = this.relate({ towns: db.OneToMany(() => Town, 'region'), rivers: db.ManyToMany(() => River, 'regions') })
    declare towns?: Town[]
    declare rivers?: River[]
  }
  class Town extends db.BaseModel('Town', { name: db.Column(db.String(20), { primary: true }) }) {
    static relations = this.relate({ region: db.ManyToOne(() => Region, 'towns', { nullable: true }) })
    declare region?: Region | null
    declare readonly regionCountry: string | null
    declare readonly regionCode: number | null
  }
  class River extends db.BaseModel('River', { name: db.Column(db.String(20), { primary: true }) }) {
    static relations = this.relate({ regions: db.ManyToMany(() => Region, 'rivers', { joinTable: true }) })
    declare regions?: Region[]
  }
  return { Node, Region, Town, River }
}

/** Relations that come with records, and those that are loaded later. */
export function relationLoadingRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('relations may lead back to the record that they come from; what listens to its load is told once', async (store) => {
    await fill(store)
    const { User, db } = store
    const heard: string[] = []
    const loaded = async (): Promise<void> => {
      const user = await User.firstOrError({ name: 'Ada' }, { with: ['posts.author.posts', 'posts.tags.posts'] })
      expect(user.posts.map(({ author }) => author?.name)).toEqual(['Ada', 'Ada'])
      expect(user.posts[0]?.author).toBe(user)
    }
    await loaded()
    const subscriber = { listenTo: () => User, afterLoad: (user: { readonly name: string }) => void heard.push(user.name) }
    db.dataSource.subscribers.push(subscriber)
    await loaded()
    await db.run(loaded)
    expect(heard.filter((name) => name === 'Ada')).toEqual(['Ada', 'Ada'])
  })

  row('every verb that gives records takes relations to load, one statement for each', async (store) => {
    const { User, Post, db, sent } = store
    await fill(store)
    const paths = { with: ['posts', 'posts.tags'] } as const
    const expected = {
      name: 'Ada',
      posts: [
        { title: 'Ada 1', tags: [{ label: 'a' }, { label: 'b' }] },
        { title: 'Ada 2', tags: [] },
      ],
    }
    const verbs = {
      get: () => User.get(1, paths),
      getOrError: () => User.getOrError(1, paths),
      'getOrError with an error': () => User.getOrError(1, new Error('none'), paths),
      first: () => User.first({ name: 'Ada' }, paths),
      firstOrError: () => User.firstOrError({ name: 'Ada' }, paths),
      'firstOrError with an error': () => User.firstOrError({ name: 'Ada' }, new Error('none'), paths),
      'session.get': () => db.run(async () => db.session.get(User, 1, paths)),
    }
    for (const [verb, call] of Object.entries(verbs)) {
      let found: unknown
      const statements = await sent(async () => (found = await call()))
      expect({ verb, sent: statements.length, found }).toMatchObject({ verb, sent: 3, found: expected })
    }
    const page = await User.paginate({ page: 1, perPage: 2, with: ['posts'] })
    expect([page.total, page.items.map(({ posts }) => posts.length)]).toEqual([3, [2, 2]])
    expect(await sent(async () => User.paginate({ page: 2, perPage: 2, with: ['posts'] }))).toHaveLength(3)
    await Post.filter({ title: 'Ada 2' }).deleteAll()
    expect((await User.get(1, { with: ['posts'] }))?.posts).toHaveLength(1)
    expect(await User.get(99, { with: ['posts'] })).toBeNull()
    await expect(User.get(1, { with: 'posts' as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(User.get(1, { with: ['nope' as never] })).rejects.toMatchObject({ status: 400 })
    await expect(User.paginate({ with: 'posts' as never })).rejects.toMatchObject({ status: 400 })
  })

  row('related rows are sorted by the key of their record first: an index on it has them in order', async (store) => {
    const { User, Tag, sent, db } = store
    await fill(store)
    for (const load of [
      () => User.query().with('posts').all(),
      () =>
        User.query()
          .with('posts', (posts) => posts.orderBy('title'))
          .all(),
    ]) {
      const [, statement = ''] = await sent(load)
      expect(statement).toMatch(/ORDER BY \W*post\W+author_id\W+ASC, /)
    }
    const [, ofLinks = ''] = await sent(() => Tag.query().with('posts').all())
    expect(ofLinks).toMatch(/ORDER BY \S+tag_id\W+ASC, /)
    if (!database.name.startsWith('sqlite')) return
    const [, statement = ''] = await sent(() => User.query().with('posts').all())
    await db.dataSource.query('create index post_author on post (author_id)')
    const plan = await database.plan((words) => db.dataSource.query(`${words} ${statement}`, [1, 2, 3]))
    expect(plan.sorts).toBe(false)
  })

  row('N+1 cannot be written by accident: a loop that loads record by record sends 1 + 1 statements', async (store) => {
    const { User, Post, db, sent } = store
    await fill(store)
    const loops = {
      'to many': async () => {
        const counts: number[] = []
        for (const user of await User.query().orderBy('id').all()) counts.push((await user.load('posts')).posts.length)
        expect(counts).toEqual([2, 2, 0])
      },
      'to one': async () => {
        const names: (string | undefined)[] = []
        for (const post of await Post.query().orderBy('id').all()) names.push((await post.load('author')).author?.name)
        expect(names).toEqual(['Ada', 'Ada', 'Bob', 'Bob'])
      },
      'many to many': async () => {
        const labels: string[][] = []
        for (const post of await Post.query().orderBy('id').all()) labels.push((await post.load('tags')).tags.map(({ label }) => label))
        expect(labels).toEqual([['a', 'b'], [], ['a', 'b'], []])
      },
      'all at once': async () => {
        const users = await User.query().orderBy('id').all()
        expect((await Promise.all(users.map((user) => user.load('posts')))).map(({ posts }) => posts.length)).toEqual([2, 2, 0])
      },
      'of a page': async () => {
        for (const user of await User.paginate({ perPage: 2, count: false })) await user.load('posts')
      },
      'of a filtered list': async () => {
        for (const user of (await User.query().all()).filter(({ id }) => id > 1)) await user.load('posts')
      },
    }
    for (const [what, loop] of Object.entries(loops)) {
      const counts = { what, outside: (await sent(loop)).length, inside: (await sent(() => db.run(loop))).length }
      expect(counts).toEqual({ what, outside: 2, inside: 2 })
    }
    // Keys first, then the batch, then the relation of the batch.
    const batches = async (): Promise<void> => {
      for await (const user of User.query()) await user.load('posts')
    }
    expect(await sent(batches)).toHaveLength(3)
    expect(await sent(() => db.run(batches))).toHaveLength(3)
  })

  row('of a large result a thousand load together: one that is kept keeps no more', async ({ db, User, sent }) => {
    for (const size of [600, 500]) await User.createMany(Array.from({ length: size }, () => ({ name: 'one of many' })))
    const loop = async (): Promise<void> => {
      for (const user of await User.query().orderBy('id').all()) await user.load('posts')
    }
    expect(await sent(() => db.run(loop))).toHaveLength(3)
  })

  row('a loop in a loop sends one statement for each level, also where records lead to the same one', async (store) => {
    const { User, Post, sent, db } = store
    await fill(store)
    const nested = async (): Promise<void> => {
      for (const user of await User.query().all()) {
        const { posts } = await user.load('posts')
        for (const post of posts) for (const tag of (await post.load('tags')).tags) await tag.load('posts')
      }
    }
    expect(await sent(nested)).toHaveLength(4)
    expect(await sent(() => db.run(nested))).toHaveLength(4)
    const shared = async (): Promise<void> => {
      for (const post of await Post.query().all()) await (await post.load('author')).author?.load('posts')
    }
    expect(await sent(shared)).toHaveLength(3)
    const paths = async (): Promise<void> => {
      for (const user of await User.query().all()) await user.load('posts', 'posts.tags')
    }
    expect(await sent(paths)).toHaveLength(3)
    const written = async (): Promise<void> => {
      for (const user of await User.query().all()) {
        await user.update({ points: user.points + 1 })
        await user.load('posts')
      }
    }
    expect(await sent(() => db.run(written))).toHaveLength(2 + 3)
  })

  row('a load gives the record itself, reads nothing twice, and hides what is deleted', async (store) => {
    const { User, Post, sent, db } = store
    await fill(store)
    await Post.filter({ title: 'Ada 2' }).deleteAll()
    const user = await User.getOrError(1)
    const loaded = await user.load('posts')
    expect(loaded).toBe(user)
    expect(loaded.posts.map(({ title }) => title)).toEqual(['Ada 1'])
    expect(await sent(() => user.load('posts'))).toEqual([])
    expect(await sent(() => user.load('posts.tags'))).toHaveLength(1)
    expect(await User.get(2).load('posts')).toMatchObject({ posts: [{ title: 'Bob 1' }, { title: 'Bob 2' }] })
    expect(user.isDirty).toBe(false)
    await Post.create({ title: 'Ada 3', author: user })
    expect((await User.get(1, { with: ['posts'] }))?.posts).toHaveLength(2)
    await db.run(async () => {
      const one = await User.getOrError(1)
      const { posts } = await one.load('posts')
      // One row, one object.
      expect(posts[0]).toBe(await Post.get(posts[0]?.id))
    })
    await expect(user.load('nope' as never)).rejects.toMatchObject({ status: 400 })
    await expect(new User({ name: 'new' }).load('posts')).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
    await expect(User.get(99).load('posts')).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
    await User.filter({ id: 2 }).deleteAll()
    expect((await Post.firstOrError({ title: 'Bob 1' }).load('author')).author).toBeNull()
  })

  row('a save of a record whose list is a part of what there is cuts nothing off', async (store) => {
    const { User, Post, sent } = store
    await fill(store)
    const user = await User.query()
      .with('posts', (posts) => posts.limit(1))
      .firstOrError()
    expect(await sent(() => user.update({ name: 'Ada L.' }))).toHaveLength(1)
    expect([user.posts.length, await Post.count({ author: user.id })]).toEqual([1, 2])
  })

  row('of a list that was loaded, what is put in is saved, and what is taken out is let go', async (store) => {
    const { User, Post } = store
    await fill(store)
    const user = await User.query().with('posts').orderBy('id').firstOrError()
    const [first, second] = user.posts
    const more = await Post.create({ title: 'more' })
    user.posts.push(more)
    await user.save()
    expect(await Post.count({ author: user.id })).toBe(3)
    user.posts = user.posts.filter((post) => post !== second)
    await user.save()
    const left = await Post.query('id').filter({ author: user.id }).orderBy('id').all()
    expect(left.map(({ id }) => id)).toEqual([first?.id, more.id])
  })

  row('a list in another order is no change of it; one record twice in place of two is', async (store) => {
    const { User, Post, sent } = store
    await fill(store)
    const user = await User.query().with('posts').orderBy('id').firstOrError()
    user.posts = user.posts.toReversed()
    expect(await sent(() => user.save())).toEqual([])
    const [kept] = user.posts
    if (!kept) throw new Error('No posts')
    user.posts = [kept, kept]
    await user.save()
    expect(await Post.count({ author: user.id })).toBe(1)
  })

  row('a relation that was assigned stays, and what plain TypeORM has loaded loads its own', async (store) => {
    const { User, Post, db, sent } = store
    await fill(store)
    const [first, second] = await Post.query().orderBy('id').all()
    const cid = await User.firstOrError({ name: 'Cid' })
    if (!first || !second) throw new Error('No posts')
    second.author = cid
    expect(await sent(() => first.load('author'))).toHaveLength(1)
    expect([first.author?.name, second.author.name]).toEqual(['Ada', 'Cid'])
    const post = await db.dataSource.getRepository(Post).findOneByOrFail({ id: first.id })
    expect((await post.load('author', 'tags')).author?.name).toBe('Ada')
    expect(post.tags).toHaveLength(2)
    const nobody = await Post.create({ title: 'free' })
    expect((await nobody.load('author')).author).toBeNull()
  })

  row('keys of two columns and relations to the own model are loaded as any other', async ({ db, sent }) => {
    const { Node, Region, Town, River } = others(db)
    await db.createAll()
    const root = await Node.create({ name: 'root' })
    const [left] = await Node.createMany([{ name: 'left' }, { name: 'right' }].map((values) => ({ ...values, parent: root })))
    if (!left) throw new Error('No nodes')
    await Node.create({ name: 'leaf', parent: left })
    const walk = async (): Promise<void> => {
      const names: unknown[] = []
      for (const node of await Node.query().orderBy('id').all()) {
        const { parent, children } = await node.load('parent', 'children')
        names.push([parent?.name, children.map(({ name }) => name)])
      }
      expect(names).toEqual([
        [undefined, ['left', 'right']],
        ['root', ['leaf']],
        ['root', []],
        ['left', []],
      ])
    }
    expect(await sent(walk)).toHaveLength(3)
    expect(await sent(() => db.run(walk))).toHaveLength(3)
    const tree = await Node.get(root.id, { with: ['children', 'children.children'] })
    expect(tree?.children.map(({ children }) => children.length)).toEqual([1, 0])

    const [north, south] = await Region.createMany([
      { country: 'IS', code: 1, name: 'north' },
      { country: 'IS', code: 2, name: 'south' },
    ])
    if (!north || !south) throw new Error('No regions')
    await Town.createMany([{ name: 'A', region: north }, { name: 'B', region: south }, { name: 'C', region: south }, { name: 'D' }])
    await River.create({ name: 'long', regions: [north, south] })
    await River.create({ name: 'short', regions: [south] })
    const loop = async (): Promise<void> => {
      const regions: unknown[] = []
      for (const town of await Town.query().orderBy('name').all()) regions.push((await town.load('region')).region?.name)
      expect(regions).toEqual(['north', 'south', 'south', undefined])
    }
    expect(await sent(loop)).toHaveLength(2)
    const rivers = async (): Promise<void> => {
      const counts: number[][] = []
      for (const region of await Region.query().orderBy('code').all()) {
        const loaded = await region.load('towns', 'rivers')
        counts.push([loaded.towns.length, loaded.rivers.length])
      }
      expect(counts).toEqual([
        [1, 1],
        [2, 2],
      ])
    }
    expect(await sent(rivers)).toHaveLength(3)
    const [a] = await Town.filter({ name: 'A' }).all()
    expect([a?.regionCountry, a?.regionCode]).toEqual(['IS', 1])
  })

  row('records of two scopes do not load for each other, and a failed load is nobody else’s', async (store) => {
    const { User, db } = store
    await fill(store)
    const users = await User.query().orderBy('id').all()
    await db.run(async () => {
      if (users[1]) db.add(users[1])
      await db.detach(() => users[0]?.load('posts'))
      expect([users[0]?.posts.length, users[1]?.posts]).toEqual([2, undefined])
      await expect(db.detach(() => users[1]?.load('posts').then())).rejects.toMatchObject({ code: 'FOREIGN_RECORD' })
      await db.rollback()
    })
  })
}
