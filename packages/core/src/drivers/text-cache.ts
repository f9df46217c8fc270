/** What is known of texts, for as many of them as fit; what was used longest ago goes first. */
export class TextCache<Value> {
  readonly #limit: number
  readonly #onDrop: ((value: Value) => void) | undefined
  readonly #overhead: number
  /** In the order of their last use. */
  readonly #values = new Map<string, Value>()
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
    const value = this.#values.get(text)
    if (value !== undefined) {
      this.#values.delete(text)
      this.#values.set(text, value)
    }
    return value
  }

  /** Keeps what is known of a new text. @returns Whether the text is short enough to be kept. */
  add(text: string, value: Value): boolean {
    if (text.length > this.#limit / 16) return false
    this.#values.set(text, value)
    this.#size += text.length + this.#overhead
    for (const oldest of this.#values.keys()) {
      if (this.#size <= this.#limit) break
      this.delete(oldest)
    }
    return true
  }

  /** Forgets a text. */
  delete(text: string): void {
    const value = this.#values.get(text)
    if (value === undefined) return
    this.#values.delete(text)
    this.#size -= text.length + this.#overhead
    this.#onDrop?.(value)
  }

  /** How many are kept. */
  get size(): number {
    return this.#values.size
  }

  /** All values, the one that was used longest ago first. */
  values(): IterableIterator<Value> {
    return this.#values.values()
  }
}
