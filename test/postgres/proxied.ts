import type { ActiveAlchemyOptions } from '@active-alchemy/core'
import { inProxied as inProxiedStore, type Proxied } from '../conformance/proxied.ts'
import type { Store } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'

/** Runs `row` with a store, and the same database through a proxy. */
export function inProxied(
  row: (through: Proxied, store: Store) => Promise<void>,
  options?: ActiveAlchemyOptions,
  rewrite?: (chunk: Buffer) => Buffer,
): Promise<void> {
  return inProxiedStore(postgres, row, options, rewrite)
}
