import type { ActiveAlchemy } from '@active-alchemy/core'
import { gt, lt } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'
import { latch, until } from './world.ts'

/** Authors who know how many notes they have, and shelves that know how many words their notes have. */
async function shelves(db: ActiveAlchemy) {
  class Author extends db.Model('Author', {
    name: db.Column(db.String(20)),
    notes: db.Aggregated(db.Integer, 'written', db.func.count()),
    words: db.Aggregated(db.Integer, 'written', db.func.sum('words')),
    longest: db.Aggregated(db.Integer, 'written', db.func.max('words')),
    mean: db.Aggregated(db.Float, 'written', db.func.avg('words')),
    price: db.Aggregated(db.Numeric(12, 2), 'written', db.func.sum('price')),
  }) {
    static relations = this.relate({
      written: db.OneToMany(() => Note, 'author', { cascade: true }),
      shelf: db.ManyToOne(() => Shelf, 'authors', { nullable: true }),
    })
    declare written?: Note[]
    declare shelf?: Shelf | null
  }
  class Note extends db.Model('Note', {
    title: db.Column(db.String(20), { unique: true }),
    words: db.Column(db.Integer, { default: 0 }),
    price: db.Column(db.Numeric(12, 2), { default: '0.10' }),
  }) {
    static relations = this.relate({ author: db.ManyToOne(() => Author, 'written', { nullable: true }) })
    declare author?: Author | null
  }
  /** What is kept of what is kept. */
  class Shelf extends db.Model('Shelf', {
    words: db.Aggregated(db.Integer, 'authors', db.func.sum('words')),
    kinds: db.Aggregated(db.Integer, 'authors', db.func.count('name').distinct()),
  }) {
    static relations = this.relate({ authors: db.OneToMany(() => Author, 'shelf') })
    declare authors?: Author[]
  }
  db.register(Author, Note, Shelf)
  await db.createAll()
  return { Author, Note, Shelf }
}

/** Columns that are kept as aggregates of the records of a relation. */
export function aggregateRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a count, a sum and their like follow each verb of the records, in memory as well', async ({ db, raw }) => {
    const { Author, Note } = await shelves(db)
    const check = async (words: number[], of: InstanceType<typeof Author>): Promise<void> => {
      const kept = {
        notes: words.length,
        words: words.reduce((sum, each) => sum + each, 0),
        longest: words.length === 0 ? null : Math.max(...words),
        mean: words.length === 0 ? null : words.reduce((sum, each) => sum + each, 0) / words.length,
        price: (words.length * 0.1).toFixed(2),
      }
      expect(await db.detach(() => Author.get(of.id))).toMatchObject(kept)
      expect(of).toMatchObject(kept)
      expect(of.isDirty).toBe(false)
    }
    await db.run(async () => {
      const ada = await Author.create({ name: 'Ada' })
      const bob = await Author.create({ name: 'Bob' })
      await db.commit()
      await check([], ada)
      const note = await Note.create({ title: 'a', words: 5, author: ada })
      await db.commit()
      await check([5], ada)
      const [more] = await Note.createMany([
        { title: 'b', words: 7, author: ada },
        { title: 'c', words: 2, author: bob },
        { title: 'd', words: 1 },
      ])
      await db.commit()
      await check([5, 7], ada)
      await check([2], bob)
      await note.update({ words: 9 })
      await note.increment('words', 2)
      await db.commit()
      await check([11, 7], ada)
      await more?.update({ author: bob })
      await db.commit()
      await check([11], ada)
      await check([2, 7], bob)
      await note.delete()
      await note.delete()
      await db.commit()
      await check([], ada)
      await note.restore()
      await db.commit()
      await check([11], ada)
      await more?.delete({ hardDelete: true })
      await db.commit()
      await check([2], bob)
      // What is undone is undone here too.
      await expect(
        db.transaction(async () => {
          await note.update({ author: bob })
          expect([ada.notes, bob.notes]).toEqual([0, 2])
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      expect([ada.notes, bob.notes]).toEqual([1, 1])
      await note.update({ author: null })
      await db.commit()
      await check([], ada)
    })
    // A verb by itself is a transaction of its own.
    const eve = await Author.create({ name: 'Eve' })
    expect(eve).toMatchObject({ notes: 0, words: 0, longest: null, mean: null, price: '0.00' })
    await Note.create({ title: 'e', words: 3, author: eve })
    expect(await Author.get(eve.id)).toMatchObject({ notes: 1, words: 3, price: '0.10' })
    expect(await raw('select count(*) as n from note')).toHaveLength(1)
  })

  row('bulk writes, links, upserts, cascades and what is kept of what is kept', async ({ db }) => {
    const { Author, Note, Shelf } = await shelves(db)
    const shelf = await Shelf.create({})
    const [ada, bob] = await Author.createMany([
      { name: 'Ada', shelf },
      { name: 'Ada', shelf },
    ])
    if (!ada || !bob) throw new Error('none')
    const kept = async (): Promise<number[]> => {
      const found = await Promise.all([Author.getOrError(ada.id), Author.getOrError(bob.id)])
      return [...found.flatMap(({ notes, words }) => [notes, words]), (await Shelf.getOrError(shelf.id)).words]
    }
    expect((await Shelf.getOrError(shelf.id)).kinds).toBe(1)
    await bob.update({ name: 'Bob' })
    expect((await Shelf.getOrError(shelf.id)).kinds).toBe(2)
    await Note.createMany(
      Array.from({ length: 6 }, (_each, index) => ({ title: `n${index}`, words: index, author: index % 2 ? bob : ada })),
    )
    expect(await kept()).toEqual([3, 6, 3, 9, 15])
    expect(await Note.filter({ words: gt(2) }).updateAll({ words: (note) => note.words.plus(10) })).toBe(3)
    expect(await kept()).toEqual([3, 16, 3, 29, 45])
    expect(await Note.filter({ author: ada }).updateAll({ author: bob })).toBe(3)
    expect(await kept()).toEqual([0, 0, 6, 45, 45])
    expect(await Note.filter((note) => note.author.name.eq('Bob').and(note.words.gt(10))).deleteAll()).toBe(3)
    expect(await kept()).toEqual([0, 0, 3, 3, 3])
    expect(await Note.query({ onlyDeleted: true }).restoreAll({ allRows: true })).toBe(3)
    expect(await kept()).toEqual([0, 0, 6, 45, 45])
    expect(await Note.filter({ title: 'n5' }).deleteAll({ hardDelete: true })).toBe(1)
    expect(await kept()).toEqual([0, 0, 5, 30, 30])
    const first = await Note.firstOrError({ title: 'n0' })
    await ada.attach('written', first)
    expect(await kept()).toEqual([1, 0, 4, 30, 30])
    await ada.detach('written', first)
    expect(await kept()).toEqual([0, 0, 4, 30, 30])
    await ada.sync('written', [first, await Note.firstOrError({ title: 'n3' })])
    expect(await kept()).toEqual([2, 13, 3, 17, 30])
    await Note.upsertMany(
      [
        { title: 'n3', words: 1, author: bob },
        { title: 'n9', words: 100, author: ada },
      ],
      { on: ['title'] },
    )
    expect(await kept()).toEqual([2, 100, 4, 18, 118])
    // A list that is saved with its record, by TypeORM.
    const eve = await Author.create({ name: 'Eve', written: [new Note({ title: 'x', words: 4 })] } as never)
    expect(await Author.get(eve.id)).toMatchObject({ notes: 1, words: 4 })
    await ada.update({ shelf: null })
    expect((await Shelf.getOrError(shelf.id)).words).toBe(18)
    expect(await Note.query().deleteAll({ allRows: true, hardDelete: true })).toBe(7)
    expect(await kept()).toEqual([0, 0, 0, 0, 0])
  })

  row('repositories, managers and builders of TypeORM keep it too, in a scope or not', async ({ db }) => {
    const { Author, Note } = await shelves(db)
    const [ada, bob] = await Author.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('none')
    const kept = async (): Promise<number[]> =>
      (await db.detach(() => Author.query().orderBy('id').all())).flatMap(({ notes, words }) => [notes, words])
    const write = async (): Promise<void> => {
      const notes = db.dataSource.getRepository(Note)
      await notes.save(notes.create({ title: 'a', words: 3, author: ada }))
      await notes.insert({ title: 'b', words: 4, author: { id: bob.id } })
      await notes.update({ title: 'b' }, { words: 5 })
      await notes.update({ title: 'b' }, { author: { id: ada.id } })
      await notes.increment({ title: 'b' }, 'words', 1)
      await notes.softDelete({ title: 'a' })
      await notes.restore({ title: 'a' })
      await notes.upsert({ title: 'a', words: 8, author: { id: bob.id } }, ['title'])
      const saved = await notes.findOneByOrFail({ title: 'a' })
      saved.title = 'aa'
      await notes.save(saved)
      await db.dataSource
        .createQueryBuilder()
        .update(Note)
        .set({ words: () => 'words + 1' })
        .where('title = :title', { title: 'b' })
        .execute()
    }
    await write()
    expect(await kept()).toEqual([1, 7, 1, 8])
    await db.dataSource.getRepository(Note).delete({ title: 'b' })
    expect(await kept()).toEqual([0, 0, 1, 8])
    await db.dataSource.getRepository(Note).remove(await db.dataSource.getRepository(Note).findOneByOrFail({ title: 'aa' }))
    expect(await kept()).toEqual([0, 0, 0, 0])
    await db.run(write)
    expect(await kept()).toEqual([1, 7, 1, 8])
  })

  row('rows that the database deletes with others are counted no more; recount mends what went past', async ({ db, raw }) => {
    class Topic extends db.Model('Topic', { replies: db.Aggregated(db.Integer, 'written', db.func.count()) }) {
      static relations = this.relate({ written: db.OneToMany(() => Reply, 'topic') })
      declare written?: Reply[]
    }
    class Member extends db.Model('Member', { replies: db.Aggregated(db.BigInteger, 'written', db.func.count()) }) {
      static relations = this.relate({ written: db.OneToMany(() => Reply, 'member') })
      declare written?: Reply[]
    }
    class Reply extends db.Model('Reply', {}) {
      static relations = this.relate({
        topic: db.ManyToOne(() => Topic, 'written', { onDelete: 'CASCADE' }),
        member: db.ManyToOne(() => Member, 'written'),
      })
      declare topic?: Topic
      declare member?: Member
    }
    db.register(Reply)
    await db.createAll()
    const topics = await Topic.createMany(Array.from({ length: 4 }, () => ({})))
    const member = await Member.create({})
    const count = async (): Promise<bigint> => (await Member.getOrError(member.id)).replies
    for (const topic of topics)
      await Reply.createMany([
        { topic, member },
        { topic, member },
      ])
    expect(await count()).toBe(8n)
    expect((await Topic.getOrError(topics[0]?.id)).replies).toBe(2)
    await topics[0]?.delete()
    expect(await count()).toBe(8n)
    await topics[0]?.delete({ hardDelete: true })
    expect(await count()).toBe(6n)
    expect(await Topic.filter({ id: topics[1]?.id ?? 0 }).deleteAll({ hardDelete: true })).toBe(1)
    expect(await count()).toBe(4n)
    await db.dataSource.getRepository(Topic).delete({ id: topics[2]?.id ?? 0 })
    expect(await count()).toBe(2n)
    await db.dataSource.getRepository(Topic).delete({ id: -1 })
    expect(await count()).toBe(2n)

    await db.sql`update member set replies = 77`
    await raw('update topic set replies = 77')
    expect(await Member.recount()).toBe(1)
    expect(await Topic.recount({ batch: 1 })).toBe(1)
    expect(await count()).toBe(2n)
    expect((await Topic.getOrError(topics[3]?.id)).replies).toBe(2)
    expect(await Reply.recount()).toBe(2)
    await expect(Topic.recount({ batches: 1 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  row('a tree counts its branches, and many rows at once find all their owners', async ({ db, uri, raw }) => {
    class Branch extends db.Model('Branch', {
      twigs: db.Aggregated(db.Integer, 'children', db.func.count()),
      leaves: db.Column(db.Integer, { default: 0 }),
      below: db.Aggregated(db.Integer, 'children', db.func.sum('below')),
    }) {
      static relations = this.relate({
        parent: db.ManyToOne(() => Branch, 'children', { nullable: true }),
        children: db.OneToMany(() => Branch, 'parent'),
      })
      declare parent?: Branch | null
      declare children?: Branch[]
    }
    db.Index(['parent'])(Branch)
    db.register(Branch)
    await db.createAll()
    const root = await Branch.create({})
    const [one] = await Branch.createMany([{ parent: root }, { parent: root }])
    await Branch.create({ parent: one ?? null })
    expect(await Branch.query().orderBy('id').all()).toMatchObject([{ twigs: 2 }, { twigs: 1 }, { twigs: 0 }, { twigs: 0 }])
    // More owners than are looked at by their keys.
    const parents = await Branch.createMany(Array.from({ length: 2_050 }, () => ({})))
    // As the server does itself after a while.
    await raw(uri.startsWith('mysql') ? 'analyze table branch' : 'analyze branch')
    await Branch.createMany(parents.map((parent) => ({ parent, leaves: 1 })))
    expect(await Branch.filter({ twigs: 1 }).count()).toBe(2_051)
    expect(await Branch.filter({ leaves: 1 }).deleteAll()).toBe(2_050)
    expect(await Branch.filter({ twigs: 1 }).count()).toBe(1)
  })

  row('thirty-two writers at once: the figure is right at the end, and nobody waits for ever', async ({ db }) => {
    const { Author, Note, Shelf } = await shelves(db)
    const shelf = await Shelf.create({})
    const authors = await Author.createMany([
      { name: 'Ada', shelf },
      { name: 'Bob', shelf },
    ])
    const work = async (index: number): Promise<void> => {
      const [own, other] = index % 2 ? authors : authors.toReversed()
      const note = await Note.create({ title: `${index}`, words: index, author: own ?? null })
      await note.increment('words', 1)
      await note.update({ author: other ?? null })
      if (index % 4 === 0) await note.delete()
      if (index % 8 === 0) await note.restore()
      if (index % 16 === 1) await Note.filter({ author: own ?? 0 }).updateAll({ words: (each) => each.words.plus(1) })
    }
    await Promise.all(Array.from({ length: 32 }, (_each, index) => work(index)))
    const live = await Note.query().with('author').all()
    for (const { id, notes, words } of await Author.query().all()) {
      const own = live.filter(({ author }) => author?.id === id)
      expect([notes, words]).toEqual([own.length, own.reduce((sum, each) => sum + each.words, 0)])
    }
    expect((await Shelf.getOrError(shelf.id)).words).toBe(live.reduce((sum, each) => sum + each.words, 0))
    expect(live).toHaveLength(28)
  })

  /** Does `work` while another transaction, which `begins`, has what it waits for; `meanwhile` comes when it waits. */
  const overtaken = async (
    { db, statements }: Store,
    begins: () => Promise<unknown>,
    work: () => Promise<unknown>,
    meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<unknown> => {
    const [held, released] = [latch(), latch()]
    const first = db.run(async () => {
      await begins()
      held.open()
      await released.promise
    })
    await held.promise
    statements.length = 0
    const done = db.run(work)
    await until(() => statements.some((sql) => / FOR (?:NO KEY )?UPDATE/.test(sql)))
    await meanwhile()
    released.open()
    await first
    return done
  }

  row(
    'a bulk write takes records of the owners that it has locked: what comes while it waits is left alone',
    async (store) => {
      const { Author, Note } = await shelves(store.db)
      const ada = await Author.create({ name: 'Ada' })
      const bob = await Author.create({ name: 'Bob' })
      await Note.create({ title: 'a', words: 1, author: ada })
      const deleted = await overtaken(
        store,
        () => Note.create({ title: 'b', words: 9, author: ada }),
        () => Note.filter({ words: lt(5) }).deleteAll(),
        () => Note.create({ title: 'c', words: 2, author: bob }),
      )
      expect(deleted).toBe(1)
      expect((await Author.query().orderBy('id').all()).map(({ notes, words }) => [notes, words])).toEqual([
        [1, 9],
        [1, 2],
      ])
      expect((await Note.query('title').orderBy('title').all()).map(({ title }) => title)).toEqual(['b', 'c'])
    },
    undefined,
    'concurrent writers',
  )

  row(
    'a record that goes to another owner while its deletion waits is taken from that one',
    async (store) => {
      const { Author, Note } = await shelves(store.db)
      const ada = await Author.create({ name: 'Ada' })
      const bob = await Author.create({ name: 'Bob' })
      const { id } = await Note.create({ title: 'a', words: 5, author: ada })
      await overtaken(
        store,
        async () => (await Note.getOrError(id)).update({ author: bob }),
        async () => (await Note.getOrError(id)).delete(),
      )
      expect((await Author.query().orderBy('id').all()).map(({ notes, words }) => [notes, words])).toEqual([
        [0, 0],
        [0, 0],
      ])
    },
    undefined,
    'concurrent writers',
  )

  row('no values set it, and what cannot be kept is refused as the model is defined', async ({ db, uri }) => {
    const { Author, Note } = await shelves(db)
    await expect(Author.create({ name: 'a', notes: 3 } as never)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    const ada = await Author.create({ name: 'Ada' })
    await expect(ada.update({ words: 3 } as never)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    await expect(ada.increment('words' as never, 3)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    await expect(Author.filter({ id: ada.id }).updateAll({ notes: 3 } as never)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    expect(Object.keys(Author.jsonSchema({ for: 'create' }).properties ?? {})).not.toContain('notes')
    expect((await Author.filter({ notes: 0 }).all()).length).toBe(1)
    expect(Note.name).toBe('Note')
    expect(() => db.Aggregated(db.String(3), 'written', db.func.count() as never)).toThrow('a data type of numbers')
    expect(() => db.Aggregated(db.Integer, 'written', db.func.lower('name') as never)).toThrow('db.func.count()')
    const { ActiveAlchemy: Fresh } = await import('@active-alchemy/core')
    const wrong = (relation: string, column: string): string => {
      const other = new Fresh(uri)
      class Parent extends other.Model('Parent', { sum: other.Aggregated(other.Integer, relation, other.func.sum(column)) }) {
        static relations = this.relate({ children: other.OneToMany(() => Child, 'parent') })
        declare children?: Child[]
      }
      class Child extends other.Model('Child', { name: other.Column(other.String(3)) }) {
        static relations = this.relate({ parent: other.ManyToOne(() => Parent, 'children') })
        declare parent?: Parent
      }
      other.register(Parent, Child)
      try {
        return String(other.metadata.length)
      } catch (error) {
        return String(error)
      }
    }
    expect(wrong('kids', 'id')).toContain('its sum is kept of kids, which is no one-to-many relation. It has children.')
    expect(wrong('children', 'name')).toContain('its sum is kept as sum() of name')
    expect(wrong('children', 'nope')).toContain('sum() of nope')
  })
}
