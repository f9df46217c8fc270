import { ActiveAlchemy, type ActiveAlchemyOptions } from '@active-alchemy/core'
import { inStore, models, type Store } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'
import { postgresUrl } from '../servers/postgres.ts'
import { type Proxy, startProxy } from '../servers/proxy.ts'

/** A second way to the database of a store, that a test can disturb. */
export interface Proxied extends ReturnType<typeof models> {
  readonly db: ActiveAlchemy
  readonly proxy: Proxy
}

/** Runs `row` with a store, and the same database through a proxy; after it every connection must be back. */
export async function inProxied(
  row: (through: Proxied, store: Store) => Promise<void>,
  options: ActiveAlchemyOptions = {},
  rewrite?: (chunk: Buffer) => Buffer,
): Promise<void> {
  const proxy = await startProxy(postgresUrl(), rewrite)
  try {
    await inStore(postgres, async (store) => {
      const [row1] = await store.raw<{ name: string }>('select current_database() as name')
      const url = new URL(postgresUrl())
      url.port = String(proxy.port)
      url.pathname = row1?.name ?? ''
      const db = new ActiveAlchemy(url.href, { name: 'through', poolTimeoutMs: 2_000, ...options })
      try {
        await row({ db, proxy, ...models(db) }, store)
        if (db.dataSource.alchemy.pool.leased > 0) throw new Error('A connection was not given back')
      } finally {
        await db.close()
      }
    })
  } finally {
    await proxy.close()
  }
}
