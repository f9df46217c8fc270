import type { DriverRunner, RunnerClass, StatementResult } from '../drivers/driver.js'
import type { IsolationLevel } from '../drivers/internals.js'
import type { ObservedConnection } from '../scope/observation.js'

/** How many rows a statement has changed, where that is known. */
function affectedBy(result: unknown): unknown {
  return typeof result === 'object' && result !== null && 'affected' in result ? result.affected : undefined
}

/**
 * Makes the class of query runners that TypeORM gets in a request that is watched: they do what those of the database do, and tell what
 * they have done.
 */
export function observedRunnerClass(Base: RunnerClass): new (driver: unknown, seen: ObservedConnection) => DriverRunner {
  // TypeScript wants a mixin's constructor to take any[]; ours is only ever called through the type above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  const Observable = Base as unknown as new (driver: unknown) => DriverRunner

  class ObservedQueryRunner extends Observable {
    readonly #seen: ObservedConnection

    constructor(driver: unknown, seen: ObservedConnection) {
      super(driver)
      this.#seen = seen
    }

    get #isOpen(): boolean {
      return this.isTransactionActive || this.connectionStatus === 'transaction' || this.connectionStatus === 'failed'
    }

    override async connect(): Promise<unknown> {
      const connected: unknown = await super.connect()
      this.#seen.take()
      return connected
    }

    override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<StatementResult>
    override query<Raw>(sql: string, parameters?: unknown[]): Promise<Raw>
    override query(sql: string, parameters?: unknown[], structured = false): Promise<unknown> {
      return this.#watch(sql, () => (structured ? super.query(sql, parameters, true) : super.query(sql, parameters)))
    }

    override startTransaction(isolation?: IsolationLevel): Promise<void> {
      return this.#watch('BEGIN', () => super.startTransaction(isolation))
    }

    override commitTransaction(): Promise<void> {
      return this.#watch('COMMIT', () => super.commitTransaction())
    }

    override rollbackTransaction(): Promise<void> {
      return this.#watch('ROLLBACK', () => super.rollbackTransaction())
    }

    override async release(): Promise<void> {
      await super.release()
      this.#seen.giveBack()
    }

    async #watch<T>(sql: string, work: () => Promise<T>): Promise<T> {
      const ended = this.#seen.statement(sql)
      try {
        const result = await work()
        // An UPDATE that finds no row has written nothing; without its count, the text decides.
        if (affectedBy(result) === 0) ended(this.#isOpen, false, false)
        else ended(this.#isOpen, false)
        return result
      } catch (error) {
        ended(this.#isOpen, true)
        throw error
      }
    }
  }
  return ObservedQueryRunner
}
