import { ActiveAlchemy } from '@active-alchemy/core'
import { afterAll, describe, expect, it } from 'vitest'
import { postgres } from '../databases/postgres.ts'
import { startPgBouncer } from '../servers/pgbouncer.ts'

const pooler = await startPgBouncer()

describe.skipIf(!pooler)('postgres: behind a PgBouncer in transaction mode (apt-get install pgbouncer)', () => {
  afterAll(() => pooler?.stop())

  it('three processes, thirty connections and three server processes: every request is kept, in UTC, and nothing is prepared', async () => {
    const fresh = await postgres.create()
    const url = new URL(fresh.uri)
    url.port = new URL(pooler?.url ?? '').port
    const stores = [0, 1, 2].map(() => {
      const db = new ActiveAlchemy(url.href, { poolSize: 10, poolTimeoutMs: 20_000 })
      class Note extends db.Model('Note', { text: db.Column(db.String(20)), at: db.Column(db.DateTime) }) {}
      return { db, Note }
    })
    try {
      await Promise.all(stores.map(({ db }) => db.createAll()))
      await Promise.all(
        Array.from({ length: 300 }, (_, index) => stores[index % 3]).map(async (store, index) => {
          await store?.db.run(async () => {
            await store.Note.count()
            const note = await store.Note.create({ text: `n${index}`, at: store.db.utcnow() })
            await store.db.transaction(() => note.update({ text: `m${index}` }))
            expect((await store.Note.get(note.id))?.text).toBe(`m${index}`)
          })
        }),
      )
      const [first] = stores
      expect(await first?.Note.count()).toBe(300)
      expect(await first?.db.dataSource.query('show timezone')).toEqual([{ TimeZone: 'UTC' }])
      expect(await first?.db.dataSource.query('select count(*)::int as n from pg_prepared_statements')).toEqual([{ n: 0 }])
    } finally {
      for (const { db } of stores) await db.close()
      await fresh.drop()
    }
  })
})
