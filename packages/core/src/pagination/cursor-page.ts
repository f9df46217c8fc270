/** What a page between cursors is made of. */
export interface CursorPageFacts<Item> {
  readonly items: readonly Item[]
  readonly hasNext: boolean
  readonly hasPrev: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
  /** Gives the page after a cursor, or before it. */
  readonly turn: (cursor: string, backwards: boolean) => Promise<CursorPage<Item>>
}

/** A page between cursors as JSON. @since 0.2 */
export interface CursorPageJson<Item> {
  readonly items: readonly Item[]
  readonly meta: {
    readonly hasNext: boolean
    readonly hasPrev: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/**
 * A page of a list that is gone through by cursors: its items, and where it ends. Iterating it gives the items.
 *
 * @since 0.2
 * @example
 * const page = await User.query().orderBy('createdAt', 'DESC').paginateByCursor({ first: 20, after: req.query.after })
 * res.json(page)  // { items, meta: { hasNext, hasPrev, startCursor, endCursor } }
 */
export class CursorPage<Item> implements Iterable<Item> {
  readonly items: readonly Item[]
  /** Whether an item came after this page when it was read. */
  readonly hasNext: boolean
  /** Whether an item came before this page when it was read. */
  readonly hasPrev: boolean
  /** Cursor of the first item, for `before`; `null` of an empty page. */
  readonly startCursor: string | null
  /** Cursor of the last item, for `after`; `null` of an empty page. */
  readonly endCursor: string | null
  readonly #turn: CursorPageFacts<Item>['turn']

  /** @internal Made by `paginateByCursor`. */
  constructor({ items, hasNext, hasPrev, startCursor, endCursor, turn }: CursorPageFacts<Item>) {
    this.items = items
    this.hasNext = hasNext
    this.hasPrev = hasPrev
    this.startCursor = startCursor
    this.endCursor = endCursor
    this.#turn = turn
  }

  /** The next page by the same query; `null` at the end. */
  async next(): Promise<CursorPage<Item> | null> {
    return this.hasNext && this.endCursor !== null ? this.#turn(this.endCursor, false) : null
  }

  /** The page before by the same query; `null` at the start. */
  async prev(): Promise<CursorPage<Item> | null> {
    return this.hasPrev && this.startCursor !== null ? this.#turn(this.startCursor, true) : null
  }

  /** The items, and where they end. */
  toJSON(): CursorPageJson<Item> {
    const { items, hasNext, hasPrev, startCursor, endCursor } = this
    return { items, meta: { hasNext, hasPrev, startCursor, endCursor } }
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.items[Symbol.iterator]()
  }
}
