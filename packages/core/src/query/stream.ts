import { Readable } from 'node:stream'
import { isError, UnsupportedError } from '../errors.js'
import { readOptions, wholeNumber } from '../options.js'
import type { Place } from '../pagination/cursor.js'
import { runInScope, type Scope } from '../scope/scope.js'
import { Keyset, type Placed } from './keyset.js'
import type { QueryState } from './query-state.js'

/** How `stream` reads. @since 0.2 */
export interface StreamOptions {
  /** Records that one statement reads, 1 to 10,000. @default 500 */
  readonly batch?: number
}

/** The option of whatever reads in batches. */
export const batchOption = wholeNumber(1, 10_000)
/** Records of a batch, where nobody says another number. */
export const defaultBatch = 500

/**
 * What a query gives, read in batches when the reader is ready for them.
 *
 * Each batch has a short session of its own, and begins behind the last row of the one before: between two of them nothing is held, no
 * connection and no record, however slow the reader is.
 */
export class RecordStream<R> extends Readable {
  readonly #state: QueryState<R>
  readonly #keyset: Keyset<R>
  readonly #batch: number
  /** What was read, and not yet taken. */
  #waiting: R[] = []
  #place: Place | undefined
  /** Records that the limit of the query leaves. */
  #left: number
  /** Of the batch that is under way. */
  #scope: Scope | undefined

  /** @throws {UnsupportedError} Rows of the query have no key, or are to be locked. @throws {InvalidOptionError} */
  constructor(state: QueryState<R>, options?: StreamOptions) {
    super({ objectMode: true })
    const { batch = defaultBatch } = readOptions({ batch: batchOption }, options, 'stream()')
    if (state.lock) {
      const what = `${state.metadata.name}.query().stream() with forUpdate()`
      throw new UnsupportedError(what, 'A stream holds no transaction: lock in inBatches().')
    }
    this.#state = state
    this.#keyset = new Keyset(state, 'stream')
    this.#batch = batch
    this.#left = state.limit ?? Number.POSITIVE_INFINITY
  }

  override _read(): void {
    this.#give()
  }

  /** Gives what was read as far as it is taken, and reads on where nothing is left. */
  #give(): void {
    if (this.destroyed) return
    while (this.#waiting.length > 0) if (!this.push(this.#waiting.shift())) return
    if (this.#left === 0) this.push(null)
    else if (!this.#scope)
      this.#fetch().then(
        () => this.#give(),
        (error: unknown) => this.destroy(asError(error)),
      )
  }

  async #fetch(): Promise<void> {
    const wanted = Math.min(this.#batch, this.#left)
    const label = `${this.#state.metadata.name}.query().stream()`
    try {
      const found = await runInScope({ label, isVerb: true }, (scope) => {
        this.#scope = scope
        return this.#rows(scope, wanted)
      })
      this.#place = found.at(-1)?.place
      this.#left = found.length < wanted ? 0 : this.#left - wanted
      this.#waiting = found.map(({ item }) => item)
    } finally {
      this.#scope = undefined
    }
  }

  #rows(scope: Scope, limit: number): Promise<Placed<R>[]> {
    const { dataSource, isPlainRead, hasFragment, offset } = this.#state
    const reading = { session: dataSource.sessionOf(scope), writes: !isPlainRead, hasFragment }
    const from = this.#place
    return this.#keyset.rows(reading, { from, inclusive: false, backwards: false }, limit, from ? undefined : offset)
  }

  /** Ends the statement that is under way, on the server too. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting = []
    const ended = this.#scope?.settle({ commit: false, reason: 'abort' })
    if (ended)
      ended.then(
        () => done(error),
        () => done(error),
      )
    else done(error)
  }
}

function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown))
}
