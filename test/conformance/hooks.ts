import { ActiveAlchemy } from '@active-alchemy/core'
import * as typeorm from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { latch } from './world.ts'
import { inStore, type Store } from './store.ts'

/** A model with hooks of every kind, and what they were called for. */
async function heardModel({ db }: Store) {
  const heard: string[] = []
  let failing: string | undefined
  class Note extends db.Model('Note', {
    text: db.Column(db.String(50)),
    slug: db.Column(db.String(50), { default: '' }),
    n: db.Column(db.Integer, { default: 0 }),
  }) {}
  class Draft extends Note {}
  const hear = (moment: string) => async (note: { readonly text: string }) => {
    await Promise.resolve()
    heard.push(`${moment} ${note.text}`)
    if (failing === moment) throw new Error(`${moment} fails`)
  }
  for (const event of ['save', 'create', 'update', 'delete', 'restore'] as const) {
    Note.before(event, hear(`before ${event}`))
    Note.after(event, hear(`after ${event}`))
  }
  Note.after('commit', hear('commit'))
  // What a hook sets is written.
  Note.before('save', (note) => {
    note.slug = note.text.toLowerCase()
  })
  db.register(Draft)
  await db.createAll()
  return { heard, Note, Draft, fail: (moment: string | undefined) => (failing = moment), take: () => heard.splice(0) }
}

type World = Store & Awaited<ReturnType<typeof heardModel>>

const created = (text: string): string[] => ['before save', 'before create', 'after create', 'after save'].map((each) => `${each} ${text}`)
const updated = (text: string): string[] => ['before save', 'before update', 'after update', 'after save'].map((each) => `${each} ${text}`)

/** Hooks of models: what they hear, in which order, and what they undo. */
export function hookRows(database: TestDatabase): void {
  const row = (title: string, run: (world: World) => Promise<void>): void => {
    it(title, () => inStore(database, async (store) => run({ ...store, ...(await heardModel(store)) })))
  }

  row(
    'each verb calls the hooks of its model around its statement, and those of the commit when it is kept',
    async ({ db, Note, take }) => {
      const note = await Note.create({ text: 'A' })
      expect(note.slug).toBe('a')
      expect(take()).toEqual([...created('A'), 'commit A'])
      await note.update({ text: 'B' })
      expect(take()).toEqual([...updated('B'), 'commit B'])
      note.text = 'C'
      await note.save()
      expect(take()).toEqual([...updated('C'), 'commit C'])
      await note.delete()
      await note.restore()
      await note.delete({ hardDelete: true })
      const [gone, back] = [
        ['before delete C', 'after delete C', 'commit C'],
        ['before restore C', 'after restore C', 'commit C'],
      ]
      expect(take()).toEqual([...gone, ...back, ...gone])
      await db.run(async () => {
        const added = new Note({ text: 'D' })
        db.add(added)
        expect(take()).toEqual([])
        await db.flush()
        expect(take()).toEqual(created('D'))
        added.n = 4
        await db.flush()
        expect(take()).toEqual(updated('D'))
      })
      expect(take()).toEqual(['commit D'])
      expect(await Note.first({ text: 'D' })).toMatchObject({ slug: 'd', n: 4 })
    },
  )

  row('none for increments and bulk writes; a save that has nothing to write updates nothing', async ({ Note, take }) => {
    const note = await Note.create({ text: 'A' })
    take()
    await note.increment('n')
    await Note.filter({ n: 1 }).updateAll({ text: 'B' })
    await Note.filter({ n: 1 }).deleteAll()
    await Note.filter({ n: 1 }).restoreAll()
    expect(take()).toEqual([])
    await note.reload()
    await note.save()
    // A hook may have had something to change; it has not.
    expect(take()).toEqual(['before save B', 'before update B', 'after update B', 'after save B', 'commit B'])
    await note.save()
    expect(take()).toEqual(['before save B', 'after save B'])
  })

  row('createMany calls those of each record, around one statement', async ({ db, Note, sent, take }) => {
    const rows = ['A', 'B', 'C'].map((text) => ({ text }))
    const statements = await sent(() => Note.createMany(rows))
    expect(statements.filter((sql) => /^insert/i.test(sql))).toHaveLength(db.dataSource.driver.capabilities.insertReturning ? 1 : 3)
    const heard = take()
    expect(heard.toSorted()).toEqual(['A', 'B', 'C'].flatMap((text) => [...created(text), `commit ${text}`]).toSorted())
    for (const text of ['A', 'B', 'C']) expect(heard.filter((each) => each.endsWith(text))).toEqual([...created(text), `commit ${text}`])
    expect((await Note.query('slug').orderBy('id').all()).map(({ slug }) => slug)).toEqual(['a', 'b', 'c'])
    await db.run(async () => void (await Note.createMany(rows)))
    expect(take().slice(-3)).toEqual(['commit A', 'commit B', 'commit C'])
  })

  row('what a hook throws undoes the verb and nothing else, in a scope and outside', async ({ db, Note, fail, take }) => {
    const note = await Note.create({ text: 'A' })
    const verbs: Record<string, () => Promise<unknown>> = {
      'before save': async () => note.update({ text: 'B' }),
      'after save': async () => note.update({ text: 'B' }),
      'before update': async () => note.update({ text: 'B' }),
      'after update': async () => note.update({ text: 'B' }),
      'before create': async () => Note.create({ text: 'B' }),
      'after create': async () => Note.create({ text: 'B' }),
      'before delete': async () => note.delete(),
      'after delete': async () => note.delete({ hardDelete: true }),
      'after restore': async () => note.restore(),
    }
    for (const [moment, verb] of Object.entries(verbs)) {
      fail(moment)
      await expect(verb()).rejects.toThrow(`${moment} fails`)
      await db.run(async () => {
        await note.increment('n')
        await expect(verb()).rejects.toThrow(`${moment} fails`)
        expect(note).toMatchObject({ text: 'A', isDirty: false, isNew: false })
        await note.increment('n')
      })
      await expect(
        Note.createMany([{ text: 'B' }, { text: 'C' }])
          .then(() => note.update({ text: 'B' }))
          .then(() => note.delete())
          .then(() => note.restore()),
      ).rejects.toThrow(`${moment} fails`)
      fail(undefined)
      await note.reload()
      if (note.isDeleted) await note.restore()
      if (note.text !== 'A') await note.update({ text: 'A' })
      await Note.filter({ text: 'B' }).deleteAll({ hardDelete: true })
      await Note.filter({ text: 'C' }).deleteAll({ hardDelete: true })
    }
    expect((await Note.getOrError(note.id)).n).toBe(2 * Object.keys(verbs).length)
    expect(await Note.count()).toBe(1)
    take()
    fail('after create')
    const added = new Note({ text: 'D' })
    await db.run(async () => {
      db.add(added)
      await expect(db.flush()).rejects.toThrow('after create fails')
    })
    expect(added.isNew).toBe(true)
    expect(take()).not.toContain('commit D')
    fail(undefined)
    await added.save()
    expect(await Note.count()).toBe(2)
  })

  row('a hook runs in the session: it reads what was written, and what it writes is of the same transaction', async ({ db, Note, Tag }) => {
    Note.after('create', async (note) => {
      expect(await Note.exists({ id: note.id })).toBe(true)
      await Tag.create({ label: note.text })
      expect(db.session.inTransaction).toBe(true)
    })
    await db.run(async () => {
      await Note.create({ text: 'A' })
      await Promise.all([Note.create({ text: 'B' }), Note.create({ text: 'C' })])
    })
    expect(await Tag.count()).toBe(3)
    await expect(db.run(async () => Note.create({ text: 'D' }).then(() => Promise.reject(new Error('undone'))))).rejects.toThrow('undone')
    expect([await Note.count(), await Tag.count()]).toEqual([3, 3])
    // What a hook adds is written with what is flushed, also at the end of the scope.
    Note.before('create', (note) => db.add(new Tag({ label: `added ${note.text}` })))
    await db.run(async () => db.add(new Note({ text: 'E' })))
    expect(await Tag.exists({ label: 'added E' })).toBe(true)
  })

  row('hooks of the commit are called by the commit that keeps the record, once for each', async ({ db, Note, take, fail }) => {
    await db.run(async () => {
      const note = await Note.create({ text: 'A' })
      await db.transaction(async () => void (await note.update({ text: 'B' })))
      await db
        .transaction(async () => {
          await Note.create({ text: 'undone' })
          throw new Error('undone')
        })
        .catch(() => undefined)
      expect(take().filter((each) => each.startsWith('commit'))).toEqual([])
      await db.commit()
      await db.transaction(async () => void (await note.update({ text: 'C' })))
    })
    expect(take().filter((each) => each.startsWith('commit'))).toEqual(['commit B', 'commit C'])
    const lost = db.run(async () => Note.create({ text: 'lost' }).then(() => Promise.reject(new Error('lost'))))
    await expect(lost).rejects.toThrow('lost')
    expect(take().filter((each) => each.startsWith('commit'))).toEqual([])
    // It is too late for it to undo anything.
    fail('commit')
    await Note.create({ text: 'D' })
    expect(await Note.exists({ text: 'D' })).toBe(true)
  })

  it('a commit waits for hooks that are to be awaited, for as long as a transaction may last', () =>
    inStore(
      database,
      async ({ db, Tag }) => {
        const ended = latch()
        const alive = setInterval(() => undefined, 1_000)
        const told: string[] = []
        Tag.after('commit', () => ended.promise)
        Tag.after('commit', async ({ label }) => void told.push(await Promise.resolve(label)), { await: true })
        await db.run(async () => {
          await Tag.create({ label: 'a' })
          await db.commit()
          expect(told).toEqual(['a'])
          ended.open()
        })
        Tag.after('commit', () => new Promise(() => undefined), { await: true })
        await db.run(async () => {
          await Tag.create({ label: 'b' })
          await db.commit()
          expect(told).toEqual(['a', 'b'])
        })
        clearInterval(alive)
      },
      { transactionTimeoutMs: 300 },
    ))

  row(
    'subclasses have the hooks of the class that they extend, before their own; every model those of db.Model',
    async ({ db, Note, Draft, User, take, heard }) => {
      Draft.before('create', (draft) => void heard.push(`draft ${draft.text}`))
      db.Model.after('create', (record) => void heard.push(`any ${record.id > 0}`))
      await Draft.create({ text: 'A' })
      expect(take()).toEqual(['before save A', 'before create A', 'draft A', 'any true', 'after create A', 'after save A', 'commit A'])
      await Note.create({ text: 'B' })
      expect(take()).not.toContain('draft B')
      await User.create({ name: 'a' })
      expect(take()).toEqual(['any true'])
    },
  )

  row('a hook is a function for a known event, which is said where it is given', async ({ Note }) => {
    const none = (): void => undefined
    const wrong: (() => void)[] = [
      () => Note.before('commit' as never, none),
      () => Note.before('load' as never, none),
      () => Note.after('save', undefined as never),
      () => Note.after('save' as 'commit', none, { await: true }),
      () => Note.after('commit', none, { wait: true } as never),
    ]
    for (const call of wrong) expect(call).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it("with commit: 'save' each verb is kept or undone with its hooks", async () => {
    const fresh = await database.create()
    const db = new ActiveAlchemy(fresh.uri, { commit: 'save' })
    class Word extends db.Model('Word', { text: db.Column(db.String(20)) }) {}
    await db.createAll()
    const told: string[] = []
    let fails = false
    Word.after('create', () => {
      if (fails) throw new Error('refused')
    })
    Word.after('commit', ({ text }) => void told.push(text))
    await db.run(async () => {
      await Word.create({ text: 'a' })
      fails = true
      await expect(Word.create({ text: 'b' })).rejects.toThrow('refused')
      fails = false
      await Word.create({ text: 'c' })
      expect(told).toEqual(['a', 'c'])
    })
    expect((await Word.query('text').orderBy('id').all()).map(({ text }) => text)).toEqual(['a', 'c'])
    await db.close()
    await fresh.drop()
  })

  it('a model without hooks sends what it sent before, whatever hooks another model has', () =>
    inStore(database, async (store) => {
      const { User, db } = store
      const work = async (): Promise<void> =>
        db.run(async () => User.create({ name: 'a' }).then(async (user) => void (await user.update({ name: 'b' }))))
      const before = store.statements.length
      await work()
      const plain = store.statements.slice(before)
      await heardModel(store)
      const then = store.statements.length
      await work()
      expect(store.statements.slice(then)).toEqual(plain)
    }))

  // ------------------------------------------------------------------------------------------------ TypeORM's

  it("TypeORM's listeners and subscribers hear every verb of ours, inside our hooks", async () => {
    const fresh = await database.create()
    const heard: string[] = []
    const moments = ['Insert', 'Update', 'SoftRemove', 'Recover', 'Remove'] as const
    class Subscriber implements typeorm.EntitySubscriberInterface {
      listenTo(): typeof Note {
        return Note
      }
    }
    for (const moment of moments) {
      for (const when of ['before', 'after'] as const) {
        Object.defineProperty(Subscriber.prototype, `${when}${moment}`, { value: () => void heard.push(`subscriber ${when} ${moment}`) })
      }
    }
    typeorm.EventSubscriber()(Subscriber)
    const db = new ActiveAlchemy(fresh.uri, { typeorm: { subscribers: [Subscriber] } })
    class Note extends db.Model('Note', { text: db.Column(db.String(50)) }) {}
    for (const moment of moments) {
      for (const when of ['Before', 'After'] as const) {
        const name = `on${when}${moment}`
        Object.defineProperty(Note.prototype, name, { value: () => void heard.push(`${when.toLowerCase()} ${moment}`) })
        typeorm[`${when}${moment}`]()(Note.prototype, name)
      }
    }
    for (const event of ['create', 'update', 'delete', 'restore'] as const) {
      Note.before(event, () => void heard.push(`hook before ${event}`))
      Note.after(event, () => void heard.push(`hook after ${event}`))
    }
    db.register(Note)
    await db.createAll()
    heard.length = 0
    const expected = (event: string, moment: string): string[] => [
      `hook before ${event}`,
      `before ${moment}`,
      `subscriber before ${moment}`,
      `after ${moment}`,
      `subscriber after ${moment}`,
      `hook after ${event}`,
    ]
    const note = await Note.create({ text: 'a' })
    expect(heard.splice(0)).toEqual(expected('create', 'Insert'))
    await note.update({ text: 'b' })
    expect(heard.splice(0)).toEqual(expected('update', 'Update'))
    await note.delete()
    expect(heard.splice(0)).toEqual(expected('delete', 'SoftRemove'))
    await note.restore()
    expect(heard.splice(0)).toEqual(expected('restore', 'Recover'))
    await note.delete({ hardDelete: true })
    expect(heard.splice(0)).toEqual(expected('delete', 'Remove'))
    await db.close()
    await fresh.drop()
  })
}
