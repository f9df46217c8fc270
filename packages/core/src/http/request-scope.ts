import type { IncomingMessage, ServerResponse } from 'node:http'
import { tellPage } from '../errors.js'
import { sandboxHeader, sandboxesOf } from '../scope/sandbox-context.js'
import { type Outcome, Scope } from '../scope/scope.js'
import { Timings } from '../scope/timings.js'
import { type Answer, type BindOptions, decided, tellsTimes } from './bind-options.js'
import type { Holding } from './hold-response.js'
import { pathOf, routeOf } from './route.js'

/** On the raw request and on its scope, so that every mount, framework and copy of this package finds the one scope. */
const scopeKey = Symbol.for('active-alchemy.request-scope.v1')
type Bound = object & { [scopeKey]?: RequestScope }

const rollsBack = ({ status, error }: Answer): boolean => status >= 400 || error !== undefined

/**
 * The scope of one request, which its answer settles: it decides whether an answer commits or rolls back.
 */
export class RequestScope extends Scope implements Holding {
  readonly [scopeKey]: RequestScope = this
  readonly fail: (error: unknown) => void
  rollbackWhen: (answer: Answer) => boolean
  /** Whether a failed commit was thrown, so that the application is answering it. */
  hasThrown = false
  /** What knows the route: the request of the framework, or its context. */
  carrier: object
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  #hasBegun = false
  #hasError = false
  #error: unknown

  /**
   * @param fail The framework's way for errors; it gets that of a failed commit.
   * @param carrier What knows the route: the request of the framework, or its context.
   */
  constructor(req: IncomingMessage, res: ServerResponse, fail: (error: unknown) => void, options: BindOptions, carrier: object) {
    const { report, rollbackWhen = rollsBack, isolation } = options
    const timings = tellsTimes(options, req) ? new Timings() : undefined
    super({ label: labelOf(req), report, isolation, sandboxes: sandboxesOf(req.headers[sandboxHeader]), timings })
    this.fail = fail
    this.rollbackWhen = rollbackWhen
    this.carrier = carrier
    this.#req = req
    this.#res = res
    const bound: Bound = req
    bound[scopeKey] = this
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

  override get route(): string {
    return routeOf(this.#req, this.carrier)
  }

  /** Until its last byte is out; who comes later than that comes too late. */
  override get isLeaving(): boolean {
    return this.state !== 'open' && !this.#res.writableEnded
  }

  readonly leave = (work: () => unknown): unknown => this.runLeaving(work)

  /** The first error of a request decides; one without a value is one all the same. */
  noteError(error: unknown): void {
    this.#hasError = true
    this.#error ??= error ?? new Error('An error without a value was thrown')
    tellPage(error)
  }

  /** An answer that cannot be sent fails its commit, if that has not begun. */
  readonly refuse = (error: unknown): boolean => this.failCommit(error)

  /** Settles as an answer with this status does. @returns What the answer has to wait for. */
  before(status: number, isWrapped: boolean): Promise<void> | undefined {
    if (isWrapped && this.isPending) this.linger()
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
    if (!outcome.commit && which === 'commit only') return undefined
    const settled = this.settle(outcome)
    if (settled) this.timings?.until(settled)
    return settled
  }

  get serverTiming(): string | undefined {
    return this.timings?.header(this.state === 'committed' ? 'commit' : 'rollback')
  }

  #outcomeOf(status: number): Outcome {
    const [req, error] = [this.#req, this.#error]
    const answer = { status, req, ...(this.#hasError ? { error } : {}) }
    if (!decided('rollbackWhen', this.rollbackWhen(answer))) return { commit: true }
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

/** The scope of a request, or the one that a scope is, if it is one. */
export function requestScopeOf(owner: Bound): RequestScope | undefined {
  return owner[scopeKey]
}

function labelOf({ method = 'GET', url = '/' }: IncomingMessage): string {
  return `${method} ${pathOf(url)}`
}

/** An answer of HTTP/2 does not say it itself, its stream does. */
function hasClosed(res: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return res.closed || res.destroyed || res.stream?.destroyed === true
}
