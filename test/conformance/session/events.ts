import { ActiveAlchemy, type ReportEvent } from '@active-alchemy/core'
import {
  BeforeInsert,
  type EntitySubscriberInterface,
  EventSubscriber,
  type InsertEvent,
  type TransactionCommitEvent,
  VersionColumn,
} from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'

/** A database with subscribers, and what they heard. */
function listenedTo(uri: string) {
  const heard: string[] = []
  let failing: string | undefined
  const hear = (event: string): void => {
    heard.push(event)
    if (event === failing) throw new Error(`${event} fails`)
  }
  class Listener implements EntitySubscriberInterface {
    afterTransactionStart(): void {
      hear('start')
    }
    async beforeTransactionCommit({ manager, queryRunner }: TransactionCommitEvent): Promise<void> {
      const { texts = [] } = queryRunner.data as { texts?: string[] }
      if (texts.length > 0) await manager.insert(Outbox, { text: texts.join() })
      hear('before commit')
    }
    afterTransactionCommit(): void {
      hear('commit')
    }
    beforeTransactionRollback(): void {
      if (failing === 'before rollback') hear('before rollback')
    }
    afterTransactionRollback(): void {
      hear('rollback')
    }
  }
  EventSubscriber()(Listener)
  class Inserts implements EntitySubscriberInterface {
    listenTo(): typeof Note {
      return Note
    }
    beforeInsert({ entity, queryRunner }: InsertEvent<{ text: string }>): void {
      entity.text = entity.text.trim()
      const { texts = [] } = queryRunner.data as { texts?: string[] }
      queryRunner.data = Object.assign(queryRunner.data, { texts: [...texts, entity.text] })
      hear('before insert')
    }
  }
  EventSubscriber()(Inserts)
  const db = new ActiveAlchemy(uri, { name: 'test', typeorm: { subscribers: [Listener, Inserts] } })
  class Note extends db.Model('Note', { text: db.Column(db.String(50)) }) {}
  class Outbox extends db.BaseModel('Outbox', {
    id: db.Column(db.Integer, { primary: true, generated: true }),
    text: db.Column(db.String(50)),
  }) {}
  return { db, Note, Outbox, heard, fail: (event: string | undefined) => (failing = event) }
}

/** What TypeORM's subscribers and listeners hear of our sessions and verbs. */
export function rows(database: TestDatabase): void {
  const row = (title: string, run: (world: ReturnType<typeof listenedTo>) => Promise<void>): void => {
    it(title, async () => {
      const fresh = await database.create()
      const made = listenedTo(fresh.uri)
      try {
        await made.db.createAll()
        made.heard.length = 0
        await run(made)
        expect(made.db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
      } finally {
        await made.db.close()
        await fresh.drop()
      }
    })
  }

  row(
    'subscribers hear of the begin and the commit of a scope, and what they write before it is of it',
    async ({ db, Note, Outbox, heard }) => {
      await db.run(async () => {
        await Note.create({ text: ' a ' })
        await db.transaction(() => Note.create({ text: 'b' }).then(() => undefined))
        expect(heard).toEqual(['before insert', 'start', 'before insert'])
      })
      expect(heard.slice(3)).toEqual(['before commit', 'commit'])
      heard.length = 0
      await db.run(() => Note.get(1))
      expect(heard).toEqual([])
      expect((await Note.query().orderBy('id').all()).map(({ text }) => text)).toEqual(['a', 'b'])
      expect(await Outbox.query().all()).toMatchObject([{ text: 'a,b' }])
    },
  )

  row('dataSource.transaction in a scope is committed when the scope is', async ({ db, Note, heard }) => {
    await db.dataSource.transaction((manager) => manager.getRepository(Note).save({ text: 'alone' }))
    expect(heard).toEqual(['start', 'before insert', 'before commit', 'commit'])
    heard.length = 0
    await db.run(async () => {
      await db.dataSource.transaction((manager) => manager.getRepository(Note).save({ text: 'inside' }))
      expect(heard).toEqual(['before insert', 'start'])
      await db.commit()
      expect(heard).toEqual(['before insert', 'start', 'before commit', 'commit'])
    })
    expect(heard).toHaveLength(4)
  })

  row('what is rolled back is told as rolled back, and a savepoint is no transaction', async ({ db, Note, heard }) => {
    const work = db.run(async () => {
      await Note.create({ text: 'a' })
      await db
        .transaction(async () => {
          await Note.create({ text: 'b' })
          throw new Error('inner')
        })
        .catch(() => undefined)
      expect(heard).toEqual(['before insert', 'start', 'before insert'])
      throw new Error('outer')
    })
    await expect(work).rejects.toThrow('outer')
    expect(heard.slice(3)).toEqual(['rollback'])
    expect(await Note.count()).toBe(0)
  })

  row('a subscriber that refuses the commit rolls back', async ({ db, Note, heard, fail }) => {
    fail('before commit')
    await expect(db.run(() => Note.create({ text: 'a' }).then(() => undefined))).rejects.toThrow('before commit fails')
    expect(heard.slice(2)).toEqual(['before commit', 'rollback'])
    fail(undefined)
    expect(await Note.count()).toBe(0)
  })

  row('a subscriber that fails before a rollback changes nothing of it, and is told', async ({ Note, heard, fail }) => {
    fail('before rollback')
    const { Scope } = (await import(
      '../../../packages/core/src/scope/scope.ts'
    )) as typeof import('../../../packages/core/src/scope/scope.ts')
    const reports: ReportEvent[] = []
    const scope = new Scope({ label: 'a job', report: (event) => void reports.push(event) })
    await scope.run(() => Note.create({ text: 'a' }).then(() => undefined))
    await scope.settle({ commit: false, reason: 'error', error: new Error('the job fails') })
    expect(heard.slice(2)).toEqual(['before rollback', 'rollback'])
    expect(reports).toMatchObject([
      {
        kind: 'hook-failed',
        label: 'a job',
        message: expect.stringContaining('BeforeTransactionRollback') as string,
        error: { message: 'before rollback fails' },
      },
    ])
    expect(await Note.count()).toBe(0)
  })

  row('listeners of a model are heard by our verbs, whichever way it is written', async ({ db, Note, heard }) => {
    class Entry extends db.Model('Entry', { text: db.Column(db.String(50)), slug: db.Column(db.String(50), { default: '' }) }) {
      fill(): void {
        this.slug = this.text.toLowerCase()
      }
    }
    BeforeInsert()(Entry.prototype, 'fill')
    db.register(Entry)
    await db.createAll()
    heard.length = 0
    expect((await Entry.create({ text: 'One' })).slug).toBe('one')
    const [many] = await Entry.createMany([{ text: 'Two' }])
    expect(many?.slug).toBe('two')
    await db.run(async () => {
      const added = new Entry({ text: 'Three' })
      db.add(added)
      await db.flush()
      expect(added.slug).toBe('three')
    })
    expect((await Entry.query().orderBy('id').all()).map(({ slug }) => slug)).toEqual(['one', 'two', 'three'])
    await Note.createMany([{ text: ' x ' }])
    expect((await Note.first({ text: 'x' }))?.text).toBe('x')
    expect(heard.filter((event) => event === 'before insert')).toHaveLength(1)
  })

  row('a version is counted by the database, and never comes twice, also where TypeORM writes', async ({ db }) => countVersions(db))
}

/** Changes rows with a version in every way, and by an object that is old. */
export async function countVersions(db: ActiveAlchemy): Promise<void> {
  class Doc extends db.Model('Doc', { text: db.Column(db.String(20)), n: db.Column(db.Integer, { default: 0 }) }) {
    declare version: number
  }
  VersionColumn()(Doc.prototype, 'version')
  db.register(Doc)
  await db.createAll()
  const doc = await Doc.create({ text: 'one' })
  expect(doc.version).toBe(1)
  const stale = await db.run(() => Doc.getOrError(doc.id))
  await doc.update({ text: 'two' })
  expect(doc.version).toBe(2)
  await stale.update({ text: 'three' })
  expect(stale.version).toBe(3)
  await stale.increment('n', 5)
  await stale.delete()
  await stale.restore()
  expect(stale.version).toBe(6)
  expect(await Doc.getOrError(doc.id)).toMatchObject({ text: 'three', n: 5, version: 6 })
  expect(stale.isDirty).toBe(false)
}
