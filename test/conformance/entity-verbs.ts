import type { ActiveAlchemy } from '@active-alchemy/core'
import { gt } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { Article, Member } from './adopted.ts'
import { rowIn } from './store.ts'

/** `db.of(Entity)`: the verbs of a model, for entities of plain TypeORM. */
export function entityVerbRows(database: TestDatabase): void {
  const declare = rowIn(database)
  const row = (title: string, run: (db: ActiveAlchemy) => Promise<void>): void =>
    declare(title, async ({ another }) => {
      const db = another({ models: [Member, Article] })
      await db.createAll()
      await run(db)
    })

  row('are the statics of a model: they read and count', async (db) => {
    const members = db.of(Member)
    await members.createMany([{ fullName: 'Ada', visits: 3 }, { fullName: 'Bob' }, { fullName: 'Cid', visits: 9 }])
    const ada = await members.getOrError('1')
    expect(ada).toBeInstanceOf(Member)
    expect([await members.get(99), await members.first({ fullName: 'Nobody' })]).toEqual([null, null])
    expect(await members.firstOrError({ fullName: 'Ada' })).toMatchObject({ memberId: 1, visits: 3 })
    expect([await members.count({ visits: gt(1) }), await members.exists({ fullName: 'Bob' })]).toEqual([2, true])
    expect(
      (
        await members
          .filter((member) => member.visits.gt(1))
          .orderBy('fullName')
          .all()
      ).map(({ fullName }) => fullName),
    ).toEqual(['Ada', 'Cid'])
    expect(await members.query('fullName').orderBy('memberId').all()).toEqual([
      { fullName: 'Ada' },
      { fullName: 'Bob' },
      { fullName: 'Cid' },
    ])
    expect(await members.query({ total: db.func.sum('visits') }).first()).toEqual({ total: 12 })
    expect([...(await members.paginate({ page: 2, perPage: 2 }))]).toMatchObject([{ fullName: 'Cid' }])
    const { endCursor } = await members.paginateByCursor({ first: 2 })
    expect([...(await members.paginateByCursor({ after: endCursor }))]).toMatchObject([{ fullName: 'Cid' }])
    expect(await members.query().orderBy('fullName', 'DESC').stream().toArray()).toMatchObject([
      { fullName: 'Cid' },
      { fullName: 'Bob' },
      { fullName: 'Ada' },
    ])
    expect(await db.sql`select max(${members.column('visits')}) as most from ${Member}`).toEqual([{ most: 9 }])
    await expect(members.getOrError(99)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND', status: 404 })
    await expect(members.firstOrError({ fullName: 'Nobody' }, new RangeError('none'))).rejects.toThrow(RangeError)
    for (const refused of [members.first({}), members.exists(undefined), members.get({ memberId: 1 } as never)]) {
      await expect(refused).rejects.toMatchObject({ status: 400 })
    }
  })

  row('take a record first: save, update, increment, reload', async (db) => {
    const members = db.of(Member)
    const ada = await members.save(Object.assign(new Member(), { fullName: 'Ada' }))
    expect(ada.memberId).toBe(1)
    await db.run(async () => {
      const read = await members.getOrError(1)
      expect(await members.get(1)).toBe(read)
      expect(await members.update(read, { fullName: 'Ada Lovelace' })).toBe(read)
      await members.increment(read, 'visits', 2)
      await members.decrement(read, 'visits')
      expect(read).toMatchObject({ fullName: 'Ada Lovelace', visits: 1 })
    })
    await db.detach(() => db.dataSource.getRepository(Member).update(1, { visits: 7 }))
    expect(await members.reload(ada)).toMatchObject({ fullName: 'Ada Lovelace', visits: 7 })
    const article = await db.of(Article).create({ mainTitle: 'Engines', writer: ada })
    expect(await db.of(Article).filter({ writer: ada }).one()).toMatchObject({ id: article.id })
  })

  row('delete softly where there is a DeleteDateColumn, and for good where there is none', async (db) => {
    const [members, articles] = [db.of(Member), db.of(Article)]
    const ada = await members.create({ fullName: 'Ada' })
    await members.delete(ada)
    expect(ada.leftAt).toBeInstanceOf(Date)
    expect([await members.count(), await Member.count({ withDeleted: true })]).toEqual([0, 1])
    await members.restore(ada)
    expect([ada.leftAt, await members.count()]).toEqual([null, 1])
    await members.delete(ada, { hardDelete: true })
    expect(await Member.count({ withDeleted: true })).toBe(0)
    const article = await articles.create({ mainTitle: 'x' })
    await articles.delete(article)
    expect(await articles.count()).toBe(0)
    await expect(articles.restore(article)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  row('load relations with records and later, each by one statement', async (db) => {
    const [members, articles] = [db.of(Member), db.of(Article)]
    const [ada, bob] = await members.createMany([{ fullName: 'Ada' }, { fullName: 'Bob' }])
    for (const writer of [ada, ada, bob]) await articles.create({ mainTitle: `of ${writer?.fullName}`, writer: writer ?? null })
    const loaded = await members.getOrError(1, { with: ['articles'] })
    expect(loaded.articles.map(({ mainTitle }) => mainTitle)).toEqual(['of Ada', 'of Ada'])
    expect((await articles.first({ mainTitle: 'of Bob' }, { with: ['writer'] }))?.writer).toMatchObject({ fullName: 'Bob' })
    expect((await members.getMany([2, 9, 1], { with: ['articles'] })).map((each) => each?.articles.length)).toEqual([1, undefined, 2])
    expect([...(await articles.paginate({ perPage: 1, with: ['writer'] }))]).toMatchObject([{ writer: { memberId: 1 } }])
    expect([...(await articles.paginateByCursor({ first: 1, with: ['writer'] }))]).toMatchObject([{ writer: { memberId: 1 } }])
    const counts: number[] = []
    for (const member of await members.query().orderBy('memberId').all()) {
      counts.push((await members.load(member, 'articles')).articles.length)
    }
    expect(counts).toEqual([2, 1])
    await expect(members.get(1, { with: ['fullName' as 'articles'] })).rejects.toMatchObject({ status: 400 })
  })

  row('find or make records, of callers at the same time too', async (db) => {
    const members = db.of(Member)
    const ada = await members.firstOrCreate({ fullName: 'Ada' }, { visits: 1 })
    const found = await members.firstOrCreate({ fullName: 'Ada' }, { visits: 2 })
    expect([members.wasCreated(ada), members.wasCreated(found), found.visits]).toEqual([true, false, 1])
    const changed = await members.updateOrCreate({ fullName: 'Ada' }, { visits: 5 })
    expect([members.wasCreated(changed), changed.visits, await members.count()]).toEqual([false, 5, 1])
    const rows = [
      { memberId: 1, fullName: 'Ada L.' },
      { memberId: 7, fullName: 'Bob' },
    ]
    const written = await members.upsertMany(rows, { on: ['memberId'], unguarded: true })
    expect(written).toMatchObject([{ fullName: 'Ada L.', visits: 5 }, { fullName: 'Bob' }])
    await Promise.all(Array.from({ length: 8 }, () => members.updateOrCreate({ memberId: 9 }, { fullName: 'Cid' }, { unguarded: true })))
    expect(await members.count()).toBe(3)
  })

  row('work through many, restore many, and call hooks', async (db) => {
    const members = db.of(Member)
    const heard: string[] = []
    members.after('create', ({ fullName }) => void heard.push(fullName))
    await members.createMany(Array.from({ length: 5 }, (_, index) => ({ fullName: `m${index}` })))
    await db.dataSource.getRepository(Member).save({ fullName: 'of a repository' })
    expect(heard).toEqual(['m0', 'm1', 'm2', 'm3', 'm4'])
    expect(await members.stream({ batch: 2 }).toArray()).toHaveLength(6)
    const sizes: number[] = []
    expect(await members.inBatches(async ({ items }) => sizes.push(items.length), { batch: 4 })).toBe(6)
    expect(sizes).toEqual([4, 2])
    await members.query().deleteAll({ allRows: true })
    await expect(members.restoreAll()).rejects.toMatchObject({ status: 400 })
    expect([await members.restoreAll({ allRows: true }), await members.count()]).toEqual([6, 6])
  })

  row('attach, detach, sync and count related records', async (db) => {
    const [members, articles] = [db.of(Member), db.of(Article)]
    const [ada, bob] = await members.createMany([{ fullName: 'Ada' }, { fullName: 'Bob' }])
    if (!ada || !bob) throw new Error('No members')
    const article = await articles.create({ mainTitle: 'Engines' })
    expect(await articles.attach(article, 'readers', ada, String(bob.memberId))).toBe(article)
    expect(await articles.count(article, 'readers')).toBe(2)
    await articles.detach(article, 'readers', ada)
    await articles.sync(article, 'readers', [ada, ada.memberId])
    expect((await articles.load(article, 'readers')).readers).toMatchObject([{ fullName: 'Ada' }])
    await members.attach(bob, 'articles', article)
    expect(await members.count(bob, 'articles')).toBe(1)
    await members.delete(ada)
    expect(await articles.count(article, 'readers')).toBe(0)
    await expect(articles.attach({ id: 1 } as Article, 'readers', ada)).rejects.toMatchObject({ code: 'INVALID_OPTION', status: 400 })
  })

  row('check values as models do, and share the fate of their scope', async (db) => {
    const members = db.of(Member)
    await expect(members.create({ fullName: 'x'.repeat(26) })).rejects.toMatchObject({ status: 422 })
    await expect(members.create({ nmae: 'x' } as never)).rejects.toMatchObject({ code: 'UNKNOWN_COLUMN' })
    await expect(members.create({ fullName: 'x', memberId: 7 })).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    await expect(members.save({ fullName: 'a client sent it' } as Member)).rejects.toMatchObject({ code: 'INVALID_OPTION', status: 400 })
    await expect(members.delete({ memberId: 1 } as Member, { hardDelet: true } as never)).rejects.toMatchObject({ status: 400 })
    for (const by of [Number.NaN, undefined as never]) {
      await expect(members.increment(new Member(), 'visits', by)).rejects.toMatchObject({ status: 400 })
    }
    const work = db.run(async () => {
      await members.create({ fullName: 'kept?' })
      throw new Error('undo')
    })
    await expect(work).rejects.toThrow('undo')
    expect(await members.count()).toBe(0)
  })

  declare('is only for entities of its database', async ({ db, another, User }) => {
    await expect(db.of(Article).count()).rejects.toThrow(/No metadata for "Article"/)
    expect(() => another().of(User)).toThrow(/it is a model of another database/)
    expect(await db.of(User).count()).toBe(0)
  })
}
