/** What a report is about. @since 0.1 */
export type ReportKind =
  /** An answer's status, or `rollbackOnly`, rolled back rows that had been written. */
  | 'veto'
  /** A transaction was open for too long, and was rolled back. */
  | 'timeout'
  /** A commit failed; the client was answered with an error. */
  | 'commit-failed'
  /** A rollback failed; its connection was thrown away. */
  | 'rollback-failed'
  /** A connection could not be given back. */
  | 'release-failed'
  /** An `onCommit` or `onRollback` function, or a subscriber of TypeORM's transactions, failed; the answer stands. */
  | 'hook-failed'
  /** Something that nobody awaits used a scope after its end. */
  | 'scope-closed'
  /** A verb ran in no scope while requests were open: it was committed by itself. */
  | 'outside-scope'
  /** A verb failed, and nobody awaits it. */
  | 'not-awaited'
  /** A transaction did nothing for more than a second. */
  | 'idle-in-transaction'
  /** Records were changed and not saved. */
  | 'unsaved-changes'
  /** A statement took as long as `slowMs`, or longer. */
  | 'slow-statement'
  /** One request has sent one statement more than twenty times. */
  | 'repeated-statement'
  /** With `mode: 'observe'`: a success was answered before its writes were done. */
  | 'early-success'
  /** The same: what was written would be undone, since the answer says error. */
  | 'undone-write'
  /** The same: a statement was sent after the answer. */
  | 'late-statement'
  /** The same: a query runner was not released. Without it: `db.close()` ended the connection that one still had. */
  | 'unreleased-runner'
  /** The same: a connection was taken while another was held with an open transaction. */
  | 'second-connection'

/** Something that the answer cannot tell. @since 0.1 */
export interface ReportEvent {
  readonly kind: ReportKind
  /** The scope: `POST /orders`, `db.run`. */
  readonly label: string
  /** A sentence with the fact and the remedy. */
  readonly message: string
  /** The pattern of the route, of a request: `POST /orders/:id`. */
  readonly route?: string
  /** Name of the database, where it is about one. */
  readonly database?: string
  /** What was thrown. */
  readonly error?: unknown
  /** Rows that are concerned. */
  readonly rows?: number
  /** HTTP status of the answer. */
  readonly status?: number
  /** What was given to `rollbackOnly` or `commitAnyway`. */
  readonly reason?: unknown
}

/** Receives what the answer cannot tell; it must not throw. @since 0.1 */
export type Reporter = (event: ReportEvent) => void

const failures: ReadonlySet<ReportKind> = new Set([
  'commit-failed',
  'rollback-failed',
  'release-failed',
  'hook-failed',
  'scope-closed',
  'not-awaited',
  'timeout',
  'unreleased-runner',
])

/** Places of which a hint was printed. */
const told = new Set<string>()
/** Clients choose what some places are called. */
const mostPlaces = 500

/** Prints failures and what was slow always, and hints while developing: once for each route, and outside requests once for each text. */
export const printReport: Reporter = ({ kind, label, route, message, error }) => {
  if (failures.has(kind)) {
    console.error(`[active-alchemy] ${message}`, ...(error === undefined ? [] : [error]))
    return
  }
  if (kind === 'slow-statement') {
    console.warn(`[active-alchemy] ${message}`)
    return
  }
  const place = `${kind} ${route ?? `${label} ${message.replace(/\d+/g, 'n')}`}`.slice(0, 500)
  if (process.env['NODE_ENV'] === 'production' || told.has(place) || told.size >= mostPlaces) return
  told.add(place)
  console.warn(`[active-alchemy] ${message}`)
}

/** Prints what was found about requests that are watched, in production as well: each kind once for each route. */
export const printFinding: Reporter = ({ kind, label, route = label, message }) => {
  const place = `observe ${kind} ${route}`.slice(0, 500)
  if (told.has(place) || told.size >= mostPlaces) return
  told.add(place)
  console.warn(`[active-alchemy] observe, ${kind}, ${route}: ${message}`)
}
