import { ActiveAlchemy } from '@active-alchemy/core'
import { afterAll, describe, expect, it } from 'vitest'
import { onServer, postgres } from '../databases/postgres.ts'
import { startPgBouncer } from '../servers/pgbouncer.ts'

const pooler = await startPgBouncer()

describe.skipIf(!pooler)('postgres: behind a PgBouncer in transaction mode (apt-get install pgbouncer)', () => {
  afterAll(() => pooler?.stop())

  it('a connection that is cleaned, since something was left in it, still reckons in UTC', async () => {
    const fresh = await postgres.create()
    const url = new URL(fresh.uri)
    await onServer(`alter database ${url.pathname.slice(1)} set timezone = 'Europe/Berlin'`)
    await onServer(`alter database ${url.pathname.slice(1)} set datestyle = 'German'`)
    url.port = new URL(pooler?.url ?? '').port
    const db = new ActiveAlchemy(url.href, { poolSize: 3 })
    const all = <Row>(sql: string): Promise<Row[][]> =>
      Promise.all(Array.from({ length: 3 }, () => db.dataSource.query<Row[]>(`${sql}, pg_sleep(0.05)`)))
    try {
      const asked = `select current_setting('timezone') as zone, current_setting('datestyle') as style`
      const utc = Array.from({ length: 3 }, () => [
        expect.objectContaining({ zone: 'UTC', style: expect.stringContaining('ISO') as string }),
      ])
      expect(await all(asked)).toEqual(utc)
      await all(`select set_config('app.left', 'behind', false)`)
      expect(await all(`${asked}, current_setting('app.left', true) as left`)).toEqual(utc)
    } finally {
      await db.close()
      await fresh.drop()
    }
  })

  it('three processes, thirty connections and three server processes: every request is kept, in UTC, and nothing is prepared', async () => {
    const fresh = await postgres.create()
    const url = new URL(fresh.uri)
    await onServer(`alter database ${url.pathname.slice(1)} set timezone = 'Europe/Berlin'`)
    url.port = new URL(pooler?.url ?? '').port
    const stores = [0, 1, 2].map(() => {
      const db = new ActiveAlchemy(url.href, { poolSize: 10, poolTimeoutMs: 60_000 })
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
