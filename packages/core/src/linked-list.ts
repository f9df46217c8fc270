/** A value in a list, by which it can leave. */
export interface Link<Value> {
  readonly value: Value
}

class Node<Value> implements Link<Value> {
  readonly value: Value
  previous: Node<Value> | undefined
  next: Node<Value> | undefined

  constructor(value: Value) {
    this.value = value
  }
}

/**
 * Values in the order in which they came, each of which can leave at any time.
 *
 * For what lives long and is used by each request. A `Set` or `Map` of V8 makes a new table when enough has left the old one, which goes on
 * referring to the new one; once a table lives in the old generation, all that follow it do, and with them everything that was in them,
 * until a full collection. What has left this list refers to nothing.
 */
export class LinkedList<Value> implements Iterable<Value> {
  #first: Node<Value> | undefined
  #last: Node<Value> | undefined
  #size = 0

  /** How many values it has. */
  get size(): number {
    return this.#size
  }

  /** The value that came first. */
  get first(): Link<Value> | undefined {
    return this.#first
  }

  /** Adds a value at the end. */
  add(value: Value): Link<Value> {
    const node = new Node(value)
    this.#append(node)
    return node
  }

  /** Takes a value of this list out. @returns Whether it was still there. */
  delete(link: Link<Value>): boolean {
    if (!this.#has(link)) return false
    const { previous, next } = link
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    link.previous = link.next = undefined
    this.#size -= 1
    return true
  }

  /** Makes a value of this list the last one. */
  moveToEnd(link: Link<Value>): void {
    if (link === this.#last || !this.#has(link)) return
    this.delete(link)
    this.#append(link)
  }

  #has(link: Link<Value>): link is Node<Value> {
    return link instanceof Node && (link === this.#first || link.previous !== undefined)
  }

  #append(node: Node<Value>): void {
    node.previous = this.#last
    if (this.#last) this.#last.next = node
    else this.#first = node
    this.#last = node
    this.#size += 1
  }

  /** The values, each by what takes it out. */
  *links(): Generator<Link<Value>> {
    for (let node = this.#first; node; ) {
      const { next }: Node<Value> = node
      yield node
      node = next
    }
  }

  *[Symbol.iterator](): Generator<Value> {
    for (const { value } of this.links()) yield value
  }
}
