import type { ReadStream } from 'node:fs'
import { QueryRunnerAlreadyReleasedError, TransactionNotStartedError } from 'typeorm'
import type { ConnectionStatus, DatabaseDriver, DriverRunner, RowForm, StatementResult } from '../drivers/driver.js'
import { DdlInScopeError, RolledBackError } from '../errors.js'

/** The one connection of a sandbox, as its runners use it. */
export interface SharedConnection {
  /** Name of the database, for messages. */
  readonly name: string
  readonly driver: DatabaseDriver
  /** Its transaction is open as long as the sandbox is. @throws {SandboxError} The sandbox is over. */
  readonly runner: DriverRunner
  /** `lost` when the sandbox is over. */
  readonly status: ConnectionStatus
  /** Waits for its turn. @returns Gives it back. */
  takeTurn(): Promise<() => void>
  /** A name that no other savepoint has. */
  newSavepoint(): string
}

type Transition = 'Start' | 'Commit' | 'Rollback'

/**
 * Makes the class of query runners that a sandbox gives out in place of connections: each is a transaction, or a statement in
 * autocommit, for whoever has it, and a savepoint on the sandbox's connection.
 */
export function sandboxRunnerClass(driver: DatabaseDriver): new (shared: SharedConnection, giveBack?: () => void) => DriverRunner {
  // TypeScript wants a mixin's constructor to take any[]; ours is only ever called through the type above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  const Runner = driver.runnerClass as unknown as new (driver: unknown) => DriverRunner

  return class SandboxRunner extends Runner {
    readonly #shared: SharedConnection
    /** Gives the turn back, which it keeps while its transaction is open; one that is leased has it until its release. */
    #giveBack: (() => void) | undefined
    readonly #isLeased: boolean
    /** The open savepoints, the outermost first. */
    readonly #savepoints: string[] = []
    /** Settings of its transaction, which would outlive it. */
    readonly #settings = new Set<string>()
    #cancel: ((reason: Error) => void) | undefined

    constructor(shared: SharedConnection, giveBack?: () => void) {
      super(shared.driver)
      this.#shared = shared
      this.#giveBack = giveBack
      this.#isLeased = giveBack !== undefined
    }

    override get connectionStatus(): ConnectionStatus {
      const { status } = this.#shared
      return this.#savepoints.length === 0 && status !== 'lost' ? 'idle' : status
    }

    /** Every statement goes through `query`. */
    override connect(): Promise<void> {
      return Promise.resolve()
    }

    override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<StatementResult>
    override query<Raw = unknown>(sql: string, parameters?: unknown[], structured?: boolean): Promise<Raw>
    override query(sql: string, parameters?: unknown[], structured = false): Promise<unknown> {
      const send = (runner: DriverRunner): Promise<unknown> =>
        structured ? runner.query(sql, parameters, true) : runner.query(sql, parameters)
      return this.#send(sql, send)
    }

    override run(sql: string, values: readonly unknown[], form?: RowForm): Promise<StatementResult> {
      return this.#send(sql, async (runner) => runner.run(sql, values, form))
    }

    override stream(sql: string, parameters?: unknown[], onEnd?: () => void, onError?: (error: Error) => void): Promise<ReadStream> {
      return this.#send(sql, (runner) => runner.stream(sql, parameters, onEnd, onError))
    }

    async #send<T>(sql: string, send: (runner: DriverRunner) => Promise<T>): Promise<T> {
      if (this.isReleased) throw new QueryRunnerAlreadyReleasedError()
      if (this.#shared.driver.commitsTransaction(sql)) throw new DdlInScopeError(this.#shared.name)
      if (this.#savepoints.length > 0) return this.#forward(send)
      // In autocommit: a statement that fails must take nothing along with it.
      const giveBack = this.#giveBack ?? (await this.#shared.takeTurn())
      try {
        const savepoint = await this.#open()
        try {
          const result = await this.#forward(send)
          await this.#shared.runner.query(`RELEASE SAVEPOINT ${savepoint}`)
          return result
        } catch (error) {
          await this.#undo(savepoint)
          throw error
        }
      } finally {
        if (!this.#giveBack) giveBack()
      }
    }

    /** Who leased this one hears of its statements, and not of the savepoints around them. */
    #forward<T>(send: (runner: DriverRunner) => Promise<T>): Promise<T> {
      const { runner } = this.#shared
      runner.onStatement = this.onStatement
      return this.#cancellable(() => send(runner).finally(() => (runner.onStatement = undefined)))
    }

    /** What has been cancelled is waited for by nobody, and by the connection alone. */
    #cancellable<T>(work: () => Promise<T>): Promise<T> {
      const cancelled = new Promise<never>((_resolve, reject) => (this.#cancel = reject))
      return Promise.race([work(), cancelled]).finally(() => (this.#cancel = undefined))
    }

    override cancel(reason: Error): void {
      this.#cancel?.(reason)
    }

    // ---------------------------------------------------------------------------------------------- as a session uses it

    override async begin(): Promise<void> {
      this.#giveBack ??= await this.#shared.takeTurn()
      this.#savepoints.push(await this.#open())
      Object.assign(this, { isTransactionActive: true })
    }

    override async commit(): Promise<void> {
      const status = this.connectionStatus
      if (status !== 'transaction' && status !== 'lost') throw new RolledBackError(this.#shared.name)
      const { runner } = this.#shared
      // As a COMMIT would, before anything is kept.
      if (this.#savepoints.length === 1) await runner.checkDeferred()
      await runner.query(`RELEASE SAVEPOINT ${this.#lastSavepoint}`)
      await this.#ended()
    }

    override async rollback(): Promise<void> {
      if (this.#savepoints.length === 0) return
      await this.#undo(this.#lastSavepoint)
      await this.#ended()
    }

    override async setLocal(settings: ReadonlyMap<string, string | null>): Promise<void> {
      for (const key of settings.keys()) this.#settings.add(key)
      await this.#shared.runner.setLocal(settings)
    }

    override checkDeferred(): Promise<void> {
      return this.#shared.runner.checkDeferred()
    }

    override giveBack(): Promise<void> {
      return this.release()
    }

    override async release(): Promise<void> {
      if (this.isReleased) return
      Object.assign(this, { isReleased: true })
      try {
        while (this.#savepoints.length > 0) await this.rollback()
      } finally {
        this.#giveBack?.()
        this.#giveBack = undefined
      }
    }

    // ---------------------------------------------------------------------------------------------- as TypeORM uses it

    override async startTransaction(): Promise<void> {
      await this.#announced('Start', () => this.begin())
    }

    override async commitTransaction(): Promise<void> {
      await this.#announced('Commit', () => this.commit())
    }

    override async rollbackTransaction(): Promise<void> {
      if (this.#savepoints.length === 0) throw new TransactionNotStartedError()
      await this.#announced('Rollback', () => this.rollback())
    }

    async #announced(what: Transition, work: () => Promise<void>): Promise<void> {
      await this.broadcaster.broadcast(`BeforeTransaction${what}`)
      await work()
      await this.broadcaster.broadcast(`AfterTransaction${what}`)
    }

    // ---------------------------------------------------------------------------------------------- savepoints

    async #open(): Promise<string> {
      const savepoint = this.#shared.newSavepoint()
      await this.#shared.runner.query(`SAVEPOINT ${savepoint}`)
      return savepoint
    }

    get #lastSavepoint(): string {
      const savepoint = this.#savepoints.at(-1)
      if (savepoint === undefined) throw new TransactionNotStartedError()
      return savepoint
    }

    async #undo(savepoint: string): Promise<void> {
      const { status } = this.#shared
      // With the transaction the savepoint has gone as well.
      if (status === 'lost' || status === 'idle') return
      const { runner } = this.#shared
      await runner.query(`ROLLBACK TO SAVEPOINT ${savepoint}`)
      await runner.query(`RELEASE SAVEPOINT ${savepoint}`)
    }

    /** After the end of the outermost the next one to have the connection finds it as it was. */
    async #ended(): Promise<void> {
      this.#savepoints.pop()
      if (this.#savepoints.length > 0) return
      Object.assign(this, { isTransactionActive: false })
      const settings = new Map(Array.from(this.#settings, (key) => [key, null] as const))
      this.#settings.clear()
      if (settings.size > 0 && this.#shared.status === 'transaction') await this.#shared.runner.setLocal(settings)
      if (this.#isLeased) return
      this.#giveBack?.()
      this.#giveBack = undefined
    }
  }
}
