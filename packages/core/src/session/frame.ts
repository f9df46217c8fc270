import type { Hook } from '../scope/hooks.js'
import { Semaphore } from '../semaphore.js'
import type { UndoLog } from './undo-log.js'

/** The transaction events of TypeORM's subscribers. */
export type TransactionEvent = `${'Before' | 'After'}Transaction${'Start' | 'Commit' | 'Rollback'}`

/** Tells them. */
export type Announce = (event: TransactionEvent) => Promise<void>

/** What they keep until the end of a transaction, and who tells them of it. */
export interface SubscriberData {
  readonly values: Record<string, unknown>
  readonly announce: Announce
}

/**
 * One level of a session's transactions: the transaction itself, or a savepoint inside it.
 *
 * While a nested frame is open it holds its parent's turn, so that the parent's statements and sibling frames wait and
 * savepoints cannot interleave.
 */
export class Frame {
  /** Statements of a frame run one after the other. */
  readonly turn = new Semaphore(1)
  readonly root: Frame
  readonly parent: Frame | undefined
  /** Name of the savepoint; TypeORM's names collide when transactions run side by side. */
  readonly savepoint: string
  /** Whether the savepoint has been sent: that happens with the first write inside it. Only a savepoint is sent. */
  isSent: boolean
  /** What failed first in this frame: from then on it can only be rolled back. */
  failure: unknown
  /** No statement may start any more. */
  hasEnded = false
  /** Nested frames that are open or wait, so that who waits for a turn waits for one. */
  nested = 0
  /** What its writes did to objects. */
  undo: UndoLog | undefined
  /** Rows written in it. */
  written = 0
  /** Settings of the transaction that were made in it. */
  settings: Map<string, string> | undefined
  /** What to call when what it did is kept, or is lost. */
  readonly onCommit: Hook[] = []
  readonly onRollback: Hook[] = []
  /** What subscribers keep of what was done in it, by what they keep it at. */
  subscriberData: Map<object, SubscriberData> | undefined
  /** Records whose hooks of the commit are among them. */
  #told: Set<object> | undefined

  /** @param savepoint Its name; without one it stands for its parent's transaction, as the root does. */
  constructor(parent?: Frame, savepoint = '') {
    this.parent = parent
    this.root = parent?.root ?? this
    this.savepoint = savepoint
    this.isSent = savepoint === ''
  }

  /** Whether code that runs inside of `inner` runs in a frame of the same session. */
  readonly isRelated = (inner: object): inner is Frame => inner instanceof Frame && inner.root === this.root

  /** What failed first in this frame or around it. */
  get firstFailure(): unknown {
    return this.parent?.firstFailure ?? this.failure
  }

  /** Frames whose savepoint the next statement must find, the outermost first. */
  get unsent(): readonly Frame[] {
    const outer = this.parent?.unsent ?? none
    return this.isSent ? outer : [...outer, this]
  }

  /** The settings that hold here: those of the frames around it, and its own; `undefined` where there are none. */
  get allSettings(): ReadonlyMap<string, string> | undefined {
    const outer = this.parent?.allSettings
    return outer && this.settings ? new Map([...outer, ...this.settings]) : (this.settings ?? outer)
  }

  /** Calls hooks of a record when what was done to it is kept: once, however often it was written. */
  tell(record: object, hooks: readonly Hook[]): void {
    if (hooks.length === 0 || this.#tells(record)) return
    ;(this.#told ??= new Set()).add(record)
    this.onCommit.push(...hooks)
  }

  #tells(record: object): boolean {
    const { parent } = this
    return this.#told?.has(record) === true || (parent !== undefined && parent.#tells(record))
  }

  /** Hands on to its parent what it has done: it is kept. */
  keep(): void {
    const { parent } = this
    if (!parent) return
    for (const [key, value] of this.settings ?? []) (parent.settings ??= new Map()).set(key, value)
    if (this.undo && parent.undo) parent.undo.adopt(this.undo)
    else parent.undo ??= this.undo
    parent.written += this.written
    for (const hook of this.onCommit) parent.onCommit.push(hook)
    for (const hook of this.onRollback) parent.onRollback.push(hook)
    for (const record of this.#told ?? []) (parent.#told ??= new Set()).add(record)
    for (const [key, data] of this.subscriberData ?? []) {
      const outer = parent.subscriberData?.get(key)
      if (outer) add(data.values, outer.values)
      else (parent.subscriberData ??= new Map<object, SubscriberData>()).set(key, data)
    }
  }

  /** Undoes what its writes did to objects. @returns What to call for it. */
  unwind(): Hook[] {
    const hooks = this.onRollback.splice(0)
    this.forgetHooks()
    this.undo?.unwind()
    this.undo = undefined
    this.written = 0
    return hooks
  }

  /** Forgets how to undo it, since it is committed. @returns What to call for it. */
  commit(): Hook[] {
    const hooks = this.onCommit.splice(0)
    this.forgetHooks()
    this.undo = undefined
    this.written = 0
    return hooks
  }

  /** Calls nothing for it: nobody knows how it ended. */
  forgetHooks(): void {
    this.onCommit.length = 0
    this.onRollback.length = 0
    this.subscriberData = undefined
    this.#told = undefined
  }
}

/** Adds to what is kept outside what was kept inside: lists go on, the rest is the latest. */
function add(inner: SubscriberData['values'], outer: SubscriberData['values']): void {
  if (inner === outer) return
  for (const [name, value] of Object.entries(inner)) outer[name] = joined(outer[name], value)
}

function joined(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) && Array.isArray(second)) return [...(first as unknown[]), ...(second as unknown[])]
  if (first instanceof Map && second instanceof Map) return new Map([...first, ...second])
  return first instanceof Set && second instanceof Set ? new Set([...first, ...second]) : second
}

const none: readonly Frame[] = []
