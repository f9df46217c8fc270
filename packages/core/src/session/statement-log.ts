import { type CallSite, wantCallSites } from '../scope/call-site.js'
import type { Scope } from '../scope/scope.js'
import type { SessionSettings } from './engine.js'

/** How often a request may send one text before it is told. */
const mostRepeats = 20
/** Statements that are kept of a scope; a job may send any number. */
const mostKept = 1_000
/** Characters of a text that are kept: a client may choose how long a list is. */
const longestText = 2_000

/** A statement that a session has sent. @since 0.2 */
export class SentStatement {
  /** Its text, without the values that it binds; of a long one the first 2,000 characters. */
  readonly text: string
  /** Milliseconds until it was answered. */
  readonly milliseconds: number
  readonly #site: CallSite | undefined

  /** @internal */
  constructor(text: string, milliseconds: number, site: CallSite | undefined) {
    this.text = text
    this.milliseconds = milliseconds
    this.#site = site
  }

  /** Where the application called: file, line and column; empty where that is not known. */
  get place(): string {
    return this.#site?.toString() ?? ''
  }
}

/** What one session has sent: kept while developing, where one text many times in one request is told; what is slow is always told. */
export class StatementLog {
  readonly #scope: Scope
  readonly #settings: SessionSettings
  readonly #slowMs: number
  readonly #sent: SentStatement[] = []
  readonly #counts = new Map<string, number>()

  /** @returns `undefined` where nobody asks for it: in production, without `slowMs` and `serverTiming`. */
  static of(scope: Scope, settings: SessionSettings): StatementLog | undefined {
    const isAskedFor = settings.slowMs !== undefined || settings.keepsStatements || scope.timings !== undefined
    return isAskedFor ? new StatementLog(scope, settings) : undefined
  }

  private constructor(scope: Scope, settings: SessionSettings) {
    this.#scope = scope
    this.#settings = settings
    this.#slowMs = settings.slowMs ?? Number.POSITIVE_INFINITY
  }

  /** The last thousand, in the order in which they were answered. */
  get sent(): readonly SentStatement[] {
    return this.#sent
  }

  /** Notes a statement that was answered, or has failed. */
  readonly note = (sql: string, milliseconds: number): void => {
    this.#scope.timings?.statement(milliseconds)
    if (!this.#settings.keepsStatements && milliseconds < this.#slowMs) return
    const text = sql.length > longestText ? `${sql.slice(0, longestText)}…` : sql
    const statement = new SentStatement(text, milliseconds, this.#scope.site)
    if (milliseconds >= this.#slowMs) this.#tellSlow(statement)
    if (!this.#settings.keepsStatements) return
    if (this.#sent.length === mostKept) this.#sent.shift()
    this.#sent.push(statement)
    const count = (this.#counts.get(text) ?? 0) + 1
    if (count > 1 || this.#counts.size < mostKept) this.#counts.set(text, count)
    if (count === mostRepeats + 1 && this.#scope.route !== undefined) this.#tellRepeated(statement)
  }

  #tellSlow({ text, milliseconds, place }: SentStatement): void {
    wantCallSites()
    const message = `${Math.round(milliseconds).toLocaleString('en')} ms in ${this.#scope.label}${at(place)}: ${oneLine(text)}`
    this.#report('slow-statement', message)
  }

  #tellRepeated({ text, place }: SentStatement): void {
    const { label } = this.#scope
    this.#report(
      'repeated-statement',
      `${label} has sent one statement more than ${mostRepeats} times${at(place)}: ${oneLine(text)}. ` +
        'Load what belongs to many records by with(…), many records by their keys by getMany(ids), and write many by createMany(rows).',
    )
  }

  #report(kind: 'slow-statement' | 'repeated-statement', message: string): void {
    this.#scope.report({ kind, label: this.#scope.label, database: this.#settings.name, message })
  }
}

function at(place: string): string {
  return place === '' ? '' : ` at ${place}`
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
