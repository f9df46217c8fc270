import { ActiveAlchemy, type ActiveAlchemyOptions } from '@active-alchemy/core'
import type { TestDatabase } from '../databases/database.ts'
import { type Proxy, startProxy } from '../servers/proxy.ts'
import { inStore, models, type Store } from './store.ts'

/** A second way to the database of a store, that a test can disturb. */
export interface Proxied extends ReturnType<typeof models> {
  readonly db: ActiveAlchemy
  readonly proxy: Proxy
}

/** Runs `row` with a store, and the same database through a proxy; after it every connection must be back. */
export async function inProxied(
  database: TestDatabase,
  row: (through: Proxied, store: Store) => Promise<void>,
  options: ActiveAlchemyOptions = {},
  rewrite?: (chunk: Buffer) => Buffer,
): Promise<void> {
  await inStore(database, async (store) => {
    const url = new URL(store.uri)
    const proxy = await startProxy(url.href, rewrite)
    url.port = String(proxy.port)
    const db = new ActiveAlchemy(url.href, { name: 'through', poolTimeoutMs: 20_000, ...options })
    try {
      await row({ db, proxy, ...models(db) }, store)
      if (db.dataSource.driver.pool.leased > 0) throw new Error('A connection was not given back')
    } finally {
      await db.close()
      await proxy.close()
    }
  })
}
