import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import type { Traces } from '@active-alchemy/core'
import { expect, onTestFinished, vi } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** What is told on a channel, with when. */
type Told<Name extends keyof Traces> = Traces[Name] & { readonly error?: unknown }

/** Hears of a channel what began, what failed and what ended. */
function heard<Name extends keyof Traces>(name: Name): { begun: Told<Name>[]; failed: Told<Name>[]; ended: Told<Name>[] } {
  const channel = tracingChannel<unknown, object>(name)
  const lists = { begun: [] as Told<Name>[], failed: [] as Told<Name>[], ended: [] as Told<Name>[] }
  const open = new Set<object>()
  const hear = (list: Told<Name>[]) => (told: object) => void list.push(told as Told<Name>)
  const subscribers = {
    start: (told: object) => {
      open.add(told)
      hear(lists.begun)(told)
    },
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (told: object) => {
      // It is the same object, so that who traces finds what it has begun for it.
      expect(open.delete(told)).toBe(true)
      hear(lists.ended)(told)
    },
    error: hear(lists.failed),
  }
  channel.subscribe(subscribers)
  onTestFinished(() => channel.unsubscribe(subscribers))
  return lists
}

/** What is told on the channels of `node:diagnostics_channel`. */
export function diagnosticsRows(database: TestDatabase): void {
  const row = rowIn(database)
  const system = { mariadb: 'mysql' }[database.name] ?? database.name.split(' ')[0]

  row('each statement is told of: where, its text, how many rows, and never a value', async ({ User }) => {
    await User.create({ name: 'first' })
    const queries = heard('active-alchemy:query')
    await User.create({ name: 's3cr3t', email: 's3cr3t@example.org' })
    await User.filter({ name: 's3cr3t' }).all()
    await User.query().updateAll({ location: 's3cr3t' }, { allRows: true })
    await expect(User.create({ name: 's3cr3t', email: 's3cr3t@example.org' })).rejects.toMatchObject({ code: 'UNIQUE' })
    const of = (word: string) => queries.begun.filter(({ operation }) => operation === word)
    expect(of('INSERT')).toMatchObject([{ system, rows: 1 }, { error: { code: 'UNIQUE' } }])
    expect(of('SELECT')).toMatchObject([{ system, text: expect.stringContaining('WHERE'), rows: 1 }])
    expect(of('UPDATE')).toMatchObject([{ rows: 2 }])
    expect(queries.failed).toEqual([of('INSERT')[1]])
    expect(JSON.stringify(queries.begun)).not.toContain('s3cr3t')
  })

  row('a scope and its transaction are told of, from the beginning to the end, and how they ended', async ({ db, User }) => {
    await User.count()
    const scopes = heard('active-alchemy:scope')
    const transactions = heard('active-alchemy:transaction')
    await db.run(() => User.create({ name: 'kept' }), { label: 'import' })
    await expect(
      db.run(async () => {
        await User.create({ name: 'lost' })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await db.run(() => User.count())
    expect(scopes.ended).toMatchObject([
      { label: 'import', outcome: 'committed', written: 1 },
      { label: 'db.run', outcome: 'rolled back', written: 1 },
      { label: 'db.run', outcome: 'committed', written: 0 },
    ])
    expect(transactions.ended).toMatchObject([{ label: 'import', outcome: 'commit' }, { outcome: 'rollback' }])
    expect([scopes.begun, transactions.begun]).toEqual([scopes.ended, transactions.ended])
  })

  row('a statement and a transaction tell whose they are, and a statement where it was called', async ({ db, User }) => {
    await User.count()
    const [scopes, transactions, queries] = [
      heard('active-alchemy:scope'),
      heard('active-alchemy:transaction'),
      heard('active-alchemy:query'),
    ]
    const run = (name: string) => db.run(() => User.create({ name }), { label: name })
    await Promise.all([run('one'), run('other')])
    await User.create({ name: 'alone' })
    const idOf = (label: string) => scopes.ended.find((each) => each.label === label)?.id
    expect(new Set(scopes.ended.map(({ id }) => id)).size).toBe(3)
    const inserts = queries.begun.filter(({ operation }) => operation === 'INSERT')
    expect(new Set(inserts.map(({ scope }) => scope))).toEqual(new Set(['one', 'other', 'User.create()'].map(idOf)))
    expect(new Map(transactions.ended.map(({ label, scope }) => [label, scope]))).toEqual(
      new Map(['one', 'other'].map((label) => [label, idOf(label)])),
    )
    for (const { site } of inserts) expect(String(site)).toMatch(/diagnostics\.ts:\d+:\d+$/)
  })

  row('what is reported is told on a channel as well', async ({ db, User }) => {
    const told: unknown[] = []
    onTestFinished(() => void vi.restoreAllMocks())
    const hear = (event: unknown): void => void told.push(event)
    subscribe('active-alchemy:report', hear)
    onTestFinished(() => void unsubscribe('active-alchemy:report', hear))
    vi.spyOn(console, 'error').mockReturnValue(undefined)
    await db.run(async () => {
      db.onCommit(
        () => {
          throw new Error('late')
        },
        { await: true },
      )
      await User.create({ name: 'kept' })
    })
    expect(told).toMatchObject([{ kind: 'hook-failed', label: 'db.run' }])
  })

  row('a commit that fails is told of with its error, and once', async ({ db, raw }) => {
    class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {}
    await db.createAll()
    for (const sql of database.prepareBreak) await raw(sql)
    const transactions = heard('active-alchemy:transaction')
    await expect(
      db.run(async () => {
        await Note.create({ text: 'x' })
        for (const sql of database.breakCommit) await db.session.manager.query(sql)
      }),
    ).rejects.toMatchObject({ status: expect.any(Number) as unknown })
    expect(transactions.ended).toHaveLength(1)
    expect(transactions.failed.length + transactions.ended.filter(({ outcome }) => outcome === 'rollback').length).toBe(1)
  })

  row('a transaction that ends before its first statement is told of to its end', async ({ db, User }) => {
    await User.count()
    const transactions = heard('active-alchemy:transaction')
    db.onBegin(() => {
      throw new Error('not now')
    })
    await expect(db.run(() => User.create({ name: 'a' }))).rejects.toThrow('not now')
    expect(transactions.ended).toMatchObject([{ outcome: 'rollback' }])
    expect(transactions.begun).toEqual(transactions.ended)
  })

  row('a verb by itself is a scope without a transaction, and says what it wrote', async ({ User }) => {
    await User.create({ name: 'a' })
    const [scopes, transactions] = [heard('active-alchemy:scope'), heard('active-alchemy:transaction')]
    await User.create({ name: 'b' })
    expect(scopes.ended).toMatchObject([{ label: 'User.create()', outcome: 'committed', written: 1 }])
    expect(transactions.begun).toEqual([])
  })

  row('a wait for a connection is told of, with how long it took, and what it waited for in vain', async ({ db, User }) => {
    await User.count()
    const waits = heard('active-alchemy:pool')
    await db.run(() => User.create({ name: 'a' }))
    await User.count()
    expect(waits.begun.map(({ purpose }) => purpose)).toEqual(['write', 'read'])
    for (const { waitedMs } of waits.begun) expect(waitedMs).toBeGreaterThanOrEqual(0)
  })
}
