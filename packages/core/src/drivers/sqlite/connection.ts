import type { ConnectionStatus } from '../driver.js'
import { type Preparing, Statements } from './statements.js'

/** The part of better-sqlite3's `Database` that we use; its types are no dependency of ours. */
export interface NativeDatabase extends Preparing {
  readonly open: boolean
  readonly inTransaction: boolean
  pragma(source: string): unknown
  exec(sql: string): unknown
  close(): void
}

/** One native connection with the statements that were prepared on it. */
export class Connection {
  readonly native: NativeDatabase
  readonly statements: Statements

  constructor(native: NativeDatabase) {
    this.native = native
    this.statements = new Statements(native)
  }

  get status(): ConnectionStatus {
    const { open, inTransaction } = this.native
    if (!open) return 'lost'
    return inTransaction ? 'transaction' : 'idle'
  }

  /** Ends what its borrower left open. */
  reset(): void {
    if (!this.native.inTransaction) return
    try {
      this.native.exec('ROLLBACK')
    } catch {
      // Nobody knows what state it is in.
      this.close()
    }
  }

  close(): void {
    this.native.close()
  }
}
