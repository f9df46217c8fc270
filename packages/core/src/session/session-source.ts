import type { DataSource, EntityManager, QueryRunner } from 'typeorm'
import type { DatabaseDriver, LeasePurpose, PoolOptions } from '../drivers/driver.js'
import type { Scope } from '../scope/scope.js'

/** A session whose transaction has begun, as `db.onBegin` gives it. @since 0.1 */
export interface BegunSession {
  /** TypeORM's entity manager, for statements at the beginning of the transaction. */
  readonly manager: EntityManager
  /** Makes a setting of the transaction. See `Session.setLocal`. */
  setLocal(key: string, value: string | number | boolean): void
}

/** What `db.onBegin` takes. @since 0.1 */
export type BeginHook = (session: BegunSession) => unknown

/** What sessions need of the options of their database. */
export interface SessionSettings extends PoolOptions {
  /** `request`: the commit belongs to the scope; `save`: each verb commits by itself. */
  readonly commit: 'request' | 'save'
  /** What to do with a verb in no scope while requests are open. */
  readonly outsideScope: 'allow' | 'report' | 'refuse'
}

/** The data source as its sessions see it. */
export interface SessionSource extends DataSource {
  readonly settings: SessionSettings
  /** Called when a transaction has begun, in this order. */
  readonly beginHooks: readonly BeginHook[]
  /** Our side of the driver. */
  readonly driver: DatabaseDriver
  /** Connects, once however many ask. */
  ready(): Promise<void>
  /** Notes that a scope has begun to use the database. @throws {DatabaseClosedError} It closes. */
  enter(scope: Scope): void
  /** Notes that a scope has ended. */
  leave(scope: Scope): void
  /** A query runner whose statements run in `session`. @param purpose What they are known to do. */
  joinedRunner(session: BegunSession, purpose: LeasePurpose): QueryRunner
}
