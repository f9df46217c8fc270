import { AsyncLocalStorage } from 'node:async_hooks'
import { CallSite } from './call-site.js'
import type { ReportKind } from './report.js'

/** A transaction that is open and does nothing for longer than this is told, in milliseconds. */
const idleLimitMs = 1_000
/** Statements that open, end or mark transactions: nothing of them is written by themselves. */
const control = /^\s*(begin|start\s+transaction|commit|rollback|savepoint|release)\b/i
/** Statements that write, as far as their text tells. */
const writing = /^\s*(with\b[\s\S]*\b)?(insert|update|delete|replace|merge|truncate|create|alter|drop|call|do)\b/i

/** What is found out about a request that is watched. */
export type Finding = Extract<
  ReportKind,
  'early-success' | 'undone-write' | 'late-statement' | 'unreleased-runner' | 'idle-in-transaction' | 'second-connection'
>

/** Told what was found. @param message A sentence that goes on after the name of the request. */
export type Tell = (kind: Finding, message: string, database?: string) => void

/** What is watched, and the call of the application that is under way in it. */
interface Watched {
  readonly observation: Observation
  readonly place: string
  /** Whether it was called before the answer: bound, the answer waits for it. */
  readonly isInTime?: boolean
}

/** Shared by all copies of this package in the process, as the scopes are. */
const sharedKey = Symbol.for('active-alchemy.observations.v1')
type Shared = AsyncLocalStorage<Watched>
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else uses the key
const observations = ((globalThis as { [sharedKey]?: Shared })[sharedKey] ??= new AsyncLocalStorage())

/** The request that the calling code belongs to, if it is one that is watched and not bound. */
export function observationHere(): Observation | undefined {
  return observations.getStore()?.observation
}

/** Remembers, in a request that is watched, where the application called: what TypeORM does for it comes later. */
export function fromCall<T>(work: () => T): T {
  const here = observations.getStore()
  if (!here) return work()
  return observations.run({ ...here, place: placeHere(here), isInTime: !here.observation.isAnswered }, work)
}

function placeHere(here = observations.getStore()): string {
  const place = new CallSite().toString()
  return place === '' ? (here?.place ?? '') : place
}

/**
 * One request that is watched, and changed in nothing: what it does with connections, and what of that a binding would have caught.
 *
 * Each kind is told once for each request.
 */
export class Observation {
  readonly #tell: Tell
  readonly #told = new Set<Finding>()
  readonly #connections = new Set<ObservedConnection>()
  #answer: { readonly said: number | string; readonly rollsBack: boolean } | undefined
  #written = 0

  constructor(tell: Tell) {
    this.#tell = tell
  }

  /** Runs the rest of the request, which is watched. */
  run<T>(work: () => T): T {
    return observations.run({ observation: this, place: '' }, work)
  }

  /** A connection that the request may take. @param database Its name. */
  connection(database: string): ObservedConnection {
    return new ObservedConnection(this, database)
  }

  /** Whether its answer has begun. */
  get isAnswered(): boolean {
    return this.#answer !== undefined
  }

  /** The first byte of the answer leaves. @param said Its status, or what it says. @param rollsBack Whether a binding would undo what was written. */
  answered(said: number | string, rollsBack: boolean): void {
    if (this.#answer) return
    this.#answer = { said, rollsBack }
    if (this.#written > 0) this.wrote(0)
    for (const connection of this.#connections) if (connection.isWriting) this.#judge(connection)
  }

  /**
   * The request has been over for its client for as long.
   *
   * @returns Whether it still holds a connection that did something meanwhile: its code goes on, and may give it back.
   */
  closed(graceMs: number): boolean {
    let goesOn = false
    for (const connection of this.#connections) {
      if (!connection.isTaken) continue
      if (connection.idleMs < graceMs) {
        goesOn = true
        continue
      }
      this.tell(
        'unreleased-runner',
        `holds a connection a second after its end, taken ${connection.place}. Release the query runner in a finally block; bound, it is given back by itself.`,
        connection,
      )
    }
    return goesOn
  }

  /** @internal A connection was taken. */
  took(taken: ObservedConnection): void {
    const holding = [...this.#connections].find((each) => each !== taken && each.isOpen)
    this.#connections.add(taken)
    if (!holding) return
    this.tell(
      'second-connection',
      `took a second connection ${taken.place} while it held one with an open transaction: with a full pool it waits for itself. Bound, both are one.`,
      taken,
    )
  }

  /** @internal It was given back. */
  gave(connection: ObservedConnection): void {
    this.#connections.delete(connection)
  }

  /** @internal A statement begins. */
  began(connection: ObservedConnection): void {
    if (!this.#answer || connection.isInTime) return
    this.tell(
      'late-statement',
      `sent a statement after its answer, ${connection.place}. Bound, what is not awaited and comes too late is refused: give it to db.onCommit(fn), db.run(fn) or db.detach(fn).`,
      connection,
    )
  }

  /** @internal So many statements have written for good. */
  wrote(count: number, connection?: ObservedConnection): void {
    this.#written += count
    if (connection) this.#judge(connection)
    else if (this.#answer?.rollsBack) this.#undone()
  }

  /** @internal A write is under way, or has failed. */
  failed(connection: ObservedConnection): void {
    if (this.#answer && !this.#answer.rollsBack) this.#judge(connection)
  }

  #judge(connection: ObservedConnection): void {
    if (!this.#answer) return
    if (this.#answer.rollsBack) {
      if (this.#written > 0) this.#undone(connection)
      return
    }
    this.tell(
      'early-success',
      `answered ${this.#answer.said} before its writes were done, ${connection.place}: nobody is told if they fail. Await them; bound, the answer waits.`,
      connection,
    )
  }

  #undone(connection?: ObservedConnection): void {
    const statements = this.#written === 1 ? 'One statement' : `${this.#written} statements`
    this.tell(
      'undone-write',
      `wrote and answered ${this.#answer?.said}. ${statements} would be undone by a binding; what must stay is kept by db.commit(), session.commitAnyway() or rollbackWhen.`,
      connection,
    )
  }

  /** @internal */
  tell(kind: Finding, message: string, connection?: ObservedConnection): void {
    if (this.#told.has(kind)) return
    this.#told.add(kind)
    this.#tell(kind, message, connection?.database)
  }
}

/** A connection of a request that is watched: what is under way on it, and what of it is not yet for good. */
export class ObservedConnection {
  readonly #observation: Observation
  readonly database: string
  /** Where the application asked for it: `at src/orders.ts:12:5`. */
  readonly place: string
  /** Whether it is of a call that came before the answer. */
  readonly isInTime = observations.getStore()?.isInTime === true
  #isTaken = false
  #isOpen = false
  #underWay = 0
  #writesUnderWay = 0
  /** Statements that have written in the open transaction. */
  #pending = 0
  #idleSince: number | undefined
  #quietSince = performance.now()

  constructor(observation: Observation, database: string) {
    this.#observation = observation
    this.database = database
    this.place = `at ${placeHere() || 'an unknown place'}`
  }

  /** Whether a transaction is open on it. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Whether a write is under way, or not yet for good. */
  get isWriting(): boolean {
    return this.#writesUnderWay > 0 || this.#pending > 0
  }

  /** Whether it is held. */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** Milliseconds for which nothing has been under way. */
  get idleMs(): number {
    return this.#underWay > 0 ? 0 : performance.now() - this.#quietSince
  }

  /** It was taken from the pool. */
  take(): void {
    if (this.#isTaken) return
    this.#isTaken = true
    this.#observation.took(this)
  }

  /** It goes back to the pool. */
  giveBack(): void {
    this.#isTaken = false
    this.#observation.gave(this)
  }

  /**
   * A statement begins.
   *
   * @returns To be called when it has ended: whether a transaction is open then, whether it failed, and whether it has written, where that
   *   is known.
   */
  statement(sql: string): (isOpen: boolean, failed: boolean, hasWritten?: boolean) => void {
    this.take()
    this.#leaveIdle()
    const isControl = control.test(sql)
    const writes = writing.test(sql)
    if (!isControl || !this.#isOpen) this.#observation.began(this)
    this.#underWay += 1
    if (writes) this.#writesUnderWay += 1
    return (isOpen, failed, hasWritten = writes) => {
      this.#underWay -= 1
      this.#quietSince = performance.now()
      if (writes) this.#writesUnderWay -= 1
      if (hasWritten && failed) this.#observation.failed(this)
      if (hasWritten && !failed) {
        if (isOpen) this.#pending += 1
        else this.#observation.wrote(1, this)
      }
      if (isControl && !isOpen) this.#end(/^\s*commit/i.test(sql) && !failed)
      this.#isOpen = isOpen
      if (isOpen && this.#underWay === 0) this.#idleSince = performance.now()
    }
  }

  #end(isKept: boolean): void {
    const written = this.#pending
    this.#pending = 0
    if (written === 0) return
    if (isKept) this.#observation.wrote(written, this)
    else this.#observation.failed(this)
  }

  #leaveIdle(): void {
    const idleMs = this.#idleSince === undefined ? 0 : performance.now() - this.#idleSince
    this.#idleSince = undefined
    if (idleMs <= idleLimitMs) return
    this.#observation.tell(
      'idle-in-transaction',
      `had a transaction open for ${(idleMs / 1_000).toFixed(1)} s that did nothing, ${this.place}: it keeps a connection and locks. Commit before slow work.`,
      this,
    )
  }
}
