import { ActiveAlchemy } from '@active-alchemy/core'
import { BeforeUpdate, VersionColumn } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'

/** Models whose rows two writers change. */
async function lockedModels(db: ActiveAlchemy) {
  /** By its version. */
  class Note extends db.Model(
    'Note',
    { text: db.Column(db.String(50)), n: db.Column(db.Integer, { default: 0 }), version: db.Version() },
    { optimisticLock: 'version' },
  ) {}
  /** By what is changed, of all kinds. */
  class Entry extends db.Model('Entry', {
    text: db.Column(db.String(50), { nullable: true }),
    n: db.Column(db.Integer, { default: 0 }),
    price: db.Column(db.Numeric(20, 2), { default: '0.10' }),
    ratio: db.Column(db.Float, { default: 0.1 }),
    at: db.Column(db.DateTime, { nullable: true }),
    settings: db.Column(db.JSONType, { nullable: true }),
  }) {
    static override readonly optimisticLock = 'changed'
  }
  /** By TypeORM's column, where TypeORM writes. */
  class Listened extends db.Model {
    @db.Column(db.String(50)) declare text: string
    declare version: number
    static override readonly optimisticLock = 'version'
    touch(): void {
      this.text = this.text.trim()
    }
  }
  VersionColumn()(Listened.prototype, 'version')
  BeforeUpdate()(Listened.prototype, 'touch')
  /** Not at all, and with a version for its tag. */
  class Page extends db.Model('Page', { text: db.Column(db.String(50)), version: db.Version() }) {}
  await db.createAll()
  return { Note, Entry, Listened, Page }
}

type World = Store & Awaited<ReturnType<typeof lockedModels>>

/** What two requests do that meet on one row: who comes second has read it before the first wrote. */
async function meet<T>(db: ActiveAlchemy, read: () => Promise<T>, first: () => Promise<unknown>, second: (record: T) => Promise<unknown>) {
  await db.run(async () => {
    const record = await read()
    await db.detach(() => db.run(async () => void (await first())))
    await second(record)
  })
}

const stale = { code: 'STALE_RECORD', status: 409, expose: true }
const failed = { code: 'PRECONDITION_FAILED', status: 412, expose: true }

/** Two writers of one row: by a version, by what is changed, and by what a client has seen. */
export function optimisticLockRows(database: TestDatabase): void {
  // A database in memory has one connection: who writes beside a reader waits for nobody, for reads hold none.
  const row = (title: string, run: (world: World) => Promise<void>): void => {
    it(title, () => inStore(database, async (store) => run({ ...store, ...(await lockedModels(store.db)) })))
  }

  row('with a version the second writer is told, whatever it writes, and writes nothing', async ({ db, Note }) => {
    const writes: Record<string, (note: InstanceType<typeof Note>) => Promise<unknown>> = {
      update: async (note) => note.update({ text: 'second' }),
      save: async (note) => note.set({ n: 5 }).save(),
      increment: async (note) => note.increment('n'),
      delete: async (note) => note.delete(),
      'delete for good': async (note) => note.delete({ hardDelete: true }),
      flush: async (note) => {
        note.text = 'flushed'
        await db.flush()
      },
    }
    for (const write of Object.values(writes)) {
      const { id } = await Note.create({ text: 'new' })
      // What was flushed stays changed and unsaved, which its scope says; the others have nothing left.
      await meet(
        db,
        async () => Note.getOrError(id),
        async () => Note.get(id).update({ text: 'first' }),
        async (note) => expect(write(note)).rejects.toMatchObject(stale),
      )
      expect(await Note.getOrError(id)).toMatchObject({ text: 'first', n: 0, version: 2, isDeleted: false })
    }
  })

  row('a restore is held by the version as well; delete and restore count', async ({ db, Note }) => {
    const { id } = await Note.create({ text: 'new' })
    await Note.get(id).delete()
    await meet(
      db,
      async () => Note.getOrError(id, { includeDeleted: true }),
      async () => (await Note.getOrError(id, { includeDeleted: true })).restore(),
      async (note) => expect(note.restore()).rejects.toMatchObject(stale),
    )
    expect((await Note.getOrError(id)).version).toBe(3)
  })

  row('the same record writes again and again: its version follows', async ({ db, Note, sent }) => {
    const note = await Note.create({ text: 'a' })
    expect(note.version).toBe(1)
    await db.run(async () => {
      await note.update({ text: 'b' })
      await note.increment('n')
      await note.delete()
      await note.delete()
      await note.restore()
      note.text = 'c'
      await db.flush()
      await db.commit()
      await note.set({ text: 'd' }).save()
    })
    expect(note).toMatchObject({ version: 7, isDirty: false })
    expect(await Note.getOrError(note.id)).toMatchObject({ text: 'd', n: 1, version: 7 })
    // Nothing is asked for it beside what is written, and the condition of each write.
    const statements = await sent(() => note.update({ text: 'e' }))
    expect(statements.filter((sql) => /^update/i.test(sql))).toHaveLength(1)
    expect(statements[0]).toMatch(/where .*version/i)
    expect(statements.length).toBe(db.dataSource.driver.capabilities.updateReturning ? 1 : 2)
  })

  row('after a rollback the version of the object is what the row has, and it writes on', async ({ db, Note }) => {
    const note = await Note.create({ text: 'a' })
    const kept = await Note.create({ text: 'kept' })
    await db.run(async () => {
      await kept.update({ n: 1 })
      const undone = db.transaction(async () => {
        await note.update({ text: 'b' })
        await note.increment('n')
        await kept.delete()
        expect([note.version, kept.version]).toEqual([3, 3])
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
      expect(note).toMatchObject({ text: 'a', version: 1 })
      expect(kept).toMatchObject({ n: 1, version: 2, isDeleted: false })
      await note.update({ text: 'c' })
    })
    expect(await Note.getOrError(note.id)).toMatchObject({ text: 'c', n: 0, version: 2 })
    await expect(db.run(async () => note.update({ text: 'd' }).then(() => Promise.reject(new Error('undone'))))).rejects.toThrow('undone')
    expect(note).toMatchObject({ text: 'c', version: 2 })
    await note.update({ text: 'e' })
    expect(note.version).toBe(3)
  })

  row('who is told and tries again builds upon what the row has now', async ({ db, Note }) => {
    const { id } = await Note.create({ text: 'a', n: 1 })
    await meet(
      db,
      async () => Note.getOrError(id),
      async () => Note.get(id).update({ n: 10 }),
      async (note) => {
        await expect(note.update({ n: note.n + 1 })).rejects.toMatchObject(stale)
        expect(note).toMatchObject({ n: 1, isDirty: false })
        const again = await Note.getOrError(id)
        expect(again).toBe(note)
        await again.update({ n: again.n + 1 })
      },
    )
    expect((await Note.getOrError(id)).n).toBe(11)
  })

  row('reading a row again does not make a change that was thought out before a newer one', async ({ db, Note, Entry }) => {
    const { id } = await Note.create({ text: 'a', n: 1 })
    const entry = await Entry.create({ n: 1 })
    await meet(
      db,
      async () => [await Note.getOrError(id), await Entry.getOrError(entry.id)] as const,
      async () => [await Note.get(id).update({ n: 10 }), await Entry.get(entry.id).update({ n: 10 })],
      async ([note, seen]) => {
        note.n += 1
        seen.n += 1
        await Note.query().all()
        await Entry.query().all()
        await expect(note.save()).rejects.toMatchObject(stale)
        await expect(seen.save()).rejects.toMatchObject(stale)
        expect(note.n).toBe(2)
        await note.reload()
        await note.set({ n: note.n + 1 }).save()
      },
    )
    expect((await Note.getOrError(id)).n).toBe(11)
    expect((await Entry.getOrError(entry.id)).n).toBe(10)
  })

  row("with 'changed' only who changes the same columns is told, of every kind of value", async ({ db, Entry }) => {
    const at = new Date('2026-01-02T03:04:05.678Z')
    const values = { text: 'a', n: 1, price: '12345678901234567.89', ratio: 0.3, at, settings: { b: 1, a: [1, 2] } }
    const others = { text: 'A', n: 2, price: '12345678901234567.90', ratio: 0.1 + 0.2, at: new Date(at.getTime() + 1), settings: { b: 2 } }
    for (const key of Object.keys(values) as (keyof typeof values)[]) {
      const { id } = await Entry.create(values)
      await meet(
        db,
        async () => Entry.getOrError(id),
        async () => Entry.get(id).update({ [key]: others[key] }),
        async (entry) => {
          const other = key === 'n' ? 'text' : 'n'
          await entry.update({ [other]: other === 'n' ? 7 : 'mine' })
          await expect(entry.update({ [key]: values[key] })).rejects.toMatchObject(stale)
        },
      )
    }
  })

  row("with 'changed' a row that nobody changed is written, NULLs and JSON of another form too", async ({ db, Entry, raw }) => {
    const entry = await Entry.create({ settings: { a: 1 } })
    await raw(`update entry set settings = '{ "a" :  1 }'`)
    await db.run(async () => {
      const seen = await Entry.getOrError(entry.id)
      await seen.update({ text: 'a', settings: { a: 2 }, at: db.utcnow() })
      await seen.update({ text: null, settings: null, at: null, ratio: 0.7 })
      await seen.update({ text: 'b' })
    })
    expect(await Entry.getOrError(entry.id)).toMatchObject({ text: 'b', settings: null })
  })

  row("with 'changed' a delete takes nobody's change along", async ({ db, Entry }) => {
    for (const hardDelete of [false, true]) {
      const { id } = await Entry.create({ text: 'a' })
      await meet(
        db,
        async () => Entry.getOrError(id),
        async () => Entry.get(id).update({ n: 9 }),
        async (entry) => expect(hardDelete ? entry.delete({ hardDelete }) : entry.delete()).rejects.toMatchObject(stale),
      )
      await Entry.get(id).delete({ hardDelete })
      expect(await Entry.get(id)).toBeNull()
    }
  })

  row("TypeORM's version column holds too, also where TypeORM writes for its listeners", async ({ db, Listened }) => {
    const { id } = await Listened.create({ text: 'a' })
    const write = {
      update: async (one: InstanceType<typeof Listened>) => one.update({ text: 'second' }),
      delete: async (one: InstanceType<typeof Listened>) => one.delete(),
      'delete for good': async (one: InstanceType<typeof Listened>) => one.delete({ hardDelete: true }),
    }
    for (const [name, second] of Object.entries(write)) {
      await meet(
        db,
        async () => Listened.getOrError(id),
        async () => Listened.get(id).update({ text: `before ${name} ` }),
        async (one) => expect(second(one)).rejects.toMatchObject(stale),
      )
    }
    expect(await Listened.getOrError(id)).toMatchObject({ text: 'before delete for good', version: 4 })
    await db.run(async () => {
      const one = await Listened.getOrError(id)
      await one.update({ text: 'b' })
      await one.update({ text: 'c' })
    })
    expect((await Listened.getOrError(id)).version).toBe(6)
  })

  row('without a setting the last writer wins, and a version only counts', async ({ db, Page, User }) => {
    const page = await Page.create({ text: 'a' })
    const user = await User.create({ name: 'a' })
    await meet(
      db,
      async () => [await Page.getOrError(page.id), await User.getOrError(user.id)] as const,
      async () => [await Page.get(page.id).update({ text: 'first' }), await User.get(user.id).update({ name: 'first' })],
      async ([seen, other]) => [await seen.update({ text: 'second' }), await other.update({ name: 'second' })],
    )
    expect(await Page.getOrError(page.id)).toMatchObject({ text: 'second', version: 3 })
    expect((await User.getOrError(user.id)).name).toBe('second')
  })

  row('a bulk write of the same session makes none of its records stale; that of another one does', async ({ db, Note }) => {
    const { id } = await Note.create({ text: 'a' })
    await db.run(async () => {
      const note = await Note.getOrError(id)
      await Note.filter({ id }).updateAll({ n: 4 })
      await note.update({ text: 'b' })
      expect(note.version).toBe(3)
      await note.update({ text: 'c' })
    })
    await meet(
      db,
      async () => Note.getOrError(id),
      async () => Note.filter({ id }).updateAll({ n: 5 }),
      async (note) => expect(note.update({ text: 'd' })).rejects.toMatchObject(stale),
    )
    expect(await Note.getOrError(id)).toMatchObject({ text: 'c', n: 5, version: 5 })
  })

  row('a row that is gone is not found, with a lock as without', async ({ Note, Entry }) => {
    const note = await Note.create({ text: 'a' })
    const entry = await Entry.create({})
    await Note.filter({ id: note.id }).deleteAll({ hardDelete: true })
    await Entry.filter({ id: entry.id }).deleteAll({ hardDelete: true })
    for (const write of [() => note.update({ text: 'b' }), () => entry.update({ text: 'b' }), () => note.increment('n')]) {
      await expect(write()).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
    }
    await note.delete({ hardDelete: true })
  })

  row("a version is nobody else's to set, and the definition of a lock is checked", async ({ Note, Page }) => {
    for (const values of [{ text: 'a', version: 5 }, { version: 5 }]) {
      await expect(Page.create(values as never)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    }
    const page = await Page.create({ text: 'a' })
    await expect(page.update({ version: 5 } as never)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
    const [one, two] = await Note.createMany([{ text: 'a' }, { text: 'b' }])
    expect([one?.version, two?.version]).toEqual([1, 1])
    expect(one?.toDict()).toMatchObject({ version: 1 })
    for (const optimisticLock of ['version', 'sometimes'] as const) {
      const other = new ActiveAlchemy('sqlite://')
      class Plain extends other.Model('Plain', { text: other.Column(other.Text) }, { optimisticLock: optimisticLock as 'version' }) {}
      await expect(other.createAll().then(() => Plain.count())).rejects.toMatchObject({ code: 'MODEL_DEFINITION' })
      await other.close()
    }
  })

  // ------------------------------------------------------------------------------------------------ what a client has seen

  row('an etag names table, key and version of the row; without a version it is the weak one of its last change', async (world) => {
    const { db, Page, User, Country } = world
    const page = await Page.create({ text: 'a' })
    expect(page.etag).toBe(`"page-${page.id}-1"`)
    page.text = 'b'
    expect(page.etag).toBe(`"page-${page.id}-1"`)
    await page.save()
    expect(page.etag).toBe(`"page-${page.id}-2"`)
    expect((await Page.getOrError(page.id)).etag).toBe(page.etag)
    const user = await User.create({ name: 'a' })
    expect(user.etag).toBe(`W/"user-${user.id}-${user.updatedAt.toMillis()}"`)
    const iceland = await Country.create({ code: 'IS', name: 'Iceland' })
    expect(() => iceland.etag).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
    expect(() => new Page({ text: 'a' }).etag).toThrow(expect.objectContaining({ code: 'RECORD_NOT_FOUND' }))
    class Word extends db.BaseModel('Word', { word: db.Column(db.String(20), { primary: true }), version: db.Version() }) {}
    await db.createAll()
    const word = await Word.create({ word: 'a "b", ü' })
    expect(word.etag).toBe('"word-a%20%22b%22%2C%20%C3%BC-1"')
    expect(await Word.getOrError(word.word, { ifMatch: word.etag })).toMatchObject({ version: 1 })
  })

  row('If-Match is held against it as in RFC 9110', async ({ db, Page, User }) => {
    const page = await Page.create({ text: 'a' })
    const tag = page.etag
    for (const ifMatch of [undefined, tag, '*', ' * ', `"x", ${tag}`, `${tag},"y"`, ` ,${tag} , W/"z"`]) {
      expect((await Page.getOrError(page.id, { ifMatch })).id).toBe(page.id)
      expect(await Page.get(page.id, { ifMatch })).not.toBeNull()
      expect(await db.run(async () => db.session.get(Page, page.id, { ifMatch }))).not.toBeNull()
    }
    for (const ifMatch of ['', '"x"', `W/${tag}`, tag.slice(1, -1), `${tag} ${tag}`, `"${tag}`, `${tag}x`, '"*"', ','.repeat(50_000)]) {
      await expect(Page.getOrError(page.id, { ifMatch })).rejects.toMatchObject(failed)
      await expect(Page.get(page.id, { ifMatch })).rejects.toMatchObject(failed)
    }
    const user = await User.create({ name: 'a' })
    expect((await User.getOrError(user.id, { ifMatch: user.etag })).id).toBe(user.id)
    await expect(User.getOrError(user.id, { ifMatch: user.etag.slice(2) })).rejects.toMatchObject(failed)
    await expect(Page.getOrError(0, { ifMatch: '*' })).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
    expect(await Page.get(0, { ifMatch: tag })).toBeNull()
    for (const ifMatch of [5, ['*'], { any: '*' }]) {
      await expect(Page.get(page.id, { ifMatch } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION', status: 400 })
    }
  })

  row(
    'what a client has seen is true when its change is written, with a lock or without',
    async ({ db, Page, Note, User, Entry, Listened }) => {
      for (const Model of [Page, Note, Entry, Listened] as unknown as (typeof Page)[]) {
        const { id, etag } = await Model.create({ text: 'a' })
        for (const write of ['update', 'delete', 'again'] as const) {
          await meet(
            db,
            async () => Model.getOrError(id, { ifMatch: (await Model.getOrError(id)).etag }),
            async () => {
              // A weak tag tells nothing within a millisecond.
              await new Promise((resolve) => setTimeout(resolve, 2))
              await (await Model.getOrError(id)).update({ text: `before ${write}` })
            },
            async (record) => {
              if (write === 'again') await Model.getOrError(id)
              const second = write === 'delete' ? record.delete() : record.update({ text: 'lost' })
              await expect(second).rejects.toMatchObject(failed)
            },
          )
          expect(await Model.getOrError(id)).toMatchObject({ text: `before ${write}`, isDeleted: false })
        }
        await expect(Model.getOrError(id, { ifMatch: etag })).rejects.toMatchObject(failed)
      }
      const { id } = await User.create({ name: 'a' })
      await meet(
        db,
        async () => User.getOrError(id, { ifMatch: '*' }),
        async () => User.get(id).update({ points: 1 }),
        async (user) => user.update({ name: 'any will do' }),
      )
      expect(await User.getOrError(id)).toMatchObject({ name: 'any will do', points: 1 })
    },
  )

  row('a client is held once: what its own request writes further is its own', async ({ db, Page }) => {
    const { id, etag } = await Page.create({ text: 'a' })
    await db.run(async () => {
      const page = await Page.getOrError(id, { ifMatch: etag })
      await page.reload()
      await page.update({ text: 'b' })
      await page.update({ text: 'c' })
      await page.delete()
      await page.restore()
    })
    expect(await Page.getOrError(id)).toMatchObject({ text: 'c', version: 5 })
    const seen = (await Page.getOrError(id)).etag
    await db.run(async () => {
      const page = await Page.getOrError(id, { ifMatch: seen })
      const undone = db.transaction(async () => {
        await page.update({ text: 'd' })
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
      await db.rollback()
      await db.detach(() => Page.get(id).update({ text: 'e' }))
      await expect(page.update({ text: 'f' })).rejects.toMatchObject(failed)
    })
    expect((await Page.getOrError(id)).text).toBe('e')
  })
}
