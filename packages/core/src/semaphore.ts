import { beginDeadline } from './deadline.js'
import { LinkedList } from './linked-list.js'

/** How long a caller waits for a permit, and what it is told when that is too long. */
export interface Patience {
  /** Milliseconds to wait. */
  readonly timeoutMs: number
  /** Makes the error of a caller that waited too long; `undefined` lets it wait for another `timeoutMs`. */
  readonly onTimeout: () => Error | undefined
}

/**
 * A fixed number of permits, handed out first come, first served.
 *
 * It bounds every wait of the library: for a pooled connection, for SQLite's write lock, for a session's turn.
 */
export class Semaphore {
  readonly size: number
  #free: number
  readonly #waiting = new LinkedList<() => void>()

  /** @param size Number of permits, at least 1. */
  constructor(size: number) {
    this.size = size
    this.#free = size
  }

  /** Permits that nobody holds. */
  get free(): number {
    return this.#free
  }

  /** Callers in line. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Waits for a permit.
   *
   * @returns Gives the permit back; a second call does nothing.
   */
  acquire(patience?: Patience): Promise<() => void> {
    const free = this.tryAcquire()
    return free ? Promise.resolve(free) : this.#wait(patience)
  }

  /** Takes a permit where one is free, without waiting. @returns Gives it back, as of `acquire`; `undefined` where none is. */
  tryAcquire(): (() => void) | undefined {
    if (this.#free === 0) return undefined
    this.#free -= 1
    return this.#held()
  }

  #held(): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#handOn()
    }
  }

  #wait(patience: Patience | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      let endWait = (): void => undefined
      const served = (): void => {
        endWait()
        resolve(this.#held())
      }
      const place = this.#waiting.add(served)
      if (!patience) return
      const wait = (): void => {
        endWait = beginDeadline(patience.timeoutMs, expire)
      }
      const expire = (): void => {
        const error = patience.onTimeout()
        if (!error) return wait()
        this.#waiting.delete(place)
        reject(error)
      }
      wait()
    })
  }

  /** The permit goes straight to the first in line, so that nobody overtakes. */
  #handOn(): void {
    const { first } = this.#waiting
    if (first) {
      this.#waiting.delete(first)
      first.value()
    } else this.#free += 1
  }
}
