import { ForeignSessionError, NoScopeError, ScopeClosedError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn, type Store } from '../store.ts'
import { latch } from '../world.ts'

/** What a queue does that many share: it runs a job in the context of the one before it. */
export function sharedQueue(): (job: () => unknown) => Promise<void> {
  const jobs: (() => unknown)[] = []
  let isBusy = false
  const next = (): void => {
    const job = isBusy ? undefined : jobs.shift()
    if (!job) return
    isBusy = true
    void Promise.resolve(job()).finally(() => {
      isBusy = false
      next()
    })
  }
  return (job) =>
    new Promise((resolve, reject) => {
      jobs.push(async () => Promise.resolve(job()).then(() => resolve(), reject))
      next()
    })
}

/** Where one unit of work ends and another begins. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a session refuses to be used in another scope', async (store) => {
    const { db, User } = store
    const uses: Record<string, (session: Store['db']['session']) => unknown> = {
      get: (session) => session.get(User, 1),
      query: (session) => session.query(User).all(),
      'query of a builder': (session) => session.manager.createQueryBuilder(User, 'u').getMany(),
      'manager.query': (session) => session.manager.query('select 1'),
      'manager.save': (session) => session.manager.save(User, { name: 'b' }),
      add: (session) => session.add(new User({ name: 'b' })),
      delete: (session) => session.delete(new User({ name: 'b' })),
      flush: (session) => session.flush(),
      commit: (session) => session.commit(),
      rollback: (session) => session.rollback(),
      remove: (session) => session.remove(),
      onCommit: (session) => session.onCommit(() => undefined),
      onRollback: (session) => session.onRollback(() => undefined),
      rollbackOnly: (session) => session.rollbackOnly(),
      commitAnyway: (session) => session.commitAnyway(),
      setLocal: (session) => session.setLocal('app.user', 'b'),
    }
    const [taken, done] = [latch<Store['db']['session']>(), latch()]
    const first = db.run(async () => {
      await User.create({ name: 'a' })
      taken.open(db.session)
      await done.promise
    })
    const session = await taken.promise
    const accepted: string[] = []
    for (const [name, use] of Object.entries(uses)) {
      const refused = db
        .detach(() => db.run(async () => void (await use(session))))
        .then(
          () => name,
          (error: unknown) => (error instanceof ForeignSessionError ? undefined : `${name}: ${String(error)}`),
        )
      accepted.push(...[(await refused) ?? []].flat())
    }
    expect(accepted).toEqual([])
    done.open()
    await first
    expect(await names(store)).toEqual(['a'])
  })

  row('a session that is over takes no hooks and no verdicts, which it would never follow', async ({ db }) => {
    const session = await db.run(async () => db.session)
    for (const use of [
      () => session.onCommit(() => undefined),
      () => session.onRollback(() => undefined),
      () => session.rollbackOnly(),
      () => session.commitAnyway(),
      () => session.add({}),
    ]) {
      expect(use).toThrow(ScopeClosedError)
    }
  })

  row('db.bind keeps a function in the scope in which it was given, whoever calls it', async (store) => {
    const { db, User } = store
    const enqueue = sharedQueue()
    const [wrote, failed] = [latch(), latch()]
    const first = db.run(async () => {
      await enqueue(db.bind(() => User.create({ name: 'lost' })))
      wrote.open()
      await failed.promise
      throw new Error('the first fails')
    })
    first.catch(() => undefined)
    await wrote.promise
    if (database.lacks['concurrent writers']) failed.open()
    const second = db.run(async () => {
      await enqueue(db.bind(() => User.create({ name: 'kept' })))
    })
    await second
    failed.open()
    await expect(first).rejects.toThrow('the first fails')
    expect(await names(store)).toEqual(['kept'])
    const bound = db.bind(function (this: { readonly by: string }, name: string) {
      expect(() => db.session).toThrow(NoScopeError)
      return `${name} ${this.by}`
    })
    expect(await db.run(async () => bound.call({ by: 'b' }, 'a'))).toBe('a b')
  })
}
