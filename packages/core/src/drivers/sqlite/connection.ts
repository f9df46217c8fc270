import type { ConnectionStatus } from '../driver.js'
import type { Refusal } from '../statement.js'
import { refusalOf } from './failures.js'
import { pathMatcher } from './paths.js'
import { type Preparing, Statements } from './statements.js'

/** The part of better-sqlite3's `Database` that is used; its types are no dependency of ours. `NodeDatabase` has it, too. */
export interface NativeDatabase extends Preparing {
  readonly open: boolean
  readonly inTransaction: boolean
  pragma(source: string): unknown
  exec(sql: string): unknown
  aggregate(name: string, options: object): unknown
  function(name: string, options: { readonly deterministic: boolean }, work: (...values: unknown[]) => unknown): unknown
  close(): void
}

/** One native connection with the statements that were prepared on it. */
export class Connection {
  readonly native: NativeDatabase
  readonly statements: Statements
  /** Why it has been closed while somebody had it. */
  lost: Error | undefined
  /** Whether its borrower has left something on it: a setting, a temporary table, an attached file. */
  hasTraces = false
  readonly #closed: () => void

  /** @param closed Is called when it closes. */
  constructor(native: NativeDatabase, closed: () => void) {
    this.native = native
    this.#closed = closed
    // SQLite's own know the case of ASCII alone.
    native.function('alchemy_lower', { deterministic: true }, (value) => (typeof value === 'string' ? value.toLowerCase() : value))
    native.function('alchemy_upper', { deterministic: true }, (value) => (typeof value === 'string' ? value.toUpperCase() : value))
    native.function('alchemy_path_matches', { deterministic: true }, pathMatcher())
    this.statements = new Statements(native)
  }

  get status(): ConnectionStatus {
    const { open, inTransaction } = this.native
    if (!open) return 'lost'
    return inTransaction ? 'transaction' : 'idle'
  }

  /** Ends the transaction that its borrower left open. */
  rollback(): void {
    if (!this.native.inTransaction) return
    try {
      this.native.exec('ROLLBACK')
    } catch {
      // Nobody knows what state it is in.
      this.close()
    }
  }

  /** Runs `rename`, which renames a table, so that what refers to the table does not follow its name. */
  withoutFollowing<T>(rename: () => T): T {
    this.native.pragma('legacy_alter_table = ON')
    try {
      return rename()
    } finally {
      this.native.pragma('legacy_alter_table = OFF')
    }
  }

  /** Why a statement failed. */
  readonly explain = (error: Error): Refusal | Error => this.lost ?? refusalOf(error)

  /** @param reason What fails with it that comes later. */
  close(reason?: Error): void {
    this.lost ??= reason
    this.native.close()
    this.#closed()
  }
}
