/** How far the transaction of a session has come. */
export type TransactionState =
  /** There is none, and no connection is held. */
  | 'none'
  /** A connection is waited for, or BEGIN and the hooks of it are under way. */
  | 'beginning'
  | 'open'
  /** Something of it failed: it can only be rolled back. */
  | 'failed'
  | 'committing'
  | 'rolling back'

/** What can follow on what. */
const transitions: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  none: ['beginning', 'failed'],
  beginning: ['open', 'failed', 'none'],
  open: ['failed', 'committing', 'rolling back', 'none'],
  failed: ['failed', 'open', 'rolling back', 'none'],
  committing: ['none', 'failed'],
  'rolling back': ['none'],
}

/** How far a transaction has come, and for how long it may stay open. */
export class TransactionProgress {
  readonly #timeoutMs: number
  readonly #expire: () => void
  #state: TransactionState = 'none'
  #timer: NodeJS.Timeout | undefined
  /** When it has been open for too long, by the clock of `performance`. */
  #deadline = Number.POSITIVE_INFINITY

  /** @param expire Called when it has been open for `timeoutMs` milliseconds. */
  constructor(timeoutMs: number, expire: () => void) {
    this.#timeoutMs = timeoutMs
    this.#expire = expire
  }

  get state(): TransactionState {
    return this.#state
  }

  /** Whether it has been open for too long: a driver that never waits leaves the timer no turn. */
  get isOverdue(): boolean {
    return performance.now() > this.#deadline
  }

  /** The one place where the state changes, and its timer with it. */
  become(state: TransactionState): void {
    const before = this.#state
    if (!transitions[before].includes(state)) throw new Error(`A transaction that is ${before} cannot be ${state}`)
    this.#state = state
    // Who has failed still holds a connection, for no longer than before.
    if (state === 'failed' || state === 'beginning' || (before === 'failed' && state === 'open')) return
    // Not beside a COMMIT, which has a bound of its own: what it ended would be unknown for no reason.
    clearTimeout(this.#timer)
    this.#deadline = Number.POSITIVE_INFINITY
    if (state !== 'open') return
    this.#deadline = performance.now() + this.#timeoutMs
    this.#timer = setTimeout(this.#expire, this.#timeoutMs)
    this.#timer.unref()
  }
}
