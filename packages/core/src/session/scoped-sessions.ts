import { NoScopeError } from '../errors.js'
import { after, caught, type Eventual } from '../eventual.js'
import { CallSite } from '../scope/call-site.js'
import { type Observation, observationHere } from '../scope/observation.js'
import { printReport } from '../scope/report.js'
import { currentScope, isStray, runInScope, type Scope } from '../scope/scope.js'
import type { Engine } from './engine.js'
import type { Session } from './session.js'

/** The sessions of one database: each scope has one, made at first use. */
export class ScopedSessions<S extends Session> {
  readonly #engine: Engine
  readonly #create: (scope: Scope) => S

  constructor(engine: Engine, create: (scope: Scope) => S) {
    this.#engine = engine
    this.#create = create
  }

  /** The session of the current scope; `undefined` outside any. @throws {ScopeClosedError} The scope has settled. */
  current(): S | undefined {
    const scope = currentScope()
    return scope && this.of(scope)
  }

  /** The session of `scope`. */
  of(scope: Scope): S {
    return scope.member(this.#engine, () => this.#create(scope))
  }

  /** The session of the current scope. @throws {NoScopeError} There is no scope. @param what The call that needs one, for the message. */
  require(what: string): S {
    const session = this.current()
    if (!session) throw new NoScopeError(what)
    return session
  }

  /** Runs `work` with the session of the current scope, or in a short scope of its own that commits at the end. */
  with<T>(what: string, work: (session: S) => Eventual<T>): Eventual<T> {
    const scope = currentScope()
    if (!scope) {
      if (this.#engine.settings.outsideScope !== 'allow') this.#noteStray(what)
      const observation = observationHere()
      if (observation) return this.#observed(observation, what, work)
      return runInScope({ label: what, isVerb: true }, (own) => work(this.of(own)))
    }
    return work(this.of(scope))
  }

  /** A verb in a request that is watched: a statement on a connection of its own. */
  #observed<T>(observation: Observation, what: string, work: (session: S) => Eventual<T>): Eventual<T> {
    const seen = observation.connection(this.#engine.settings.name)
    const ended = seen.statement(what)
    let session: S | undefined
    const end = (failed: boolean): void => {
      ended(false, failed, session !== undefined && (session.hasWritten || session.written > 0))
      seen.giveBack()
    }
    const run = (): Eventual<T> => runInScope({ label: what, isVerb: true }, (own) => work((session = this.of(own))))
    const done = caught(run, (error) => {
      end(true)
      throw error
    })
    return after(done, (result) => {
      end(false)
      return result
    })
  }

  /** @throws {NoScopeError} The option says so, and the context of a request may have been lost. */
  #noteStray(what: string): void {
    if (!isStray() || !this.#engine.isInUse) return
    if (this.#engine.settings.outsideScope === 'refuse') throw new NoScopeError(what)
    const label = `${what} at ${new CallSite().toString()}`
    const message =
      `${label} ran outside any request while requests were open, and was committed by itself. ` +
      'Where a callback has lost its request, give it by db.bind(fn); where it is meant so, say db.run(fn) or db.detach(fn).'
    printReport({ kind: 'outside-scope', label, message })
  }
}
