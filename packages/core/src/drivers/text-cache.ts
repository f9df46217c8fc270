import { type Link, LinkedList } from '../linked-list.js'

interface Known<Value> {
  readonly text: string
  readonly value: Value
}

/** What is known of texts, for as many of them as fit; what was used longest ago goes first. */
export class TextCache<Value> {
  readonly #limit: number
  readonly #onDrop: ((value: Value) => void) | undefined
  readonly #overhead: number
  /** In the order of their last use. */
  readonly #known = new LinkedList<Known<Value>>()
  readonly #places = new Map<string, Link<Known<Value>>>()
  #size = 0

  /**
   * @param limit Characters of all texts together; a text of more than a sixteenth of them is not kept.
   * @param onDrop Called with what had to go.
   * @param overhead Characters that each counts beside its text. @default 0
   */
  constructor(limit: number, onDrop?: (value: Value) => void, overhead = 0) {
    this.#limit = limit
    this.#onDrop = onDrop
    this.#overhead = overhead
  }

  /** What is known of `text`, which counts as a use. */
  get(text: string): Value | undefined {
    const place = this.#places.get(text)
    if (place) this.#known.moveToEnd(place)
    return place?.value.value
  }

  /** Keeps what is known of a new text. @returns Whether the text is short enough to be kept. */
  add(text: string, value: Value): boolean {
    if (text.length > this.#limit / 16) return false
    this.delete(text)
    this.#places.set(text, this.#known.add({ text, value }))
    this.#size += text.length + this.#overhead
    for (let oldest = this.#known.first; oldest && this.#size > this.#limit; oldest = this.#known.first) this.delete(oldest.value.text)
    return true
  }

  /** Forgets a text. */
  delete(text: string): void {
    const place = this.#places.get(text)
    if (!place) return
    this.#places.delete(text)
    this.#known.delete(place)
    this.#size -= text.length + this.#overhead
    this.#onDrop?.(place.value.value)
  }

  /** How many are kept. */
  get size(): number {
    return this.#known.size
  }

  /** All values, the one that was used longest ago first. */
  *values(): Generator<Value> {
    for (const { value } of this.#known) yield value
  }
}
