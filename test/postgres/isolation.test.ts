import { describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { onServer, postgres } from '../databases/postgres.ts'

describe('postgres: the isolation of the server', () => {
  it.each([
    ['serializable', undefined, 'serializable'],
    ['repeatable read', undefined, 'repeatable read'],
    ['serializable', 'READ COMMITTED', 'read committed'],
  ] as const)('%s by default, and %s asked for: %s', (byDefault, isolation, expected) =>
    inStore(postgres, async ({ another, raw }) => {
      const [row] = await raw<{ name: string }>('select current_database() as name')
      await onServer(`alter database ${row?.name} set default_transaction_isolation = '${byDefault}'`)
      const db = another()
      const level = async (): Promise<unknown> =>
        (await db.sql<{ level: string }>`select current_setting('transaction_isolation') as level`)[0]?.level
      const work = async (): Promise<unknown> => level()
      expect(await (isolation ? db.transaction(work, { isolation }) : db.run(work))).toBe(expected)
    }),
  )
})
