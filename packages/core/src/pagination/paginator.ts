import { UnsupportedError } from '../errors.js'
import { pageWindow, type WindowOptions } from './page-window.js'

/** What a page is made of. */
export interface PageFacts<Item> {
  readonly items: readonly Item[]
  /** Page number, from 1. */
  readonly page: number
  /** The most items on a page. */
  readonly perPage: number
  /** Items on all pages; `null` if they were not counted. */
  readonly total: number | null
  /** Whether an uncounted list goes on after this page. */
  readonly hasMore?: boolean
  /** Items before the page. @default those of the pages before */
  readonly offset?: number
  /** Gives the page behind so many items. @default there is no query to ask */
  readonly turn?: (offset: number) => Promise<Paginator<Item>>
}

/** A page as JSON. @since 0.1 */
export interface PageJson<Item> {
  readonly items: readonly Item[]
  readonly meta: {
    readonly page: number
    readonly perPage: number
    readonly total: number | null
    readonly totalPages: number | null
    readonly hasPrev: boolean
    readonly hasNext: boolean
  }
}

/** Addresses of the pages around; `null` where there is none. @since 0.1 */
export interface PageLinks {
  readonly self: string
  readonly first: string
  readonly prev: string | null
  readonly next: string | null
  readonly last: string | null
}

/**
 * One page of a list: its items, and where it stands among the others. Iterating it gives the items.
 *
 * @since 0.1
 * @example
 * const page = await User.paginate({ page: 2, perPage: 20 })
 * for (const user of page) console.log(user.name)
 * page.pages  // [1, 2, 3, 4, 5]
 */
export class Paginator<Item> implements Iterable<Item> {
  readonly items: readonly Item[]
  /** Page number, from 1; it may be beyond the last page, which is then empty. */
  readonly page: number
  /** The most items on a page. */
  readonly perPage: number
  /** Items on all pages; `null` with `count: false`. */
  readonly total: number | null
  /** Items before this page. */
  readonly offset: number
  readonly #hasMore: boolean
  readonly #turn: PageFacts<Item>['turn']

  constructor({ items, page, perPage, total, hasMore = false, offset = (page - 1) * perPage, turn }: PageFacts<Item>) {
    this.items = items
    this.page = page
    this.perPage = perPage
    this.total = total
    this.offset = offset
    this.#hasMore = hasMore
    this.#turn = turn
  }

  /** Number of pages, 0 of an empty list; `null` with `count: false`. */
  get totalPages(): number | null {
    return this.total === null ? null : Math.ceil(this.total / this.perPage)
  }

  /** Whether a page comes before this one. */
  get hasPrev(): boolean {
    return this.offset > 0
  }

  /** Whether a page comes after this one. */
  get hasNext(): boolean {
    return this.total === null ? this.#hasMore : this.offset + this.perPage < this.total
  }

  /** The page before, whether or not it exists. */
  get prevPageNumber(): number {
    return this.page - 1
  }

  /** The page after, whether or not it exists. */
  get nextPageNumber(): number {
    return this.page + 1
  }

  /** The next page by the same query; `null` at the end. */
  async next(): Promise<Paginator<Item> | null> {
    return this.hasNext ? this.#turned(this.offset + this.perPage) : null
  }

  /** The page before by the same query; `null` at the start. */
  async prev(): Promise<Paginator<Item> | null> {
    return this.hasPrev ? this.#turned(Math.max(0, this.offset - this.perPage)) : null
  }

  #turned(offset: number): Promise<Paginator<Item>> {
    if (this.#turn) return this.#turn(offset)
    throw new UnsupportedError('The next page of a page that no query has made', 'Make it as this one was made.')
  }

  /** Number of the first item on this page among all, from 1; 0 of an empty page. */
  get firstIndex(): number {
    return this.items.length === 0 ? 0 : this.offset + 1
  }

  /** Number of the last item on this page among all; 0 of an empty page. */
  get lastIndex(): number {
    return this.items.length === 0 ? 0 : this.firstIndex + this.items.length - 1
  }

  /** Page numbers to show, `null` for a gap: `iterPages()` with its defaults. */
  get pages(): (number | null)[] {
    return this.iterPages()
  }

  /** Page numbers to show, `null` for a gap. Uncounted, as far as is known. */
  iterPages(options: WindowOptions = {}): (number | null)[] {
    return pageWindow(this.page, this.totalPages ?? this.page + (this.#hasMore ? 1 : 0), options)
  }

  /** Addresses of the pages around. @param urlFor Gives the address of a page. */
  links(urlFor: (page: number) => string): PageLinks {
    const { totalPages } = this
    return {
      self: urlFor(this.page),
      first: urlFor(1),
      prev: this.hasPrev ? urlFor(this.prevPageNumber) : null,
      next: this.hasNext ? urlFor(this.nextPageNumber) : null,
      last: totalPages === null ? null : urlFor(Math.max(totalPages, 1)),
    }
  }

  /** The items, and where they stand. */
  toJSON(): PageJson<Item> {
    const { items, page, perPage, total, totalPages, hasPrev, hasNext } = this
    return { items, meta: { page, perPage, total, totalPages, hasPrev, hasNext } }
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.items[Symbol.iterator]()
  }
}
