/** What a report is about. */
export type ReportKind =
  /** An answer's status rolled back rows that had been written. */
  | 'veto'
  /** A commit failed; the client was answered with an error. */
  | 'commit-failed'
  /** A rollback failed; its connection was thrown away. */
  | 'rollback-failed'
  /** A connection could not be given back. */
  | 'release-failed'
  /** An `onCommit` or `onRollback` function failed; the answer stands. */
  | 'hook-failed'
  /** Something that nobody awaits used a scope after its end. */
  | 'scope-closed'
  /** A verb failed, and nobody awaits it. */
  | 'not-awaited'
  /** A transaction did nothing for more than a second. */
  | 'idle-in-transaction'
  /** Records were changed and not saved. */
  | 'unsaved-changes'

/** Something that the answer cannot tell. */
export interface ReportEvent {
  readonly kind: ReportKind
  /** The scope: `POST /orders`, `db.run`. */
  readonly label: string
  /** A sentence with the fact and the remedy. */
  readonly message: string
  /** Name of the database, where it is about one. */
  readonly database?: string
  /** What was thrown. */
  readonly error?: unknown
  /** Rows that are concerned. */
  readonly rows?: number
  /** HTTP status of the answer. */
  readonly status?: number
}

/** Receives what the answer cannot tell; it must not throw. */
export type Reporter = (event: ReportEvent) => void

const told = new Set<string>()
const failures: ReadonlySet<ReportKind> = new Set(['commit-failed', 'rollback-failed', 'release-failed', 'hook-failed', 'not-awaited'])

/** Prints failures always, and hints once for each place while developing. */
export const printReport: Reporter = ({ kind, label, message, error }) => {
  if (failures.has(kind)) {
    console.error(`[active-alchemy] ${message}`, ...(error === undefined ? [] : [error]))
    return
  }
  const place = `${kind} ${label}`
  if (process.env['NODE_ENV'] === 'production' || told.has(place)) return
  told.add(place)
  console.warn(`[active-alchemy] ${message}`)
}
