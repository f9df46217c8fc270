import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { rowIn, type Store } from '../store.ts'

/** How often values are turned into what the database holds: what is only read or compared is left as it is. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  /** Runs `work`, and counts the moments that it turns. */
  const conversions = async ({ User, db }: Store, work: () => Promise<unknown>): Promise<number> => {
    const { columns } = db.dataSource.getMetadata(User)
    const transformers = new Set(columns.flatMap(({ transformer = [] }) => transformer))
    const originals = Array.from(transformers, (transformer) => ({ transformer, to: transformer.to.bind(transformer) }))
    let count = 0
    for (const { transformer, to } of originals) {
      transformer.to = (value: unknown): unknown => {
        count += 1
        return to(value)
      }
    }
    try {
      await work()
    } finally {
      for (const { transformer, to } of originals) transformer.to = to
    }
    return count
  }

  row('reading, reading again, flush and commit convert nothing of what was not changed', async (store) => {
    const { db, User } = store
    const fresh = { lastAccess: db.utcnow() }
    await User.createMany(Array.from({ length: 30 }, (_, n) => ({ name: `n${n}`, ...fresh })))
    await db.run(async () => {
      expect(await conversions(store, () => User.query().all())).toBe(0)
      expect(await conversions(store, () => User.query().all())).toBe(0)
      expect(await conversions(store, () => db.flush())).toBe(0)
      expect(await conversions(store, () => db.commit())).toBe(0)
      const [user] = await User.query().orderBy('id').limit(1).all()
      if (!user) throw new Error('lost')
      user.name = 'changed'
      // The stamp, and what it was compared with.
      const changed = await conversions(store, () => db.flush())
      expect(changed > 0 && changed < 8).toBe(true)
    })
    expect(await User.count({ name: 'changed' })).toBe(1)
  })
}
