import { AsyncLocalStorage } from 'node:async_hooks'
import { LinkedList } from './linked-list.js'

/** Those of the machine, whatever a test of the application puts in their place: its database goes on meanwhile. */
const { setTimeout: wakeAfter } = globalThis
const now = performance.now.bind(performance)

/** Runs what serves many requests outside of all of them: a timer keeps what its maker's `AsyncLocalStorage` holds. */
const outside = AsyncLocalStorage.snapshot()

interface Deadline {
  readonly at: number
  readonly expire: () => void
}

/** Deadlines that begin so many milliseconds ahead, and so come in the order in which they began: one timer, for the first, does for all. */
class Deadlines {
  readonly #milliseconds: number
  readonly #open = new LinkedList<Deadline>()
  #timer: NodeJS.Timeout | undefined

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  begin(expire: () => void): () => void {
    const deadline = this.#open.add({ at: now() + this.#milliseconds, expire })
    if (!this.#timer) this.#wake(this.#milliseconds)
    else if (this.#open.size === 1) this.#timer.ref()
    return () => {
      // The timer stays for those who come: it no longer keeps the process alive.
      if (this.#open.delete(deadline) && this.#open.size === 0) this.#timer?.unref()
    }
  }

  #wake(milliseconds: number): void {
    this.#timer = outside(wakeAfter, () => this.#look(), milliseconds)
  }

  #look(): void {
    this.#timer = undefined
    const expired: Deadline[] = []
    for (let { first } = this.#open; first && first.value.at <= now(); { first } = this.#open) {
      this.#open.delete(first)
      expired.push(first.value)
    }
    const { first } = this.#open
    if (first) this.#wake(Math.ceil(first.value.at - now()))
    else known.delete(this.#milliseconds)
    for (const { expire } of expired) expire()
  }
}

/** By the milliseconds ahead. */
const known = new Map<number, Deadlines>()

/**
 * Calls `expire` in so many milliseconds, unless that is ended before. Nearly always it is: a timer for each statement would cost more than
 * this does.
 *
 * @param milliseconds Up to 2,147,483,647; a part of one counts as a whole.
 * @returns Ends it; a second call does nothing.
 */
export function beginDeadline(milliseconds: number, expire: () => void): () => void {
  const whole = Math.ceil(milliseconds)
  let deadlines = known.get(whole)
  if (!deadlines) known.set(whole, (deadlines = new Deadlines(whole)))
  return deadlines.begin(expire)
}
