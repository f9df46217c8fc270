import { ScopeClosedError } from '../errors.js'
import type { Eventual } from '../eventual.js'
import { type CallSite, callSite } from './call-site.js'
import { currentScope, type Scope } from './scope.js'

type Executor<Result> = (resolve: (result: Result | PromiseLike<Result>) => void, reject: (reason: unknown) => void) => void

/**
 * The promise of work that its scope waits for: the one door of every verb.
 *
 * Work that fails and that nobody awaits makes the scope fail, as it would if it had been awaited; it does not end the process.
 */
export class Operation<Result> extends Promise<Result> {
  /** `then` gives ordinary promises: what comes after is the caller's. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  #isSeen = false

  /** Awaiting it, and all other ways to hear of it, come here. */
  override then<Kept = Result, Lost = never>(
    onKept?: ((result: Result) => Kept | PromiseLike<Kept>) | null,
    onLost?: ((reason: unknown) => Lost | PromiseLike<Lost>) | null,
  ): Promise<Kept | Lost> {
    this.#isSeen = true
    return super.then(onKept, onLost)
  }

  /** @internal Begins `work` at once. @param Class Of the promise. @param isPart It is part of another one. @param site Where it was called. See `beginOperation`. */
  static start<Result, Own extends Operation<Result>>(
    Class: new (executor: Executor<Result>) => Own,
    work: () => Eventual<Result>,
    scope = currentScope(),
    isPart = false,
    site?: CallSite,
  ): Own {
    if (scope && !isPart) scope.site = site ?? callSite() ?? scope.site
    const operation: Own = new Class((resolve, reject) => {
      if (!scope) {
        const begun = attempt(work)
        if (begun instanceof Promise) begun.then(resolve, reject)
        else resolve(begun)
        return
      }
      let isUnderWay = false
      const fail = (error: unknown): void => {
        if (!operation.#isSeen) {
          // Who awaits it later sees it. What came too late the scope has reported.
          void Promise.prototype.then.call(operation, undefined, () => undefined)
          if (!(error instanceof ScopeClosedError)) scope.noteUnseen(error, () => operation.#isSeen)
        }
        if (isUnderWay) scope.exit()
        reject(error)
      }
      const begin = (): Eventual<Result> => {
        const begun = scope.enter(work)
        isUnderWay = true
        return begun
      }
      const begun = attempt(begin)
      if (begun instanceof Promise) {
        begun.then((result) => {
          scope.exit()
          resolve(result)
        }, fail)
      } else {
        resolve(begun)
        // Until who called it goes on: an answer that ends in the same breath waits for what he does next, as where a driver waits.
        queueMicrotask(() => scope.exit())
      }
    })
    return operation
  }
}

/**
 * Begins `work` at once, as an operation of its scope: the scope waits for it, and fails with it if nobody awaits it.
 *
 * @param scope Of the work. @default the current one, if there is one
 * @param site Where the application called, for what is begun later. @default here
 */
export function beginOperation<Result>(work: () => Eventual<Result>, scope?: Scope, site?: CallSite): Operation<Result> {
  return Operation.start<Result, Operation<Result>>(Operation, work, scope, false, site)
}

function attempt<Result>(work: () => Eventual<Result>): Eventual<Result> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}
