import { expect, vi } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { rowIn, type Store } from '../store.ts'
import { latch } from '../world.ts'

/** Verbs that run in no scope while others are open: a lost context looks so. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  /** Calls `work` from where no scope is known, while a scope of the database is open. */
  const whileOpen = async ({ db, User }: Store, work: () => Promise<void>): Promise<void> => {
    const [entered, done] = [latch(), latch()]
    const open = db.run(async () => {
      await User.count()
      entered.open()
      await done.promise
    })
    await entered.promise
    await work()
    done.open()
    await open
  }

  row("with outsideScope: 'refuse' a verb is refused there, and what is meant so is not", (store) => refuses(store), {
    outsideScope: 'refuse',
  })
  const refuses = async (store: Store): Promise<void> => {
    const { db, User } = store
    await User.create({ name: 'nobody is there' })
    await whileOpen(store, async () => {
      for (const verb of [() => User.create({ name: 'a' }), () => User.get(1), () => User.query().all(), () => db.sql`select 1 as n`]) {
        await expect(verb().then((found) => found)).rejects.toMatchObject({ code: 'NO_SCOPE' })
      }
      await db.detach(() => User.create({ name: 'detached' }))
      await db.run(() => User.create({ name: 'run' }))
      await db.transaction(() => User.create({ name: 'transaction' }))
    })
    expect(await User.count()).toBe(4)
  }

  row('while developing a verb there is told, each call site once', async (store) => {
    const { db, User } = store
    // Once in a process: there is nothing in it that differs between databases.
    if (database.name !== 'sqlite') return
    const told = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    try {
      await User.create({ name: 'nobody is there' })
      await whileOpen(store, async () => {
        for (let time = 0; time < 3; time++) await User.create({ name: 'a' })
        await User.create({ name: 'b' })
        await db.detach(() => User.create({ name: 'detached' }))
      })
      expect(told.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('outside any request'))).toEqual([
        expect.stringMatching(/User\.create\(\) at .*outside-scope\.ts:\d+:\d+ .*db\.bind/) as string,
        expect.stringMatching(/User\.create\(\) at .*outside-scope\.ts:\d+:\d+ /) as string,
      ])
      expect(await User.count()).toBe(6)
    } finally {
      told.mockRestore()
    }
  })
}
