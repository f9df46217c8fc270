import type { PoolTrace, QueryTrace, ScopeTrace, TransactionTrace } from '../scope/diagnostics.js'
import type { ReportEvent } from '../scope/report.js'

/** How much is kept: whoever sends requests chooses how many there are, and how long a text is. */
const most = { statements: 200, shapes: 500, reports: 100, text: 2_000 } as const

/** Places below the folder of the application are told from there. */
const here = `${process.cwd().replaceAll('\\', '/')}/`

/** A statement that was sent. */
export interface SeenStatement {
  readonly database: string
  /** Without its values. */
  readonly text: string
  readonly milliseconds: number
  readonly rows: number | undefined
  /** Where the application called; empty where that is not known. */
  readonly place: string
  /** The code of what it failed with. */
  readonly failure: string | undefined
}

/** A request, a job, or a verb by itself. */
export class SeenScope {
  readonly id: number
  label: string
  readonly startedAt = new Date()
  /** `undefined` while it is open. */
  outcome: string | undefined
  written = 0
  /** The first two hundred. */
  readonly statements: SeenStatement[] = []
  /** All of them. */
  count = 0
  /** Its open transactions. */
  readonly transactions = new Map<TransactionTrace, number>()
  readonly #began = performance.now()
  #took: number | undefined

  constructor({ id, label }: ScopeTrace) {
    this.id = id
    this.label = label
  }

  /** How long it took, or has been open for. */
  get milliseconds(): number {
    return this.#took ?? performance.now() - this.#began
  }

  /** Notes its end. */
  end({ label, outcome, written = 0 }: ScopeTrace): void {
    this.#took = this.milliseconds
    this.label = label
    this.outcome = outcome ?? 'ended'
    this.written = written
  }

  /** The text that it sent most often, where it is one that a loop may have sent. */
  get repeated(): { readonly text: string; readonly times: number } | undefined {
    const counts = new Map<string, number>()
    for (const { text } of this.statements) counts.set(text, (counts.get(text) ?? 0) + 1)
    const [found] = [...counts].sort(([, one], [, other]) => other - one)
    return found && found[1] >= 5 ? { text: found[0], times: found[1] } : undefined
  }
}

/** All statements of one text. */
export interface SeenShape {
  readonly database: string
  readonly text: string
  count: number
  /** Milliseconds of all of them, and of the slowest. */
  total: number
  slowest: number
  /** Where the application called the last one. */
  place: string
}

/** What a process does, as its channels tell it: the last of it, in bounded memory. */
export class Activity {
  readonly #keeps: number
  readonly #open = new Map<number, SeenScope>()
  readonly #ended: SeenScope[] = []
  readonly #shapes = new Map<string, SeenShape>()
  readonly #reports: { readonly at: Date; readonly event: ReportEvent }[] = []
  readonly #begun = new WeakMap<object, number>()
  readonly #waits = { count: 0, total: 0, longest: 0 }

  /** @param keeps How many scopes that have ended. */
  constructor(keeps: number) {
    this.#keeps = keeps
  }

  /** Scopes that are open now, the oldest first; but for `own`, which asks. */
  open(own: number | undefined): SeenScope[] {
    return [...this.#open.values()].filter(({ id }) => id !== own)
  }

  /** Scopes that have ended and had sent something, the last first. */
  get ended(): SeenScope[] {
    return this.#ended.toReversed()
  }

  /** Texts by the time that they took in all, the longest first. */
  get shapes(): SeenShape[] {
    return [...this.#shapes.values()].sort((one, other) => other.total - one.total)
  }

  /** What was reported, the last first. */
  get reports(): { readonly at: Date; readonly event: ReportEvent }[] {
    return this.#reports.toReversed()
  }

  /** Waits for a connection: how many, and their milliseconds. */
  get waits(): { readonly count: number; readonly total: number; readonly longest: number } {
    return this.#waits
  }

  scopeBegan(trace: ScopeTrace): void {
    this.#open.set(trace.id, new SeenScope(trace))
  }

  scopeEnded(trace: ScopeTrace): void {
    const scope = this.#open.get(trace.id)
    if (!scope) return
    this.#open.delete(trace.id)
    scope.end(trace)
    if (scope.count === 0) return
    this.#ended.push(scope)
    if (this.#ended.length > this.#keeps) this.#ended.shift()
  }

  transactionBegan(trace: TransactionTrace): void {
    this.#open.get(trace.scope ?? 0)?.transactions.set(trace, performance.now())
  }

  transactionEnded(trace: TransactionTrace): void {
    this.#open.get(trace.scope ?? 0)?.transactions.delete(trace)
  }

  statementBegan(trace: QueryTrace): void {
    this.#begun.set(trace, performance.now())
  }

  statementEnded(trace: QueryTrace & { readonly error?: unknown }): void {
    const began = this.#begun.get(trace)
    if (began === undefined) return
    this.#begun.delete(trace)
    const { database, error, rows } = trace
    const text = trace.text.length > most.text ? `${trace.text.slice(0, most.text)}…` : trace.text
    const statement: SeenStatement = {
      database,
      text,
      milliseconds: performance.now() - began,
      rows,
      place: trace.site === undefined ? '' : String(trace.site).replace(here, ''),
      failure: error === undefined ? undefined : codeOf(error),
    }
    this.#noteShape(statement)
    const scope = this.#open.get(trace.scope ?? 0)
    if (!scope) return
    scope.count += 1
    if (scope.statements.length < most.statements) scope.statements.push(statement)
  }

  waited({ waitedMs = 0 }: PoolTrace): void {
    this.#waits.count += 1
    this.#waits.total += waitedMs
    this.#waits.longest = Math.max(this.#waits.longest, waitedMs)
  }

  reported(event: ReportEvent): void {
    this.#reports.push({ at: new Date(), event })
    if (this.#reports.length > most.reports) this.#reports.shift()
  }

  #noteShape({ database, text, milliseconds, place }: SeenStatement): void {
    const key = `${database} ${text}`
    const shape = this.#shapes.get(key) ?? { database, text, count: 0, total: 0, slowest: 0, place }
    // The last used stand last: of too many the first goes.
    this.#shapes.delete(key)
    this.#shapes.set(key, shape)
    shape.count += 1
    shape.total += milliseconds
    shape.slowest = Math.max(shape.slowest, milliseconds)
    shape.place = place
    if (this.#shapes.size <= most.shapes) return
    const [oldest = key] = this.#shapes.keys()
    this.#shapes.delete(oldest)
  }
}

/** The code of an error; never its message, which may hold a value. */
function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'failed'
}
