import type { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** A post with the tags a, b and c, of which it has a. */
async function fill({ Post, Tag }: Store) {
  const [a, b, c] = await Tag.createMany([{ label: 'a' }, { label: 'b' }, { label: 'c' }])
  if (!a || !b || !c) throw new Error('No tags')
  const post = await Post.create({ title: 'Notes', tags: [a] })
  return { post: await Post.getOrError(post.id), a, b, c }
}

/** The labels of a post's tags, deleted ones included. */
async function labels({ Post, Tag }: Store, id = 1): Promise<string[]> {
  const post = await Post.query()
    .filter({ id })
    .with('tags', (tags) => tags.orderBy('label'))
    .one()
  const linked = (post as unknown as { tags: { id: number; label: string }[] }).tags
  expect(linked.every((tag) => tag instanceof Tag)).toBe(true)
  return linked.map(({ label }) => label)
}

/** `attach`, `detach`, `sync` and `count` of relations that lead to many. */
export function linkRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('attach takes records, keys and lists of them, also as a client sends them, by one INSERT', async (store) => {
    const { post, a, b, c } = await fill(store)
    expect(await post.attach('tags', b)).toBe(post)
    expect(await labels(store)).toEqual(['a', 'b'])
    // Those that are tied already are none the worse.
    const sent = await store.sent(() => post.attach('tags', a, [b.id, String(c.id)], c))
    expect(sent.map((sql) => sql.slice(0, 6))).toEqual(['INSERT'])
    expect(await labels(store)).toEqual(['a', 'b', 'c'])
    const link = store.db.dataSource.getMetadata(store.Post).manyToManyRelations[0]?.joinTableName ?? ''
    expect(Number((await store.raw<{ n: unknown }>(`select count(*) as n from ${link}`))[0]?.n)).toBe(3)
    expect([await post.count('tags'), await c.count('posts')]).toEqual([3, 1])
    await post.attach('tags')
    await post.attach('tags', [])
    expect(await post.count('tags')).toBe(3)
  })

  row('detach cuts off what is named, sync what is not named; no record is deleted', async (store) => {
    const { post, a, b, c } = await fill(store)
    await post.attach('tags', b, c)
    await post.detach('tags', a, String(b.id), 99)
    expect(await labels(store)).toEqual(['c'])
    await post.detach('tags')
    await post.detach('tags', [])
    expect(await labels(store)).toEqual(['c'])
    await post.sync('tags', a, [b.id])
    expect(await labels(store)).toEqual(['a', 'b'])
    const same = await store.sent(() => post.sync('tags', b, a))
    expect(same.filter((sql) => /^(INSERT|DELETE)/.test(sql))).toEqual([])
    await post.sync('tags', [])
    expect([await labels(store), await store.Tag.count()]).toEqual([[], 3])
    await post.sync('tags', [a, b, c])
    await post.sync('tags')
    expect(await post.count('tags')).toBe(0)
  })

  row('they work from either side, chained, in a scope and outside, and share its fate', async (store) => {
    const { post, b } = await fill(store)
    const { Post, Tag, db } = store
    await b.attach('posts', post)
    expect(await labels(store)).toEqual(['a', 'b'])
    await db.run(async () => {
      const own = await Post.get(1).attach('tags', 3).detach('tags', 1)
      expect(await own.count('tags')).toBe(2)
      await Post.getOrError(1).sync('tags', 1, 2, 3)
    })
    expect(await labels(store)).toEqual(['a', 'b', 'c'])
    const work = db.run(async () => {
      await Post.get(1).sync('tags')
      expect(await (await Post.getOrError(1)).count('tags')).toBe(0)
      throw new Error('undo')
    })
    await expect(work).rejects.toThrow('undo')
    expect(await labels(store)).toEqual(['a', 'b', 'c'])
    await db.run(async () => {
      const own = await Post.getOrError(1)
      await expect(
        db.transaction(async () => {
          await own.detach('tags', 1, 2)
          throw new Error('undo')
        }),
      ).rejects.toThrow('undo')
      await own.detach('tags', 3)
    })
    expect(await labels(store)).toEqual(['a', 'b'])
    // New records are saved first.
    await post.attach('tags', new Tag({ label: 'new' }))
    expect(await labels(store)).toEqual(['a', 'b', 'new'])
  })

  row('a list that was loaded follows, and a save of its record has nothing to write', async (store) => {
    const { a, b } = await fill(store)
    const { Post, Tag, db } = store
    const inside = async (): Promise<void> => {
      const post = await Post.getOrError(1, { with: ['tags'] })
      const names = (): string[] => post.tags.map(({ label }) => label).sort()
      await post.attach('tags', b, 3)
      expect(names()).toEqual(['a', 'b', 'c'])
      await post.detach('tags', a)
      expect(names()).toEqual(['b', 'c'])
      await post.sync('tags', 1)
      expect(names()).toEqual(['a'])
      expect(await store.sent(() => post.save())).toEqual([])
      // A list that was not loaded stays so.
      const tag = await Tag.getOrError(1)
      await tag.attach('posts', post)
      expect(Object.hasOwn(tag, 'posts')).toBe(false)
    }
    await inside()
    await db.run(inside)
    expect(await labels(store)).toEqual(['a'])
  })

  row('deleted records are not counted, and stay where they were through a sync', async (store) => {
    const { post, a, b, c } = await fill(store)
    await post.attach('tags', b)
    await b.delete()
    expect([await post.count('tags'), await labels(store)]).toEqual([1, ['a']])
    await post.sync('tags', c)
    expect(await labels(store)).toEqual(['c'])
    await b.restore()
    expect(await labels(store)).toEqual(['b', 'c'])
    await post.detach('tags', a, b)
    expect(await post.count('tags')).toBe(1)
  })

  row('one to many: the foreign keys of the records follow, theirs and those of the objects', async (store) => {
    const { User, Post, db } = store
    const [ada, bob] = await User.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    const [one, two, three] = await Post.createMany([{ title: '1' }, { title: '2' }, { title: '3' }])
    if (!ada || !bob || !one || !two || !three) throw new Error('No records')
    const keyOf = (post: object): unknown => Reflect.get(post, 'authorId')
    const sent = await store.sent(() => ada.attach('posts', one, two, three.id))
    expect(sent.map((sql) => sql.slice(0, 6))).toEqual(['UPDATE', 'SELECT'])
    expect([one, two].map(keyOf)).toEqual([ada.id, ada.id])
    expect([await ada.count('posts'), await bob.count('posts')]).toEqual([3, 0])
    await bob.attach('posts', one)
    // Not its own.
    await bob.detach('posts', two)
    expect([await ada.count('posts'), await bob.count('posts')]).toEqual([2, 1])
    await db.run(async () => {
      const loaded = await User.getOrError(ada.id, { with: ['posts'] })
      const [gone] = loaded.posts
      if (!gone) throw new Error('No posts')
      await loaded.sync('posts', loaded.posts.slice(1), new Post({ title: 'new' }))
      expect([gone, ...loaded.posts].map(keyOf)).toEqual([null, ada.id, ada.id])
      expect(loaded.posts.map(({ title }) => title)).toEqual(['3', 'new'])
      await expect(
        db.transaction(async () => {
          await loaded.detach('posts', loaded.posts)
          throw new Error('undo')
        }),
      ).rejects.toThrow('undo')
    })
    expect(await ada.count('posts')).toBe(2)
    await three.reload()
    await three.delete()
    expect(await ada.count('posts')).toBe(1)
    await expect(ada.attach('posts', 99)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND', status: 404 })
  })

  row('one to many with a key that is required: attach moves, detach and sync refuse to leave it empty', async ({ db }) => {
    const { House, Room } = houses(db)
    await db.createAll()
    const [one, two] = await House.createMany([{ name: 'one' }, { name: 'two' }])
    if (!one || !two) throw new Error('No houses')
    const room = await Room.create({ name: 'hall', house: one })
    await two.attach('rooms', room, await Room.create({ name: 'attic', house: one }))
    expect([await one.count('rooms'), await two.count('rooms')]).toEqual([0, 2])
    await expect(two.detach('rooms', room)).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('house') })
    await expect(two.sync('rooms', room)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await one.sync('rooms', await Room.query().all())
    expect([await one.count('rooms'), await two.count('rooms')]).toEqual([2, 0])
  })

  row('a column may be named count, and then it is one', async ({ db }) => {
    class Word extends db.Model('Word', { text: db.Column(db.String(20)), count: db.Column(db.Integer, { nullable: true }) }) {}
    class Tally extends db.Model {
      declare count: number | null
    }
    db.Column(db.Integer, { nullable: true })(Tally.prototype, 'count')
    await db.createAll()
    const word = await Word.create({ text: 'x' })
    expect([word.count, new Word({ text: 'y' }).count]).toEqual([null, undefined])
    expect((await word.update({ count: 7 })).toDict()).toMatchObject({ count: 7 })
    expect(await Word.filter({ count: 7 }).count()).toBe(1)
    const tally = await Tally.create({ count: 3 })
    expect([(await tally.reload()).count, (await Tally.create({})).count]).toEqual([3, null])
  })

  row('keys of several columns are objects', async ({ db }) => {
    const { Region, River } = houses(db)
    await db.createAll()
    const [north, south] = await Region.createMany([
      { country: 'IS', code: 1, name: 'north' },
      { country: 'IS', code: 2, name: 'south' },
    ])
    const river = await River.create({ name: 'Ölfusá' })
    if (!north || !south) throw new Error('No regions')
    await river.attach('regions', north, { country: 'IS', code: '2' })
    await south.attach('rivers', 'Ölfusá')
    expect([await river.count('regions'), await south.count('rivers')]).toEqual([2, 1])
    await river.sync('regions', { country: 'IS', code: 2 })
    expect((await river.load('regions')).regions).toMatchObject([{ name: 'south' }])
    await expect(river.attach('regions', { country: 'IS' })).rejects.toMatchObject({ status: 400 })
  })

  row('what is no relation to many, no key and no record is refused, and the session goes on', async (store) => {
    const { post, a } = await fill(store)
    const { Post, Tag, User, db } = store
    for (const name of ['author', 'title', 'nope', '__proto__']) {
      await expect(post.attach(name as 'tags', 1)).rejects.toMatchObject({ code: 'INVALID_FILTER', status: 400 })
      await expect(post.count(name as 'tags')).rejects.toMatchObject({ status: 400 })
    }
    for (const key of [{ id: 1 }, true, null, await User.create({ name: 'Ada' })]) {
      await expect(post.attach('tags', key as never)).rejects.toMatchObject({ status: key === null ? 404 : 400 })
    }
    await expect(post.attach('tags', 'no digits')).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND', status: 404 })
    await expect(new Post({ title: 'new' }).attach('tags', a)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
    await db.run(async () => {
      const own = await Post.getOrError(1)
      await expect(own.attach('tags', 2, 99)).rejects.toMatchObject({ code: 'FOREIGN_KEY', status: 409 })
      await own.attach('tags', 3)
    })
    expect(await labels(store)).toEqual(['a', 'c'])
    const gone = await Tag.create({ label: 'gone' })
    await gone.delete({ hardDelete: true })
    await expect(post.attach('tags', gone)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
  })

  row('32 callers attach one pair, or sync one list, at the same time: one row each, no failed session', async (store) => {
    const { post, b, c } = await fill(store)
    const { Post, db } = store
    const callers = Array.from({ length: 32 }, (_, index) => index)
    await Promise.all(
      callers.map((index) =>
        index % 2
          ? post.attach('tags', b, c)
          : db.run(async () => {
              const own = await Post.getOrError(1)
              await own.attach('tags', c, b)
              await own.attach('tags', b)
              expect(await own.count('tags')).toBe(3)
            }),
      ),
    )
    expect(await labels(store)).toEqual(['a', 'b', 'c'])
    await Promise.all(callers.map((index) => db.run(async () => Post.get(1).sync('tags', index % 2 ? [1] : [2, 3]))))
    expect([['a'], ['b', 'c']]).toContainEqual(await labels(store))
  })

  row('lists of any length: in batches, each caller in the same order', async (store) => {
    const { post } = await fill(store)
    const { Tag } = store
    const many = await Tag.createMany(Array.from({ length: 3_000 }, (_, index) => ({ label: `t${index}` })))
    const sent = await store.sent(() => post.sync('tags', many))
    expect(sent.length).toBeLessThan(12)
    expect(await post.count('tags')).toBe(3_000)
    await post.sync('tags', many.slice(0, 10))
    expect(await post.count('tags')).toBe(10)
  })
}

/** Rooms that cannot be without a house, and rows whose keys have two columns. */
function houses(db: ActiveAlchemy) {
  class House extends db.Model('House', { name: db.Column(db.String(20)) }) {
    static relations = this.relate({ rooms: db.OneToMany(() => Room, 'house') })
    declare rooms?: Room[]
  }
  class Room extends db.BaseModel('Room', {
    id: db.Column(db.Integer, { primary: true, generated: true }),
    name: db.Column(db.String(20)),
  }) {
    static relations = this.relate({ house: db.ManyToOne(() => House, 'rooms', { nullable: false }) })
    declare house?: House
  }
  class Region extends db.BaseModel('Region', {
    country: db.Column(db.String(2), { primary: true }),
    code: db.Column(db.Integer, { primary: true }),
    name: db.Column(db.String(20)),
  }) {
    static relations = this.relate({ rivers: db.ManyToMany(() => River, 'regions') })
    declare rivers?: River[]
  }
  class River extends db.BaseModel('River', { name: db.Column(db.String(20), { primary: true }) }) {
    static relations = this.relate({ regions: db.ManyToMany(() => Region, 'rivers', { joinTable: true }) })
    declare regions?: Region[]
  }
  return { House, Room, Region, River }
}
