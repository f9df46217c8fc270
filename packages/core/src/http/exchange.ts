import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reporter } from '../scope/report.js'
import { type Outcome, Scope } from '../scope/scope.js'
import type { Holding } from './hold-response.js'

/** What `rollbackWhen` is asked about. */
export interface Answer {
  /** HTTP status that is about to leave. */
  readonly status: number
  readonly req: IncomingMessage
  /** What was thrown, if the framework told. */
  readonly error?: unknown
}

/** How requests are bound to sessions; the same in every adapter. */
export interface BindOptions {
  /** Whether an answer rolls back what its request wrote. @default status >= 400, or an error that became a success */
  readonly rollbackWhen?: (answer: Answer) => boolean
  /** Whether a request gets no scope at all. @default none is left out; one that uses no database costs next to nothing */
  readonly skip?: (req: IncomingMessage) => boolean
  /** Receives what an answer cannot tell. @default prints it */
  readonly report?: Reporter
}

/** On the raw request and on its scope, so that every mount, framework and copy of this package finds the one exchange. */
const exchangeKey = Symbol.for('active-alchemy.exchange.v1')
type Bound = object & { [exchangeKey]?: Exchange }

const rollsBack = ({ status, error }: Answer): boolean => status >= 400 || error !== undefined

/** The scope of one request, which its answer settles. */
export class Exchange extends Scope implements Holding {
  readonly [exchangeKey]: Exchange = this
  readonly fail: (error: unknown) => void
  rollbackWhen: (answer: Answer) => boolean
  /** Whether a failed commit was thrown, so that the application is answering it. */
  hasThrown = false
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  #hasBegun = false
  #hasError = false
  #error: unknown

  /** @param fail The framework's way for errors; it gets that of a failed commit. */
  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    fail: (error: unknown) => void,
    { report, rollbackWhen = rollsBack }: BindOptions,
  ) {
    super({ label: labelOf(req), report })
    this.fail = fail
    this.rollbackWhen = rollbackWhen
    this.#req = req
    this.#res = res
    const bound: Bound = req
    bound[exchangeKey] = this
  }

  /** From the first use on, a client that leaves has something to roll back. */
  protected override begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    const abort = (): void => {
      void this.settle({ commit: false, reason: 'abort' })
    }
    // Who left before we listened sends no 'close' any more.
    if (hasClosed(this.#res)) abort()
    else this.#res.once('close', abort)
  }

  /** The first error of a request decides; one without a value is one all the same. */
  noteError(error: unknown): void {
    this.#hasError = true
    this.#error ??= error ?? new Error('An error without a value was thrown')
  }

  /** Settles as an answer with this status does. @returns What the answer has to wait for. */
  before(status: number): Promise<void> | undefined {
    return this.hasThrown ? this.#refuseSuccess(status) : this.#settleAs(status)
  }

  /** Settles, unless an answer with this status rolls back: that is left to the answer. */
  commitAs(status: number): Promise<void> | undefined {
    return this.#settleAs(status, 'commit only')
  }

  #settleAs(status: number, which?: 'commit only'): Promise<void> | undefined {
    let outcome: Outcome
    try {
      outcome = this.#outcomeOf(status)
    } catch (error) {
      // A rollbackWhen that throws is answered like a commit that fails.
      return this.#rolledBack(error)
    }
    return outcome.commit || which === undefined ? this.settle(outcome) : undefined
  }

  #outcomeOf(status: number): Outcome {
    const [req, error] = [this.#req, this.#error]
    if (!this.rollbackWhen({ status, req, ...(this.#hasError ? { error } : {}) })) return { commit: true }
    return this.#hasError ? { commit: false, reason: 'error', status, error } : { commit: false, reason: 'veto', status }
  }

  async #rolledBack(error: unknown): Promise<void> {
    await this.settle({ commit: false, reason: 'error', error })
    throw error
  }

  /** The application's answer to a failed commit leaves, unless it says success. */
  #refuseSuccess(status: number): Promise<void> | undefined {
    if (status >= 400) return undefined
    const message = `${this.label} was answered ${status} although its commit had failed. Answer what was thrown with an error.`
    return Promise.reject(new Error(message))
  }
}

/** The exchange of a request, or the one that a scope is, if it is one. */
export function exchangeOf(owner: Bound): Exchange | undefined {
  return owner[exchangeKey]
}

function labelOf({ method = 'GET', url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return `${method} ${query < 0 ? url : url.slice(0, query)}`
}

/** An answer of HTTP/2 does not say it itself, its stream does. */
function hasClosed(res: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return res.closed || res.destroyed || res.stream?.destroyed === true
}
