import { AsyncLocalStorage } from 'node:async_hooks'
import { Semaphore } from '../semaphore.js'

/** Puts an object back to what it was before a write that is rolled back. */
export type Undo = () => void

/**
 * One level of a session's transactions: the transaction itself, or a savepoint inside it.
 *
 * While a nested frame is open it holds its parent's turn, so that the parent's statements and sibling frames wait and
 * savepoints cannot interleave.
 */
export class Frame {
  /** Statements of a frame run one after the other. */
  readonly turn = new Semaphore(1)
  readonly parent: Frame | undefined
  /** Name of the savepoint; TypeORM's names collide when transactions run side by side. */
  readonly savepoint: string
  /** Whether the savepoint has been sent: that happens with the first write inside it. */
  sent = false
  /** What failed first in this frame: from then on it can only be rolled back. */
  failure: unknown
  /** No statement may start any more. */
  ended = false
  /** The scope's own last writes run in it, after the session has closed for everybody else. */
  settling = false
  /** Whether a nested frame is open, so that who waits for a turn waits for it. */
  nested = 0
  undo: Undo[] = []
  /** Settings of the transaction that were made in this frame. */
  readonly settings = new Map<string, string>()
  /** Hooks to hand on when the frame is kept. */
  hooks: (() => void)[] = []

  constructor(savepoint: string, parent?: Frame) {
    this.savepoint = savepoint
    this.parent = parent
  }

  /** This frame and those around it, the outermost first. */
  get chain(): Frame[] {
    return this.parent ? [...this.parent.chain, this] : [this]
  }

  /** What failed first in this frame or around it. */
  get firstFailure(): unknown {
    return this.parent?.firstFailure ?? this.failure
  }

  /** Whether there are settings that hold here. */
  get hasSettings(): boolean {
    return this.settings.size > 0 || (this.parent?.hasSettings ?? false)
  }

  /** The settings that hold here: those of the frames around it, and its own. */
  get allSettings(): Map<string, string> {
    return new Map([...(this.parent?.allSettings ?? []), ...this.settings])
  }

  /** Keeps what a frame inside this one has set. */
  adopt({ settings }: Frame): void {
    for (const [key, value] of settings) this.settings.set(key, value)
  }

  /** Undoes what the frame's writes did to objects, the last first. */
  unwind(): void {
    for (const undo of this.undo.splice(0).reverse()) undo()
    this.hooks = []
  }
}

/** The frame in which the calling code runs, if it runs inside a nested transaction. */
export const frames = new AsyncLocalStorage<Frame>()
